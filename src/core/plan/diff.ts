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
 */
export function changesOf(result: MergeResult, side: Side): SideChanges {
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
  const isLeft = (node: NodeId): boolean => waiting.has(node) || result.held.has(node);
  for (const entry of result.target.all()) if (!isLeft(entry.node)) compare(changes, entry);
  for (const { node } of tree.all()) {
    if (!isLeft(node) && result.target.get(node) === undefined) changes.removes.add(node);
  }
  pin(changes, foldersAbove(result));
  return changes;
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
