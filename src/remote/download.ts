import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { downloadRanges, rangedBytesMin } from "./download-ranges.ts";
import { downloadInOne } from "./download-in-one.ts";

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
  yield* downloadInOne(client, { rev, from: offset, work });
}
