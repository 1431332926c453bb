import type { WholeTrees } from "../../src/core/merge/sighting.ts";
import { isWriteOp, type Op, type WriteOp } from "../../src/core/plan/op.ts";
import { Simulation } from "../../src/core/plan/simulate.ts";
import { rootNode, type NodeId } from "../../src/core/tree/node.ts";
import { isBelow, pathOf, type TreeView, type WholeTree } from "../../src/core/tree/tree-view.ts";
import { opsText } from "../support/text-tree.ts";
import { copyOf } from "./settle.ts";

/** A tree is valid: parents are folders that are there, no circles, no two siblings with one key. */
export function treeProblems(tree: WholeTree, what: string): readonly string[] {
  const problems: string[] = [];
  for (const { node } of tree.all()) problems.push(...nodeProblems(tree, node, what));
  return problems;
}

function nodeProblems(tree: TreeView, node: NodeId, what: string): readonly string[] {
  const entry = tree.get(node);
  if (entry === undefined) return [];
  const { parent, key } = entry;
  const problems: string[] = [];
  if (parent !== rootNode && tree.get(parent)?.kind !== "folder") problems.push(`${what}: orphan`);
  if (!isBelow(tree, node, rootNode)) problems.push(`${what}: circle`);
  if (tree.childrenByKey(parent, key).length > 1) problems.push(`${what}: two with key ${key}`);
  return problems;
}

/** What was found on the way, and the trees at its end. */
export type Walk = { readonly problems: readonly string[]; readonly end: WholeTrees };

/** Both sides are valid trees after each op, and each op finds what it believes, where it believes it (S110). */
export function walk(trees: WholeTrees, ops: readonly Op[]): Walk {
  const problems: string[] = [];
  const end = copyOf(trees);
  const simulation = new Simulation(end);
  for (const op of ops) {
    if (isWriteOp(op)) problems.push(...beliefProblems(end, op));
    simulation.apply(op);
    problems.push(...problemsAfter(end, op));
  }
  return { problems, end };
}

/**
 * A tree that was valid before can only be broken where the op was: at the node that it put somewhere, or below the one that it
 * took away. Ops that give many nodes another parent are looked at as a whole.
 */
function problemsAfter(trees: WholeTrees, op: Op): readonly string[] {
  if (!isWriteOp(op)) return op.kind === "S.rebind" ? treeProblems(trees.local, "rebound") : [];
  const tree = op.kind.startsWith("R.") ? trees.remote : trees.local;
  const node = op.kind === "L.aside" ? op.copyNode : op.node;
  const problems = [...nodeProblems(tree, node, `after ${op.kind}`)];
  if (tree.get(op.node) === undefined && [...tree.children(op.node)].length > 0) {
    problems.push(`after ${op.kind}: children without their folder`);
  }
  return problems;
}

function beliefProblems(trees: WholeTrees, op: WriteOp): readonly string[] {
  const tree = op.kind.startsWith("L.") ? trees.local : trees.remote;
  const entry = tree.get(op.node);
  if (entry?.hash !== op.before?.hash) return [`impossible: ${opsText([op])}`];
  const from = placeBefore(op);
  const isThere = from === undefined || pathOf(tree, op.node) === from;
  return isThere ? [] : [`not at its place: ${opsText([op])}`];
}

/** Where an op finds its node; undefined where it makes it, or takes it out of staging. */
function placeBefore(op: WriteOp): string | undefined {
  if (op.before === undefined) return undefined;
  return "from" in op ? op.from : op.path;
}

/** Transfers that follow each other run side by side (S50): in the opposite order, and turned by one, they end alike. */
export function orderProblems(
  trees: WholeTrees,
  ops: readonly Op[],
  end: WholeTrees,
): readonly string[] {
  const problems: string[] = [];
  const rows = stretches(ops);
  // Of two, both orders are looked at then.
  const isLong = rows.some((row) => row.length > 2);
  for (const turned of isLong ? [backwards, rotated] : [backwards]) {
    const other = copyOf(trees);
    const simulation = new Simulation(other);
    for (const row of rows) for (const op of turned(row)) simulation.apply(op);
    const isSame = (["synced", "local", "remote"] as const).every((tree) =>
      haveSameEntries(other[tree], end[tree]),
    );
    if (!isSame) problems.push(`transfers depend on their order: ${opsText(ops)}`);
  }
  return problems;
}

/** Whether any two ops of a plan may run side by side. */
export function hasParallelOps(ops: readonly Op[]): boolean {
  return ops.some((op, at) => isTransfer(op) && at > 0 && isTransfer(ops[at - 1]));
}

function isTransfer(op: Op | undefined): boolean {
  return op?.kind === "L.put" || op?.kind === "R.put";
}

/** Transfers in a row together, everything else alone. */
function stretches(ops: readonly Op[]): readonly (readonly Op[])[] {
  const found: Op[][] = [];
  for (const op of ops) {
    const last = found.at(-1);
    if (last !== undefined && isTransfer(op) && isTransfer(last[0])) last.push(op);
    else found.push([op]);
  }
  return found;
}

function backwards(ops: readonly Op[]): readonly Op[] {
  return ops.toReversed();
}

function rotated(ops: readonly Op[]): readonly Op[] {
  return [...ops.slice(1), ...ops.slice(0, 1)];
}

/** Whether two trees hold the same nodes at the same places with the same contents. */
export function haveSameEntries(a: WholeTree, b: WholeTree): boolean {
  for (const entry of a.all()) {
    const other = b.get(entry.node);
    if (other === undefined || other.parent !== entry.parent || other.name !== entry.name)
      return false;
    if (other.kind !== entry.kind || other.hash !== entry.hash) return false;
  }
  for (const { node } of b.all()) if (a.get(node) === undefined) return false;
  return true;
}
