import { pathKeyOf } from "../core/path/path-key.ts";
import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { RemoteItem, SmallUpload } from "../core/tree/remote-item.ts";
import { isSnapError } from "../std/error.ts";
import type { Client } from "./client.ts";
import { getItem, listItems } from "./listing.ts";
import type { Top } from "./wire.ts";

/** From so many files of one folder on, the folder is listed instead of asking for each. */
const listingMin = 5;

/** Of uploads whose end is not known, those that have come off: their content stands at its place (S57). */
export async function settleByLooking(
  client: Client,
  top: Top,
  requests: readonly SmallUpload[],
): Promise<ReadonlyMap<SmallUpload, RemoteItem>> {
  const found = new Map<SmallUpload, RemoteItem>();
  const folders = Map.groupBy(requests, ({ path }) => parentPath(path) ?? topPath);
  for (const [folder, inside] of folders) {
    const items = inside.length < listingMin ? undefined : await itemsIn(client, top, folder);
    for (const request of inside) {
      const item =
        items === undefined
          ? await getItem(client, top, request.path)
          : items.get(pathKeyOf(baseName(request.path)));
      if (item?.hash === request.hash) found.set(request, item);
    }
  }
  return found;
}

/** What stands in a folder, by key; nothing where it is gone. */
async function itemsIn(
  client: Client,
  top: Top,
  folder: RelPath,
): Promise<ReadonlyMap<string, RemoteItem>> {
  const items = new Map<string, RemoteItem>();
  try {
    for await (const item of listItems(client, top, { folder, recursive: false })) {
      items.set(item.keys.at(-1) ?? "", item);
    }
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
  return items;
}
