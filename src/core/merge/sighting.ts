import type { Entry, NodeId } from "../tree/node.ts";
import type { TreeView, WholeTree } from "../tree/tree-view.ts";
import { diskPlaceOf, samePlace } from "./location.ts";
import type { Sighting, SyncedLike, Trees } from "./merge-result.ts";

/** The three entries of a node. */
export function sightingOf({ synced, local, remote }: Trees, node: NodeId): Sighting {
  return { node, synced: synced.get(node), local: local.get(node), remote: remote.get(node) };
}

/** The three trees as a list. */
export function treesOf({ synced, local, remote }: Trees): readonly TreeView[] {
  return [synced, local, remote];
}

/**
 * Whether both sides have what was agreed on: such a node is clean, and shall be what it is. The same goes for one that is
 * nowhere.
 */
export function isClean({ synced, local, remote }: Sighting): boolean {
  if (synced === undefined || local === undefined || remote === undefined) {
    return synced === local && local === remote;
  }
  return (
    isAlike(synced, local) &&
    isAlike(synced, remote) &&
    samePlace(local, diskPlaceOf(synced)) &&
    samePlace(remote, synced)
  );
}

function isAlike(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.hash === b.hash;
}

/** Every node of which the three entries differ, in node order: by a visit to everything. */
export function differingNodes(trees: WholeTrees): readonly NodeId[] {
  const nodes = new Set<NodeId>();
  for (const tree of [trees.synced, trees.local, trees.remote]) {
    for (const { node } of tree.all()) if (!isClean(sightingOf(trees, node))) nodes.add(node);
  }
  return [...nodes].toSorted((a, b) => a - b);
}

/** The three trees where each can be visited as a whole. */
export type WholeTrees = Trees & {
  readonly synced: WholeTree<SyncedLike>;
  readonly local: WholeTree;
  readonly remote: WholeTree;
};
