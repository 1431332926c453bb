import type { LocalEntry, NodeId, SyncedEntry } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import { bareLeftover } from "./bare-leftover.ts";
import type { Folder } from "./folder.ts";
import { isBelowUnknown } from "./unproven.ts";

/**
 * A leftover at whose place the server has a folder that stands elsewhere here becomes that folder (S70): neither can give way to
 * the other, since what is in a leftover is not ours to move. What stood elsewhere is a folder of its own from then on, which
 * the server lacks: what is agreed on in it moves over by the ordinary plan, and it goes.
 *
 * @param wanted leftovers where the server has something; those among them that just got a row are what this is about
 */
export function giveWantedPlaces(
  index: IndexStore,
  wanted: readonly Folder[],
  isUnknown: (node: NodeId) => boolean,
): void {
  for (const { node } of wanted) {
    const pair = node === undefined ? undefined : pairAt(index, node);
    if (pair === undefined || isBelowUnknown(index, pair.there, isUnknown)) continue;
    index.transaction(() => exchange(index, pair));
  }
}

/**
 * A leftover that got a row because the server had something at its place, and did not make way before that went, is in no tree
 * again: else it would be uploaded (S70).
 */
export function withdrawUnwanted(index: IndexStore, wanted: readonly Folder[]): void {
  for (const { node } of wanted) {
    const row = node === undefined ? undefined : bareLeftover(index, node);
    if (row === undefined || index.remote.childByKey(row.parent, row.key)?.scope === "in") continue;
    index.transaction(() => index.local.remove(row.node));
  }
}

/** A leftover, and the folder that belongs at its place. */
type Pair = {
  readonly here: LocalEntry;
  readonly there: LocalEntry;
  readonly agreed: SyncedEntry;
};

/** Undefined where both can be merged by their place, or what the server has there is no folder of ours. */
function pairAt({ local, synced, remote }: IndexStore, leftover: NodeId): Pair | undefined {
  const here = local.get(leftover);
  if (here === undefined || synced.get(leftover) !== undefined) return undefined;
  const node = remote.childByKey(here.parent, here.key)?.node;
  if (node === undefined || node === leftover) return undefined;
  const [there, agreed] = [local.get(node), synced.get(node)];
  if (there?.kind !== "folder" || agreed?.kind !== "folder") return undefined;
  const isTwin = there.parent === here.parent && there.key === here.key;
  return isTwin ? undefined : { here, there, agreed };
}

/** Each takes the node of the other, on the disk and in what was agreed on; the server's row says what stays. */
function exchange({ local, synced }: IndexStore, { here, there, agreed }: Pair): void {
  const other = (node: NodeId): NodeId => {
    if (node === here.node) return there.node;
    return node === there.node ? here.node : node;
  };
  const rows = [...local.children(here.node), ...local.children(there.node), here, there];
  const known = [...synced.children(agreed.node)];
  for (const row of new Map(rows.map((one) => [one.node, one])).values()) {
    local.put({ ...row, node: other(row.node), parent: other(row.parent) });
  }
  for (const row of known) synced.put({ ...row, parent: here.node });
  synced.remove(agreed.node);
  // The id of the server is that of the folder that stays.
  synced.put({ ...agreed, node: here.node, remoteId: "" });
}
