import type { RelPath } from "../core/path/rel-path.ts";
import type { FileHistory, FileRevision, RemoteItem } from "../core/tree/remote-item.ts";
import { isSnapError, SnapError, type ErrorCode } from "../std/error.ts";
import type { Client, Route } from "./client.ts";
import { getMetadata } from "./listing.ts";
import { isShape, textIn } from "./shape.ts";
import { apiPath, itemOf, type Top } from "./wire.ts";

/** The most revisions of one path that the server tells at once. */
const revisionsMax = 100;

/** Content hash of a revision; undefined where the server does not keep it, or says that it could not be brought back (N41). */
export async function revisionHash(client: Client, rev: string): Promise<string | undefined> {
  const entry = await getMetadata(client, `rev:${rev}`, `rev:${rev}`);
  if (!isShape(entry)) return undefined;
  const path = textIn(entry, "path_lower");
  const isLost = path !== undefined && (await isUnrestorable(client, path, rev));
  return isLost ? undefined : textIn(entry, "content_hash");
}

/**
 * What a place held (T24). What could not be brought back is told, too: it may be an edit that a call hides (T25).
 *
 * @throws {SnapError} `server-error` for an answer that is none, which is not taken for a place that never held anything
 */
export function fileHistory(client: Client, top: Top, path: RelPath): Promise<FileHistory> {
  return client.repeat({}, async () => {
    const told = await revisionsAt(client, apiPath(top, path), "not-found", "conflict");
    if (told === undefined) return { isDeleted: true, revisions: [] };
    const entries = isShape(told) ? told["entries"] : undefined;
    if (!isShape(told) || !Array.isArray(entries)) throw notUnderstood(path);
    return {
      isDeleted: told["is_deleted"] === true,
      revisions: entries.flatMap((entry: unknown) => revisionIn(entry)),
    };
  });
}

function notUnderstood(path: RelPath): SnapError {
  return new SnapError(
    "server-error",
    "Looking for revisions failed: the answer is not understood",
    {
      path,
      hint: "Try again later.",
    },
  );
}

function revisionIn(entry: unknown): readonly FileRevision[] {
  const rev = isShape(entry) ? textIn(entry, "rev") : undefined;
  if (!isShape(entry) || rev === undefined) return [];
  const isKept = entry["is_restorable"] !== false;
  return [{ rev, hash: textIn(entry, "content_hash"), isKept }];
}

/** A repeat after a lost answer makes one more revision of the same content, which harms nobody. */
export async function revert(
  client: Client,
  top: Top,
  { path, rev }: { readonly path: RelPath; readonly rev: string },
): Promise<RemoteItem> {
  const whole = apiPath(top, path);
  const route: Route = (sdk, own) => sdk.filesRestore({ path: whole, rev }, own);
  const result = await client.commit(() =>
    client.call(route, { what: "Putting a revision back", endpoint: "write", path }),
  );
  return itemOf(result, top);
}

/** Only what is said counts: a server may say nothing of a revision, nor know the question. */
async function isUnrestorable(client: Client, path: string, rev: string): Promise<boolean> {
  const told = await revisionsAt(
    client,
    path,
    "not-found",
    "conflict",
    "remote-error",
    "name-refused",
  );
  const entries = isShape(told) ? told["entries"] : undefined;
  if (!Array.isArray(entries)) return false;
  return entries.some(
    (entry) => isShape(entry) && entry["rev"] === rev && entry["is_restorable"] === false,
  );
}

/** Undefined where the server answers with one of these errors. */
async function revisionsAt(
  client: Client,
  path: string,
  ...none: readonly ErrorCode[]
): Promise<unknown> {
  const mode = { ".tag": "path" } as const;
  const request = { path, mode, limit: revisionsMax, include_restorable_info: true };
  try {
    return await client.call((sdk, own) => sdk.filesListRevisions(request, own), {
      what: "Looking for revisions",
      endpoint: "list",
      path,
    });
  } catch (error) {
    if (isSnapError(error, ...none)) return undefined;
    throw error;
  }
}
