import { ReadyAnswer, rateLimited } from "../wire/answer.ts";
import { Body, takeBody } from "../wire/body.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { BlockList, TakenContent } from "../store/block-writer.ts";
import type { Argument } from "../wire/argument.ts";
import { readTree, writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { commitFile, commitRequest } from "./commit.ts";
import { EndpointFailure, WriteFailure, nested, tag } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { fileMetadata } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import { SessionFailure, SessionStore, incorrectOffset, isOnGrid } from "./session-store.ts";
import type { Session, SessionCursor } from "./session-store.ts";
import { sessionsRetrySeconds } from "../limits.ts";

/** `files/upload_session/start` (fact sheet 4.7). */
export async function startSession(call: Call): Promise<JsonObject> {
  const { argument, services } = call;
  const concurrent = isConcurrent(argument);
  const closed = argument.flag("close");
  if (concurrent && closed) throw endpoint("concurrent_session_close_not_allowed");
  requireRoom(call, 1);
  const content = await takeBody(uploadBody(call), services.blocks, { after: emptyContent });
  if (concurrent && content.size > 0) throw endpoint("concurrent_session_data_not_allowed");
  const id = await startInRoom(call, 1, (store) => store.create(content, { concurrent, closed }));
  return { session_id: id };
}

/** `files/upload_session/start_batch`: empty sessions. */
export async function startSessions(call: Call): Promise<JsonObject> {
  const kind = { concurrent: isConcurrent(call.argument), closed: false };
  const count = call.argument.count("num_sessions");
  const ids = await startInRoom(call, count, (store) => store.createEmpty(count, kind));
  return { session_ids: ids };
}

/** New sessions, made in one transaction. @throws {ReadyAnswer} 429. */
function startInRoom<T>(call: Call, count: number, work: (store: SessionStore) => T): Promise<T> {
  return call.services.database.write(() => {
    requireRoom(call, count);
    return work(new SessionStore(call));
  });
}

/** @throws {ReadyAnswer} 429 when the account has too many sessions open: some end when they are finished, or by time. */
function requireRoom(call: Call, count: number): void {
  if (new SessionStore(call).hasRoom(count)) return;
  throw new ReadyAnswer(rateLimited("too_many_requests", call.services.rng, sessionsRetrySeconds));
}

function isConcurrent(argument: Argument): boolean {
  return argument.has("session_type") && argument.choice("session_type").name === "concurrent";
}

/** `files/upload_session/append_v2`. */
export function appendToSession(call: Call): Promise<Json> {
  const cursor = sessionCursor(call.argument.inner("cursor"));
  return appendAt(call, cursor, call.argument.flag("close"));
}

/** `files/upload_session/append`, the older one: its argument is the cursor, and it never closes. */
export function appendUnclosed(call: Call): Promise<Json> {
  return appendAt(call, sessionCursor(call.argument), false);
}

async function appendAt(call: Call, cursor: SessionCursor, close: boolean): Promise<Json> {
  try {
    await append(call, cursor, close);
  } catch (error) {
    throw error instanceof SessionFailure ? new EndpointFailure(error.error) : error;
  }
  return null;
}

/** `files/upload_session/finish`: the last bytes, if any, and the commit. */
export async function finishSession(call: Call): Promise<JsonObject> {
  const cursor = sessionCursor(call.argument.inner("cursor"));
  try {
    const received = await takeLastBytes(call, cursor);
    return fileMetadata(await commitWith(call, cursor, received), call.view);
  } catch (error) {
    throw finishFailure(error);
  }
}

/**
 * The last bytes and the commit in one transaction, so that a call that was put off changes nothing and can be sent
 * again as it is; a commit that was refused does not lose the bytes (V42).
 */
async function commitWith(
  call: Call,
  cursor: SessionCursor,
  received: Received | undefined,
): Promise<FileNode> {
  if (received === undefined) {
    return await writeTree(call, () => commitSession(call, cursor, call.argument));
  }
  const end = { session: cursor.session, offset: received.content.size };
  try {
    return await writeTree(call, () => {
      keepReceived(call, cursor, received);
      return commitSession(call, end, call.argument);
    });
  } catch (error) {
    const isRefused = error instanceof WriteFailure || error instanceof EndpointFailure;
    if (isRefused) await keepIfPossible(call, cursor, received);
    throw error;
  }
}

/** Where the disk is full, or another call was faster, the session tells its end to whoever asks. */
async function keepIfPossible(
  call: Call,
  cursor: SessionCursor,
  received: Received,
): Promise<void> {
  try {
    await call.services.database.write(() => keepReceived(call, cursor, received));
  } catch (error) {
    if (!(error instanceof WriteFailure || error instanceof SessionFailure)) throw error;
  }
}

/** What went wrong in a finish as a member of `UploadSessionFinishError`; any other error as it is. */
export function finishFailure(error: unknown): unknown {
  if (error instanceof SessionFailure) {
    return new EndpointFailure(nested("lookup_failed", error.error));
  }
  return error instanceof WriteFailure ? new EndpointFailure(nested("path", error.error)) : error;
}

/** Make a session's bytes a file and end the session; after a failure it is as before (V42). Inside a transaction. */
export function commitSession(call: Call, cursor: SessionCursor, entry: Argument): FileNode {
  const request = commitRequest(entry.inner("commit"), call.account.namespace);
  const store = new SessionStore(call);
  const content = committable(store, store.get(cursor.session), cursor.offset);
  const { quotaBytes } = call.services.limits;
  const file = commitFile(readTree(call), request, { content, quotaBytes });
  store.remove(cursor.session);
  return file;
}

function committable(store: SessionStore, session: Session, offset: number): BlockList {
  if (!session.concurrent) {
    if (offset !== session.size) throw incorrectOffset(session.size);
    return session;
  }
  if (!session.closed) throw endpoint("concurrent_session_not_closed");
  if (offset !== session.size) throw incorrectOffset(session.size);
  const joined = store.joined(session);
  if (joined === undefined) throw endpoint("concurrent_session_missing_data");
  return joined;
}

/** The bytes that come with `finish`, stored and not yet in the session; undefined where none come. */
async function takeLastBytes(call: Call, cursor: SessionCursor): Promise<Received | undefined> {
  const session = new SessionStore(call).get(cursor.session);
  const body = uploadBody(call);
  if (session.concurrent) {
    if (!(await body.isAtEnd())) throw endpoint("concurrent_session_data_not_allowed");
    return undefined;
  }
  if (cursor.offset !== session.size) throw incorrectOffset(session.size);
  const content = await takeBody(body, call.services.blocks, { after: session });
  if (content.size === session.size) return undefined;
  if (session.closed) throw sessionError("closed");
  return { content, after: session, close: false };
}

async function append(call: Call, cursor: SessionCursor, close: boolean): Promise<void> {
  const { blocks, database } = call.services;
  const session = new SessionStore(call).get(cursor.session);
  checkAppend(session, cursor.offset);
  const after = session.concurrent ? emptyContent : session;
  const content = await takeBody(uploadBody(call), blocks, { after });
  await database.write(() => keepReceived(call, cursor, { content, after, close }));
}

/** @throws {SessionFailure} when no bytes can go to this offset. */
export function checkAppend(session: Session, offset: number): void {
  if (session.concurrent) {
    if (!isOnGrid(offset)) throw sessionError("concurrent_session_invalid_offset");
    return;
  }
  if (session.closed) throw sessionError("closed");
  if (offset !== session.size) throw incorrectOffset(session.size);
}

/** What was received: the whole longer content of a sequential session, or a part of a concurrent one. */
export type Received = {
  readonly content: TakenContent;
  /** What `content` continues: what the session held when it was received. */
  readonly after: BlockList;
  readonly close: boolean;
};

/** Keep what was received, unless another call was faster. Inside a transaction. */
export function keepReceived(call: Call, cursor: SessionCursor, received: Received): void {
  const { content, close } = received;
  const store = new SessionStore(call);
  const session = store.get(cursor.session);
  checkAppend(session, cursor.offset);
  // Of equal length is not enough: the bytes in front may be those of another call, which were acknowledged.
  if (!session.concurrent && !isSame(session, received.after)) throw incorrectOffset(session.size);
  const start = session.concurrent ? cursor.offset : 0;
  if (start + content.size > call.services.limits.fileBytesMax) throw sessionError("too_large");
  if (session.concurrent && !close && !isOnGrid(content.size)) {
    throw sessionError("concurrent_session_invalid_data_size");
  }
  call.services.blocks.keepSmall(content.small);
  if (session.concurrent) store.addPart(session, start, { ...content, close });
  else store.update(session.id, content, close);
}

function isSame(one: BlockList, other: BlockList): boolean {
  return (
    one.size === other.size &&
    one.blocks.length === other.blocks.length &&
    one.blocks.every((hash, index) => hash === other.blocks[index])
  );
}

/** The `UploadSessionCursor` of an argument. */
export function sessionCursor(argument: Argument): SessionCursor {
  return { session: argument.text("session_id"), offset: argument.count("offset") };
}

/** The body of an upload-style call, limited as the service limits it. */
export function uploadBody({ request, services, argument }: Call): Body {
  return new Body(request, {
    bytesMax: services.limits.uploadBodyBytesMax,
    tooLong: () => endpoint("payload_too_large"),
    expectedHash: argument.optionalText("content_hash"),
  });
}

function endpoint(name: string): EndpointFailure {
  return new EndpointFailure(tag(name));
}

function sessionError(name: string): SessionFailure {
  return new SessionFailure(tag(name));
}
