import { deepestFirst } from "../tree/depth.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { sameContent } from "./content.ts";
import { diskPlaceOf, samePlace } from "./location.ts";
import type { Sighting, Trees } from "./merge-result.ts";

/** Whether a node shall exist, once revived nodes have lost their synced rows: a delete that nothing opposes is final (S37). */
export function exists({ synced, local, remote }: Sighting): boolean {
  if (synced === undefined) return local !== undefined || remote !== undefined;
  return local !== undefined && remote !== undefined;
}

/** The nodes deleted on one side and changed on the other, so that they stay (S37); children before their parents. */
export function revivedNodes(trees: Trees, seen: readonly Sighting[]): readonly NodeId[] {
  const isMoved = movesIn(trees);
  const found = seen.filter((sighting) => isRevived(sighting, isMoved)).map(({ node }) => node);
  return deepestFirst(trees.synced, found);
}

type Side = "local" | "remote";

function isRevived(
  { synced, local, remote }: Sighting,
  isMoved: (entry: Entry, side: Side) => boolean,
): boolean {
  if (synced === undefined) return false;
  if (local !== undefined && remote === undefined) {
    return !sameContent(local, synced) || isMoved(local, "local");
  }
  if (remote !== undefined && local === undefined) {
    return !sameContent(remote, synced) || isMoved(remote, "remote");
  }
  return false;
}

/**
 * Tells whether a node, or a folder above it that was deleted with it on the other side, was moved on this one. Each is asked
 * for once: what is in a deep folder costs no more than what is in another one.
 */
function movesIn(trees: Trees): (entry: Entry, side: Side) => boolean {
  const known = { local: new Map<NodeId, boolean>(), remote: new Map<NodeId, boolean>() };
  return (entry, side) => {
    const way: NodeId[] = [];
    let moved: boolean | undefined;
    let current: Entry | undefined = entry;
    while (current !== undefined && moved === undefined) {
      moved = known[side].get(current.node) ?? isMovedItself(trees, current, side);
      way.push(current.node);
      current = trees[side].get(current.parent);
    }
    for (const node of way) known[side].set(node, moved ?? false);
    return moved ?? false;
  };
}

/** Undefined: it stands in its folder as before, and went with it on the other side. */
function isMovedItself(trees: Trees, entry: Entry, side: Side): boolean | undefined {
  const there = trees[side === "local" ? "remote" : "local"].get(entry.node);
  const synced = trees.synced.get(entry.node);
  if (there !== undefined || synced === undefined) return false;
  return samePlace(entry, side === "local" ? diskPlaceOf(synced) : synced) ? undefined : true;
}
