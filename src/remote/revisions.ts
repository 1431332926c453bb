import { isSnapError } from "../std/error.ts";
import type { Client } from "./client.ts";
import { getMetadata } from "./listing.ts";
import { isShape, textIn } from "./shape.ts";

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

/** Only what is said counts: a server may say nothing of a revision, nor know the question. */
async function isUnrestorable(client: Client, path: string, rev: string): Promise<boolean> {
  const told = await revisionsAt(client, path);
  const entries = isShape(told) ? told["entries"] : undefined;
  if (!Array.isArray(entries)) return false;
  return entries.some(
    (entry) => isShape(entry) && entry["rev"] === rev && entry["is_restorable"] === false,
  );
}

async function revisionsAt(client: Client, path: string): Promise<unknown> {
  const mode = { ".tag": "path" } as const;
  const request = { path, mode, limit: revisionsMax, include_restorable_info: true };
  try {
    return await client.call((sdk, own) => sdk.filesListRevisions(request, own), {
      what: "Looking for revisions",
      endpoint: "list",
      path,
    });
  } catch (error) {
    if (isSnapError(error, "not-found", "conflict", "remote-error", "name-refused"))
      return undefined;
    throw error;
  }
}
