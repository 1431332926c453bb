import type { files } from "dropbox";
import { contentHashOf } from "../core/tree/content-hash.ts";
import type { RemoteItem, UploadRequest } from "../core/tree/remote-item.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { isoSeconds } from "../std/time.ts";
import type { Client } from "./client.ts";
import { readExactly, volatile } from "./upload-body.ts";
import type { SessionFinisher } from "./session-finisher.ts";
import { uploadBySession } from "./upload-session.ts";
import { apiPath, itemOf, writeMode, type Top } from "./wire.ts";

/** Up to this size a file goes in one call, whole in memory (S57, S107). */
export const inlineBytesMax: number = 8 * 1024 * 1024;

/**
 * Upload a file (S57). Nothing but the named rev is overwritten, and identical content is accepted, so that the repeat
 * after a lost answer is the same as one call.
 *
 * @throws {SnapError} `volatile` when the file changed; `content-wrong` when the server holds something else than was
 * sent; `conflict`, `quota-exceeded`, `name-refused` and what `fromRemote` names
 */
export async function upload(
  client: Client,
  top: Top,
  {
    request,
    finisher,
    work = {},
  }: {
    readonly request: UploadRequest;
    readonly finisher: SessionFinisher;
    readonly work?: Work | undefined;
  },
): Promise<RemoteItem> {
  if (request.size <= inlineBytesMax) return await uploadSmall(client, top, { request, work });
  const commit = commitInfo(request, top);
  const entry = await uploadBySession(client, { request, commit, work, finisher });
  return sameContent(itemOf(entry, top), request);
}

/** As `upload`, for a file that goes up in one call. */
export async function uploadSmall(
  client: Client,
  top: Top,
  { request, work }: { readonly request: UploadRequest; readonly work: Work },
): Promise<RemoteItem> {
  const commit = commitInfo(request, top);
  const entry = await uploadInline(client, { request, commit, work });
  return sameContent(itemOf(entry, top), request);
}

/** The file that an upload made. @throws {SnapError} `content-wrong` when it holds something else than was sent (S57) */
export function sameContent(
  item: RemoteItem,
  { path, hash }: Pick<UploadRequest, "path" | "hash">,
): RemoteItem {
  if (item.hash === hash) return item;
  throw new SnapError("content-wrong", `The server holds other content than was sent: "${path}"`, {
    path,
    hint: "It is uploaded again by the next sync.",
  });
}

async function uploadInline(
  client: Client,
  {
    request,
    commit,
    work,
  }: { readonly request: UploadRequest; readonly commit: files.CommitInfo; readonly work: Work },
): Promise<unknown> {
  const contents = await readExactly(request, 0, request.size);
  if (contentHashOf(contents) !== request.hash) throw volatile(request);
  const argument = { ...commit, content_hash: request.hash, contents };
  const call = { what: "Uploading", endpoint: "upload", path: request.path, work } as const;
  return client.commit(async () => {
    if (!(await request.unchanged())) throw volatile(request);
    return client.call((sdk, own) => sdk.filesUpload(argument, own), call);
  }, work);
}

/** How the bytes become a file. */
export function commitInfo(
  request: Pick<UploadRequest, "path" | "replaces" | "modified">,
  top: Top,
): files.CommitInfo {
  const modified = writableTime(request.modified);
  return {
    path: apiPath(top, request.path),
    mode: writeMode(request.replaces),
    autorename: false,
    strict_conflict: false,
    mute: true,
    ...(modified !== undefined && { client_modified: modified }),
  };
}

/** Last second that the server's form of times can write. */
const timeMax = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Undefined for a time that has no four-digit year after 1970: the server then takes its own. */
function writableTime(time: number): string | undefined {
  if (!(time >= 0 && time <= timeMax)) return undefined;
  return isoSeconds(time);
}
