import { pathKeyOf } from "../core/path/path-key.ts";
import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { RemoteItem, SmallUpload } from "../core/tree/remote-item.ts";
import { isSnapError, type SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Client } from "./client.ts";
import { getItem, listItems } from "./listing.ts";
import type { Top } from "./wire.ts";

/** From so many files of one folder on, the folder is listed instead of asking for each. */
const listingMin = 5;

/** Folders and files that are looked at at once. */
const parallelMax = 8;

/** Where uploads are that one look finds. */
type Look = { readonly folder: RelPath | undefined; readonly requests: readonly SmallUpload[] };

/**
 * Of uploads whose end is not known, those that have come off: their content stands at its place (S57). Where a look fails the end stays
 * unknown, and the error tells why.
 *
 * @throws {SnapError} `interrupted`, and what else ends all work
 */
export async function settleByLooking(
  { client, top, work }: { readonly client: Client; readonly top: Top; readonly work: Work },
  requests: readonly SmallUpload[],
): Promise<ReadonlyMap<SmallUpload, RemoteItem | SnapError>> {
  const caller = stoppable(client, work);
  const found = new Map<SmallUpload, RemoteItem | SnapError>();
  const options = { parallel: parallelMax, signal: work.signal };
  await forEachLimited(looksFor(requests), options, async (look) => {
    const there = await unlessItFails(() => thereNow(caller, top, look));
    for (const request of look.requests) {
      const item = isSnapError(there) ? there : there.get(pathKeyOf(baseName(request.path)));
      if (isSnapError(item) || item?.hash === request.hash) found.set(request, item);
    }
  });
  return found;
}

/** The error of this look alone. @throws {SnapError} what ends all work */
async function unlessItFails<T>(look: () => Promise<T>): Promise<T | SnapError> {
  try {
    return await look();
  } catch (error) {
    if (isSnapError(error) && error.class !== "systemic") return error;
    throw error;
  }
}

/** Each call ends with the work that it is for. */
function stoppable(client: Client, work: Work): Pick<Client, "call"> {
  return { call: (route, call) => client.call(route, { ...call, work }) };
}

/** A folder is looked at as a whole, or file by file. */
function* looksFor(requests: readonly SmallUpload[]): Generator<Look> {
  const folders = Map.groupBy(requests, ({ path }) => parentPath(path) ?? topPath);
  for (const [folder, inside] of folders) {
    if (inside.length >= listingMin) yield { folder, requests: inside };
    else for (const request of inside) yield { folder: undefined, requests: [request] };
  }
}

/** What stands there, by key; nothing where the folder is gone. */
async function thereNow(
  caller: Pick<Client, "call">,
  top: Top,
  { folder, requests }: Look,
): Promise<ReadonlyMap<string, RemoteItem>> {
  const items = new Map<string, RemoteItem>();
  const add = (item: RemoteItem): unknown => items.set(item.keys.at(-1) ?? "", item);
  if (folder === undefined) {
    for (const { path } of requests) {
      const item = await getItem(caller, top, path);
      if (item !== undefined) add(item);
    }
    return items;
  }
  try {
    for await (const item of listItems(caller, top, { folder, recursive: false })) add(item);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
  return items;
}
