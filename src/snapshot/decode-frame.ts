import { zstdDecompressSync } from "node:zlib";
import type { ZstdOptions } from "node:zlib";
import { damagedError } from "../core/snapshot/checked-json.ts";
import type { SnapError } from "../std/error.ts";

/** As `decodeFrame`, on the thread that asks. @throws {SnapError} `damaged` */
export function decodeFrameNow(frame: Uint8Array, rawLength: number): Buffer {
  let raw: Buffer;
  try {
    raw = zstdDecompressSync(frame, decodeOptions(rawLength));
  } catch (cause) {
    throw undecodable(cause);
  }
  if (raw.length === rawLength) return raw;
  throw wrongRawLength();
}

/** How a frame is decoded: one output buffer where that is small, since Node joins the chunks otherwise. */
export function decodeOptions(rawLength: number): ZstdOptions {
  const chunkSize = Math.min(Math.max(rawLength, 64), 1024 * 1024);
  return { maxOutputLength: Math.max(1, rawLength), chunkSize };
}

/** The error of a frame that is none. */
export function undecodable(cause: unknown): SnapError {
  return damagedError("A frame of a pack cannot be decoded", cause);
}

/** The error of a frame that holds more or less than it should. */
export function wrongRawLength(): SnapError {
  return damagedError("A frame of a pack has another length than its index says");
}
