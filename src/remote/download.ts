import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { downloadRanges, rangedBytesMin } from "./download-ranges.ts";
import { fromRemote } from "./errors.ts";
import { brokeOff, openDownload, tooLong } from "./open-download.ts";

/** A body that broke off after this many new bytes starts a new count of attempts: the line does work. */
const progressBytes = 8 * 1024 * 1024;

/** Which bytes are wanted. */
export type DownloadRequest = {
  readonly rev: string;
  /** Bytes that the caller has already. */
  readonly offset: number;
  /** What the whole revision should have, where the caller knows. */
  readonly size?: number | undefined;
  readonly work?: Work | undefined;
};

/**
 * Bytes of one revision from an offset to its end. A revision never changes, so a body that breaks off is continued by range, and
 * what is large, and known to be so, is fetched by several ranges side by side (S66). Leaving the loop ends the requests.
 *
 * @throws {SnapError} `not-found` when the server does not keep the rev, `content-wrong` when the body is too long
 */
export async function* download(
  client: Client,
  request: DownloadRequest,
): AsyncGenerator<Uint8Array> {
  const { rev, size = 0, work } = request;
  let { offset } = request;
  if (size - offset >= rangedBytesMin) {
    // A server that does not know ranges gets nowhere with them: the rest then comes in one piece.
    for await (const chunk of downloadRanges(client, { rev, from: offset, to: size, work })) {
      offset += chunk.length;
      yield chunk;
    }
    if (offset >= size) return;
  }
  yield* downloadInOne(client, { ...request, offset });
}

/** Nothing is read ahead of the caller. */
async function* downloadInOne(
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
async function* bytesFrom(
  client: Client,
  { rev, offset, work }: DownloadRequest,
): AsyncGenerator<Uint8Array> {
  const opened = await openDownload(client, { rev, from: offset, work });
  if (opened === undefined) return;
  let { position } = opened;
  for await (const chunk of opened.body) {
    throwIfAborted(work?.signal);
    const known = Math.min(Math.max(offset - position, 0), chunk.length);
    position += chunk.length;
    if (position > opened.end) throw tooLong();
    if (known < chunk.length) yield chunk.subarray(known);
  }
  if (position < opened.end) throw brokeOff();
}
