import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";

/**
 * A leftover with a row, for no other reason than that the server has something at its place: nothing in it is synced, so there is
 * nothing to upload (S70).
 *
 * @returns its row; undefined for any other node
 */
export function bareLeftover(index: IndexStore, node: NodeId): LocalEntry | undefined {
  const { local, synced, remote, leftovers } = index;
  const row = local.get(node);
  if (row?.kind !== "folder" || synced.get(node) !== undefined) return undefined;
  const path = pathOf(local, node);
  if (path === undefined || !leftovers.has({ fileId: row.fileId, path })) return undefined;
  const isBare =
    remote.get(node) === undefined && local.children(node)[Symbol.iterator]().next().done;
  return isBare === true ? row : undefined;
}
