import { deepestFirst } from "../tree/depth.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { sameContent } from "./content.ts";
import { diskPlaceOf, samePlace } from "./location.ts";
import type { Trees } from "./merge-result.ts";
import type { Sighting } from "./sighting.ts";

/** Whether a node shall exist, once revived nodes have lost their synced rows: a delete that nothing opposes is final (S37). */
export function exists({ synced, local, remote }: Sighting): boolean {
  if (synced === undefined) return local !== undefined || remote !== undefined;
  return local !== undefined && remote !== undefined;
}

/** The nodes deleted on one side and changed on the other, so that they stay (S37); children before their parents. */
export function revivedNodes(trees: Trees, seen: readonly Sighting[]): readonly NodeId[] {
  const found = seen.filter((sighting) => isRevived(trees, sighting)).map(({ node }) => node);
  return deepestFirst(trees.synced, found);
}

function isRevived(trees: Trees, { synced, local, remote }: Sighting): boolean {
  if (synced === undefined) return false;
  if (local !== undefined && remote === undefined) {
    return !sameContent(local, synced) || isMoved(trees, local, "local");
  }
  if (remote !== undefined && local === undefined) {
    return !sameContent(remote, synced) || isMoved(trees, remote, "remote");
  }
  return false;
}

/** Whether a node, or a folder above it that was deleted with it on the other side, was moved on this one. */
function isMoved(trees: Trees, entry: Entry, side: "local" | "remote"): boolean {
  const here = trees[side];
  const there = trees[side === "local" ? "remote" : "local"];
  let current: Entry | undefined = entry;
  while (current !== undefined && there.get(current.node) === undefined) {
    const synced = trees.synced.get(current.node);
    if (synced === undefined) return false;
    if (!samePlace(current, side === "local" ? diskPlaceOf(synced) : synced)) return true;
    current = here.get(current.parent);
  }
  return false;
}
