import type { Entry, NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import type { SyncedLike, Trees } from "./merge-result.ts";

/** What one node looked like when both sides last agreed, and looks like now; absent is `undefined`. */
export type Sighting = {
  readonly node: NodeId;
  readonly synced: SyncedLike | undefined;
  readonly local: Entry | undefined;
  readonly remote: Entry | undefined;
};

/** Every node of the three trees, in node order. */
export function sightings(trees: Trees): readonly Sighting[] {
  const { synced, local, remote } = trees;
  const nodes = new Set<NodeId>();
  for (const tree of treesOf(trees)) for (const { node } of tree.all()) nodes.add(node);
  return [...nodes]
    .toSorted((a, b) => a - b)
    .map((node) => ({
      node,
      synced: synced.get(node),
      local: local.get(node),
      remote: remote.get(node),
    }));
}

/** The three as a list. */
export function treesOf({ synced, local, remote }: Trees): readonly TreeView[] {
  return [synced, local, remote];
}
