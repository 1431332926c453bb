import { rootNode, type NodeId } from "../tree/node.ts";
import { foldersAboveIn, type SideChanges } from "./diff.ts";
import { placeOn, type Places } from "./places.ts";

/**
 * Take out what has to wait for another round: what would go to a place that stays taken, into a folder that is not
 * there, or into itself, and the removal of folders that something stays in (S50). Changes its first argument;
 * `places` are those before the first op.
 *
 * What is left can be put into an order, since its result is a valid tree.
 */
export function dropBlocked(changes: SideChanges, places: Places): void {
  for (let isChanged = true; isChanged;) {
    isChanged = keepWhatHolds(changes);
    for (const node of [...changes.creates.keys(), ...changes.moves.keys()]) {
      if (!isBlocked(changes, places, node)) continue;
      changes.creates.delete(node);
      if (changes.moves.delete(node)) changes.stays.add(node);
      isChanged = true;
    }
  }
}

/** A folder with something in it that stays is not removed. */
function keepWhatHolds({ tree, removes, stays }: SideChanges): boolean {
  if (removes.size === 0) return false;
  return [...foldersAboveIn(tree, stays)].filter((node) => removes.delete(node)).length > 0;
}

function isBlocked(changes: SideChanges, places: Places, node: NodeId): boolean {
  const target = changes.creates.get(node) ?? changes.moves.get(node);
  if (target === undefined) return false;
  const occupant = places.occupantOf(placeOn(changes.side, target));
  if (occupant !== undefined && occupant !== node && !leaves(changes, occupant)) return true;
  return !reachesTop(changes, node);
}

function leaves({ moves, removes }: SideChanges, node: NodeId): boolean {
  return moves.has(node) || removes.has(node);
}

/** Whether the folders above a node, as they will be, all exist and lead to the top. */
function reachesTop(changes: SideChanges, node: NodeId): boolean {
  const seen = new Set<NodeId>();
  for (let current = node; current !== rootNode;) {
    const planned = changes.creates.get(current) ?? changes.moves.get(current);
    const next = planned?.parent ?? changes.tree.get(current)?.parent;
    if (next === undefined || seen.has(current)) return false;
    seen.add(current);
    current = next;
  }
  return true;
}
