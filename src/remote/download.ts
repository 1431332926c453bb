import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { fromRemote, statusOf } from "./errors.ts";
import { countIn, isShape } from "./shape.ts";

/** A body that broke off after this many new bytes starts a new count of attempts: the line does work. */
const progressBytes = 8 * 1024 * 1024;

/** Which bytes are wanted. */
export type DownloadRequest = {
  readonly rev: string;
  /** Bytes that the caller has already. */
  readonly offset: number;
  readonly work?: Work | undefined;
};

/**
 * Bytes of one revision from an offset to its end. A revision never changes, so a body that breaks off is continued by
 * range (S66). Nothing is read ahead of the caller; leaving the loop ends the request.
 *
 * @throws {SnapError} `not-found` when the server does not keep the rev, `content-wrong` when the body is too long
 */
export async function* download(
  client: Client,
  request: DownloadRequest,
): AsyncGenerator<Uint8Array> {
  let offset = request.offset;
  for (let attempt = 1; ; attempt += 1) {
    const start = offset;
    try {
      for await (const chunk of bytesFrom(client, { ...request, offset })) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (offset - start >= progressBytes) attempt = 1;
      await client.recover(fromRemote(error, { what: "Downloading" }), attempt, request.work);
    }
  }
}

/** One request; ends early, with an error, where the body breaks off. */
async function* bytesFrom(client: Client, request: DownloadRequest): AsyncGenerator<Uint8Array> {
  const opened = await openAt(client, request);
  if (opened === undefined) return;
  let position = opened.position;
  for await (const chunk of opened.body) {
    throwIfAborted(request.work?.signal);
    const known = Math.min(Math.max(request.offset - position, 0), chunk.length);
    position += chunk.length;
    if (position > opened.size) throw tooLong();
    if (known < chunk.length) yield chunk.subarray(known);
  }
  if (position < opened.size) throw brokeOff();
}

type Opened = {
  readonly body: AsyncIterable<Uint8Array>;
  /** Of the first byte of the body. */
  readonly position: number;
  /** Of the whole revision. */
  readonly size: number;
};

/** Undefined where there is nothing behind the offset. */
async function openAt(
  client: Client,
  { rev, offset, work }: DownloadRequest,
): Promise<Opened | undefined> {
  const extraHeaders: Record<string, string> = offset > 0 ? { Range: `bytes=${offset}-` } : {};
  try {
    const { response, result } = await client.open(
      (sdk, own) => sdk.filesDownload({ path: `rev:${rev}` }, { ...own, extraHeaders }),
      { what: "Downloading", endpoint: "download", work },
    );
    const size = isShape(result) ? countIn(result, "size") : undefined;
    if (size === undefined) throw notUnderstood();
    return { body: response.body ?? emptyBody(), position: positionOf(response, offset), size };
  } catch (error) {
    if (offset > 0 && statusOf(error) === 416) return undefined;
    throw error;
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** A server may answer a range with the whole. */
function positionOf(response: Response, offset: number): number {
  if (offset === 0 || response.status !== 206) return 0;
  const range = response.headers.get("content-range") ?? "";
  if (range.startsWith(`bytes ${offset}-`)) return offset;
  throw notUnderstood();
}

function brokeOff(): SnapError {
  return new SnapError("offline", "Downloading failed: the connection broke off", {
    hint: "Check the network connection; then run the same command again.",
  });
}

function notUnderstood(): SnapError {
  return new SnapError("server-error", "Downloading failed: the answer is not understood");
}

function tooLong(): SnapError {
  return new SnapError(
    "content-wrong",
    "Downloading failed: the server sent more than the file has",
  );
}
