import { baseName, parentPath, type RelPath } from "../core/path/rel-path.ts";
import type { RemoteItem } from "../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Client, Route } from "./client.ts";
import { hasTag } from "./errors.ts";
import { getItem, getMetadata, listChanges } from "./listing.ts";
import { isShape, textIn } from "./shape.ts";
import { apiPath, itemOf, type Top } from "./wire.ts";

/**
 * The id of the linked folder; "" for the root of the account, which has no metadata. Undefined where nothing, or a
 * file, is there.
 */
export async function folderId(
  client: Pick<Client, "call">,
  top: Top,
): Promise<string | undefined> {
  if (top === "") return "";
  const entry = await getMetadata(client, top, top);
  if (!isShape(entry) || textIn(entry, ".tag") !== "folder") return undefined;
  return textIn(entry, "id");
}

/** Make the linked folder with its parents, or find it. @throws {SnapError} `conflict` when a file is there */
export async function makeTop(client: Client, top: Top): Promise<string> {
  if (top === "") return "";
  const id = (await makeNew(client, top)) ?? (await folderId(client, top));
  if (id !== undefined) return id;
  throw new SnapError("conflict", `The linked folder cannot be made: "${top}"`, {
    path: top,
    hint: "Link another folder, or move away what is there.",
  });
}

/** Undefined where a folder is there already. */
async function makeNew(client: Client, top: Top): Promise<string | undefined> {
  try {
    const made = metadataOf(await create(client, top, top));
    return isShape(made) ? textIn(made, "id") : undefined;
  } catch (error) {
    if (!hasTag(error, "folder")) throw error;
    return undefined;
  }
}

/** S60: a folder that is there is adopted, so a lost answer does no harm. */
export async function makeFolder(client: Client, top: Top, path: RelPath): Promise<RemoteItem> {
  try {
    const result = await create(client, apiPath(top, path), path);
    return itemOf(metadataOf(result), top);
  } catch (error) {
    if (!hasTag(error, "folder")) throw error;
    const there = await getItem(client, top, path);
    if (there?.kind === "folder") return there;
    throw error;
  }
}

function create(client: Client, whole: string, path: string): Promise<unknown> {
  const route: Route = (sdk, own) =>
    sdk.filesCreateFolderV2({ path: whole, autorename: false }, own);
  return client.commit(() =>
    client.call(route, { what: "Making a folder", endpoint: "write", path }),
  );
}

/** S61: the target is never overwritten. */
export async function move(
  client: Client,
  top: Top,
  { from, to }: { readonly from: RelPath; readonly to: RelPath },
): Promise<RemoteItem> {
  const paths = { from_path: apiPath(top, from), to_path: apiPath(top, to) };
  const route: Route = (sdk, own) => sdk.filesMoveV2({ ...paths, autorename: false }, own);
  const result = await client.commit(() =>
    client.call(route, { what: "Moving", endpoint: "write", path: from }),
  );
  return withPathOf(itemOf(metadataOf(result), top), to);
}

/**
 * After a move of nothing but case the parents in `path_display` may still be the old ones; what was asked for is
 * where it is. The name stays the server's.
 */
function withPathOf(item: RemoteItem, to: RelPath): RemoteItem {
  return baseName(to) === item.name && parentPath(to) !== undefined ? { ...item, path: to } : item;
}

/** S62: gone already is success; another rev than the known one is an edit, which wins. */
export async function deleteFile(
  client: Client,
  top: Top,
  { path, rev }: { readonly path: RelPath; readonly rev: string },
): Promise<void> {
  const route: Route = (sdk, own) =>
    sdk.filesDeleteV2({ path: apiPath(top, path), parent_rev: rev }, own);
  await deleting(client, route, path);
}

/**
 * Delete the skeleton of a folder (S63). The server has no precondition for folders, so the last look is here: a
 * folder that holds anything but folders, also of a kind that listings leave out, stays as it is.
 *
 * @throws {SnapError} `conflict` when it is not empty of files
 */
export async function deleteFolder(client: Client, top: Top, path: RelPath): Promise<void> {
  try {
    await refuseContent(client, top, path);
  } catch (error) {
    if (isSnapError(error, "not-found")) return;
    throw error;
  }
  const route: Route = (sdk, own) => sdk.filesDeleteV2({ path: apiPath(top, path) }, own);
  await deleting(client, route, path);
}

async function refuseContent(client: Client, top: Top, folder: RelPath): Promise<void> {
  for await (const change of listChanges(client, top, { folder, recursive: true })) {
    if (change.change === "present" && change.item.kind === "folder") continue;
    throw new SnapError("conflict", `The folder is not empty on the server: "${folder}"`, {
      path: folder,
    });
  }
}

async function deleting(client: Client, route: Route, path: RelPath): Promise<void> {
  try {
    await client.commit(() => client.call(route, { what: "Deleting", endpoint: "write", path }));
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
}

function metadataOf(result: unknown): unknown {
  return isShape(result) ? result["metadata"] : undefined;
}
