import type { MergeResult, TargetEntry } from "../merge/merge-result.ts";
import { samePlace } from "../merge/location.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import type { Side } from "./op.ts";
import { placeOn } from "./places.ts";

/** What one side has to do to become the target, by node, not yet in order. */
export type SideChanges = {
  readonly side: Side;
  readonly tree: TreeView;
  readonly target: TreeView<TargetEntry>;
  readonly creates: Map<NodeId, TargetEntry>;
  readonly moves: Map<NodeId, TargetEntry>;
  /** Files that stay where they are or move, and get other content. */
  readonly rewrites: Map<NodeId, TargetEntry>;
  /** Everything that goes, also what goes with a folder above it. */
  readonly removes: Set<NodeId>;
  /** Entries that stay where they are and that no folder above may be removed with. */
  readonly stays: Set<NodeId>;
};

/**
 * The difference between one side and the target, without what cannot happen in this round: held and waiting nodes
 * are left alone, no folder above a held one is moved or removed (S29), and neither is done what depends on that.
 *
 * @param pinned what `foldersAbove` found.
 */
export function changesOf(
  result: MergeResult,
  side: Side,
  pinned: ReadonlySet<NodeId>,
): SideChanges {
  const tree = result.trees[side];
  const waiting = new Set(result.conflicts.flatMap(({ node, copyNode }) => [node, copyNode]));
  const changes: SideChanges = {
    side,
    tree,
    target: result.target,
    creates: new Map(),
    moves: new Map(),
    rewrites: new Map(),
    removes: new Set(),
    stays: new Set([...result.held, ...waiting].filter((node) => tree.get(node) !== undefined)),
  };
  const isLeft = (node: NodeId): boolean => waiting.has(node) || result.isHeld(node);
  for (const entry of result.touched) if (!isLeft(entry.node)) compare(changes, entry);
  for (const node of goneFrom(result, side)) if (!isLeft(node)) changes.removes.add(node);
  pin(changes, pinned);
  noteWhatStays(changes);
  return changes;
}

/** Nodes that one side has and the target has not, in node order. What was not decided on stays. */
function goneFrom({ target, decided, trees }: MergeResult, side: Side): readonly NodeId[] {
  return [...decided]
    .filter((node) => target.get(node) === undefined && trees[side].get(node) !== undefined)
    .toSorted((a, b) => a - b);
}

/** Whatever the plan does not remove or move out of a folder stays in it, also where this plan knows nothing of it (S45). */
function noteWhatStays({ tree, moves, removes, stays }: SideChanges): void {
  for (const folder of removes) {
    if (tree.get(folder)?.kind !== "folder") continue;
    for (const { node } of tree.children(folder)) {
      if (!removes.has(node) && !moves.has(node)) stays.add(node);
    }
  }
}

function compare(changes: SideChanges, target: TargetEntry): void {
  const entry = changes.tree.get(target.node);
  if (entry === undefined) {
    changes.creates.set(target.node, target);
    return;
  }
  if (!samePlace(entry, placeOn(changes.side, target))) changes.moves.set(target.node, target);
  if (entry.hash !== target.hash) changes.rewrites.set(target.node, target);
}

/** All folders above a held node, on either side: a move or removal would take that node along. */
export function foldersAbove({ held, trees }: MergeResult): ReadonlySet<NodeId> {
  return foldersAboveIn(trees.local, held).union(foldersAboveIn(trees.remote, held));
}

/** All folders above some nodes in one tree. */
export function foldersAboveIn(tree: TreeView, nodes: Iterable<NodeId>): ReadonlySet<NodeId> {
  const above = new Set<NodeId>();
  for (const node of nodes) {
    let current: Entry | undefined = tree.get(node);
    // What is above a folder that is in the set already is in it too.
    while (current !== undefined && current.parent !== rootNode && !above.has(current.parent)) {
      above.add(current.parent);
      current = tree.get(current.parent);
    }
  }
  return above;
}

function pin({ moves, removes, stays }: SideChanges, pinned: ReadonlySet<NodeId>): void {
  for (const node of pinned) {
    removes.delete(node);
    if (moves.delete(node)) stays.add(node);
  }
}
