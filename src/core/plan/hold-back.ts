import type { MergeResult } from "../merge/merge-result.ts";
import type { NodeId } from "../tree/node.ts";
import type { SideChanges } from "./diff.ts";
import { dropBlocked } from "./feasible.ts";
import { isWriteOp, type AsideOp, type Op, type Side, type WriteOp } from "./op.ts";
import { Places } from "./places.ts";
import { removedBy } from "./removed.ts";
import { isRemoval, movedOn, sideOf } from "./suspects.ts";

/**
 * A plan without the ops that are held and without all that depends on them (S50): nothing else happens to a held node, nothing
 * goes to a place that one keeps or into a folder that is not made, and no folder goes that one stays in.
 *
 * The rest keeps its order and can be run; its paths are those of the whole plan where a folder above is held.
 *
 * @param held ops of `ops`
 * @param result what the plan was made of
 */
export function withoutHeld(
  ops: readonly Op[],
  held: ReadonlySet<Op>,
  result: MergeResult,
): readonly Op[] {
  if (held.size === 0) return ops;
  const nodes = new Set<NodeId>();
  for (const op of held) {
    nodes.add(op.node);
    if (op.kind === "L.aside") nodes.add(op.copyNode);
  }
  const free = ops.filter((op) => !isWriteOp(op) || !touches(op, nodes));
  const changes = {
    local: feasible(free, { side: "local", held: nodes, result }),
    remote: feasible(free, { side: "remote", held: nodes, result }),
  };
  return free.filter((op) => !isWriteOp(op) || isIn(changes[sideOf(op)], op));
}

function touches(op: WriteOp, nodes: ReadonlySet<NodeId>): boolean {
  return nodes.has(op.node) || (op.kind === "L.aside" && nodes.has(op.copyNode));
}

type SidePart = {
  readonly side: Side;
  readonly held: ReadonlySet<NodeId>;
  readonly result: MergeResult;
};

/** What is left of the changes of one side. */
function feasible(ops: readonly Op[], { side, held, result }: SidePart): SideChanges {
  const tree = result.trees[side];
  const changes: SideChanges = {
    side,
    tree,
    target: result.target,
    creates: new Map(),
    moves: new Map(),
    rewrites: new Map(),
    removes: new Set(),
    stays: new Set([...held].filter((node) => tree.get(node) !== undefined)),
  };
  const places = new Places(side, tree);
  const moved = movedOn(ops, side);
  for (const op of ops) {
    if (!isWriteOp(op) || sideOf(op) !== side) continue;
    if (isRemoval(op)) {
      const leaves = (node: NodeId): boolean => moved.has(node) || held.has(node);
      for (const { entry } of removedBy(tree, op, leaves)) changes.removes.add(entry.node);
    } else if (op.kind === "L.aside") putAside(places, op);
    else if (op.kind === "L.move" || op.kind === "R.move") changes.moves.set(op.node, op.after);
    else if (op.before === undefined) changes.creates.set(op.node, op.after);
  }
  dropBlocked(changes, places);
  return changes;
}

function putAside(places: Places, { node, copyNode, parent, name, after }: AsideOp): void {
  places.set(node, undefined);
  places.set(copyNode, { parent, name, key: after.key });
}

/** New content for what is there, and a name beside its own, need nothing that another op does. */
function isIn({ creates, moves, removes }: SideChanges, op: WriteOp): boolean {
  if (isRemoval(op)) return removes.has(op.node);
  if (op.kind === "L.move" || op.kind === "R.move") return moves.has(op.node);
  return op.kind === "L.aside" || op.before !== undefined || creates.has(op.node);
}
