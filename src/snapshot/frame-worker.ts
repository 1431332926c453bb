/** Runs in a thread of its own: compresses frames, from and into memory that it shares with the main thread. */
import { assert } from "../std/assert.ts";
import { serveJobs } from "../threads/serve-jobs.ts";
import { compressProbed } from "./compress-frame.ts";

/** A raw frame, and the memory for its compressed form. */
export type FrameJob = {
  readonly raw: Uint8Array;
  readonly into: Uint8Array;
  /** Where the block begins, if the frame is one large block: it is probed (N16). */
  readonly blockAt: number | undefined;
};

serveJobs(pack);

/** The length of the compressed frame. */
function pack({ raw, into, blockAt }: FrameJob): number {
  const frame = compressProbed(raw, blockAt);
  assert(frame.length <= into.length, "a compressed frame fits");
  into.set(frame);
  const { length } = frame;
  free(frame);
  return length;
}

/** Gives memory back at once: of what lies outside the heap much would pile up before the thread tidies up (N6). */
function free({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
