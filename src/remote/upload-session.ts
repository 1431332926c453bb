import type { UploadRequest, UploadSession } from "../core/tree/remote-item.ts";
import type { files } from "dropbox";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { hasTag, statusOf } from "./errors.ts";
import { getMetadata } from "./listing.ts";
import type { SessionFinisher } from "./session-finisher.ts";
import { isShape, textIn } from "./shape.ts";
import { sendParts } from "./upload-parts.ts";

/** Sessions for one upload: the first, and another where the server has forgotten it. */
const sessionsMax = 2;

/** Starts of one session: the first, and another where its answer cannot be read, so that the session is lost. */
const startsMax = 2;

/** What one upload is made of, and who makes the file in the end. */
export type SessionUpload = {
  readonly request: UploadRequest;
  readonly commit: files.CommitInfo;
  readonly work: Work;
  readonly finisher: SessionFinisher;
};

/**
 * Upload a large file in parts side by side, each of which is kept until the server has it (S57). What the server has acknowledged,
 * now or in an earlier run, is not sent again.
 *
 * @returns the metadata of the file as the server sends it
 */
export async function uploadBySession(client: Client, upload: SessionUpload): Promise<unknown> {
  const { request } = upload;
  let session = request.resume;
  for (let count = 0; count < sessionsMax; count += 1) {
    session ??= await startSession(client, upload);
    const entry = await runSession(client, upload, session);
    if (entry !== undefined) return entry;
    session = undefined;
  }
  throw new SnapError("server-error", `The server forgot the upload: "${request.path}"`, {
    path: request.path,
    hint: "It is uploaded again by the next sync.",
  });
}

/** A server that refuses sessions whose parts come in any order gets one whose parts come in order. */
async function startSession(client: Client, upload: SessionUpload): Promise<UploadSession> {
  try {
    return await startOf(client, upload, "concurrent");
  } catch (error) {
    if (statusOf(error) !== 400 && !hasTag(error, ...refusals)) throw error;
    return await startOf(client, upload, "sequential");
  }
}

/** What a server may say that knows these sessions, and does not take this one. */
const refusals = ["concurrent_session_data_not_allowed", "concurrent_session_close_not_allowed"];

async function startOf(
  client: Client,
  { request, work }: SessionUpload,
  kind: UploadSession["kind"],
): Promise<UploadSession> {
  const call = { what: "Uploading", endpoint: "upload", path: request.path, work } as const;
  const argument = {
    ...(kind === "concurrent" && { session_type: { ".tag": kind } as const }),
    contents: Buffer.alloc(0),
  };
  for (let attempt = 0; attempt < startsMax; attempt += 1) {
    const told = await client.call((sdk, own) => sdk.filesUploadSessionStart(argument, own), call);
    const id = isShape(told) ? textIn(told, "session_id") : undefined;
    if (id === undefined) continue;
    const session = { session: id, kind, acknowledged: [] };
    request.onSession?.(session);
    return session;
  }
  throw notUnderstood(request);
}

function notUnderstood({ path }: UploadRequest): SnapError {
  return new SnapError("server-error", "Uploading failed: the answer is not understood", { path });
}

/** Undefined where the server does not know the session any more. */
async function runSession(
  client: Client,
  upload: SessionUpload,
  session: UploadSession,
): Promise<unknown> {
  try {
    await sendParts(client, upload, session);
    const { request, commit, work, finisher } = upload;
    const entry = await finisher.finish({ request, commit, work, session: session.session });
    if (isShape(entry)) return entry;
  } catch (error) {
    if (!isSessionLost(error)) throw error;
    return settled(client, upload);
  }
  // An answer that cannot be read is a lost one; where the file is not there, sending it again would not help.
  const there = await settled(client, upload);
  if (there === undefined) throw notUnderstood(upload.request);
  return there;
}

/**
 * The session itself is meant, not the place where the file goes: a place never has these tags in an answer to an upload.
 * A session that has other bytes than were acknowledged is of no use either.
 */
function isSessionLost(error: unknown): boolean {
  return hasTag(
    error,
    "not_found",
    "closed",
    "incorrect_offset",
    "concurrent_session_invalid_offset",
    "concurrent_session_missing_data",
    "concurrent_session_not_closed",
  );
}

/** A finish whose answer was lost has been done when the content is there (S57). */
async function settled(client: Client, { request, commit }: SessionUpload): Promise<unknown> {
  const entry = await getMetadata(client, commit.path, request.path);
  const isThere = isShape(entry) && textIn(entry, "content_hash") === request.hash;
  return isThere ? entry : undefined;
}
