import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { SnapError, systemCode } from "../std/error.ts";
import { unpackZstd } from "./zstd-frames.ts";

/** X13: an archive that grows by more than this when it is unpacked is refused, beyond a size that harms nobody. */
const expansionMax = 200;
const expansionFreeBytes = 64 * 1024 * 1024;

/** How many bytes tell what an archive is packed with. */
const magicBytes = 4;

/**
 * The bytes of an archive, unpacked where it is packed with gzip or zstd, in one piece or many behind each other.
 *
 * @throws {SnapError} `damaged` where it is cut off or damaged; `too-large` for one that grows without bounds (X13)
 */
export async function* unpackedBytes(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const counted = { read: 0, made: 0 };
  const source = counting(bytes, counted);
  const start = await startOf(source);
  const whole = joined(start, source);
  const unpack = unpackerOf(start);
  if (unpack === undefined) {
    yield* whole;
    return;
  }
  try {
    for await (const piece of unpack(whole)) {
      counted.made += piece.length;
      if (counted.made > Math.max(expansionFreeBytes, counted.read * expansionMax)) throw bomb();
      yield piece;
    }
  } catch (error) {
    throw fromUnpacking(error);
  }
}

async function* counting(
  bytes: AsyncIterable<Uint8Array>,
  counted: { read: number },
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    counted.read += piece.length;
    yield piece;
  }
}

/** Enough of the beginning; all there is of something shorter. */
async function startOf(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < magicBytes) {
    const { done, value } = await source.next();
    if (done === true) break;
    parts.push(value);
    length += value.length;
  }
  return Buffer.concat(parts);
}

async function* joined(
  start: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

type Unpack = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** By the first bytes, for names may lie: gzip (RFC 1952), and zstd or a frame that it skips (RFC 8878). */
function unpackerOf(start: Buffer): Unpack | undefined {
  const isGzip = start.length >= 2 && start.readUInt16BE(0) === 0x1f8b;
  if (isGzip) return unpackGzip;
  const magic = start.length >= magicBytes ? start.readUInt32LE(0) : 0;
  const isZstd = magic === 0xfd2fb528 || magic >>> 4 === 0x0184d2a5;
  return isZstd ? unpackZstd : undefined;
}

async function* unpackGzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pipeline(bytes, createGunzip(), () => {})) yield piece;
}

function bomb(): SnapError {
  return new SnapError("too-large", `The archive grows more than ${expansionMax} times`, {
    hint: "If you trust it, unpack it with gzip or zstd first and import the .tar: that says how large it is.",
  });
}

function fromUnpacking(error: unknown): unknown {
  const code = systemCode(error) ?? "";
  if (error instanceof SnapError || !/^(Z_|ZSTD_|ERR_)/u.test(code)) return error;
  return new SnapError("damaged", "The archive is cut off or damaged: it cannot be unpacked", {
    hint: "Get it once more from where it comes from. Nothing was imported.",
    cause: error,
  });
}
