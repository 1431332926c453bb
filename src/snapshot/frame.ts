import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import type { ZstdOptions } from "node:zlib";
import { Header } from "tar/header";
import { damagedError, isHash } from "../core/snapshot/checked-json.ts";
import { decodeFrameNow, decodeOptions, undecodable, wrongRawLength } from "./decode-frame.ts";
import { recordBytes, writeTarHeader } from "./pack-header.ts";

const decompressOnPool = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress);

/** Below this, a trip to the thread pool costs more than the work (measured: about 16 KiB). */
const syncBytesMax = 16 * 1024;

/** The two zero records that end a tar archive. */
export const endOfArchive: Uint8Array = new Uint8Array(2 * recordBytes);

/** Name of a block or of a metadata piece in its pack. */
export type PackKind = "data" | "meta";

/** The name of a tar entry (N14): `d/<hash>` in data packs, `m/<hash>.jsonl` in metadata packs. */
export function entryName(kind: PackKind, hash: string): string {
  return kind === "data" ? `d/${hash}` : `m/${hash}.jsonl`;
}

/** The hash that a tar entry is named by, or undefined for a name that is none of ours. */
export function hashOfEntryName(name: string): string | undefined {
  const hash = /^(?:d\/([0-9a-f]+)|m\/([0-9a-f]+)\.jsonl)$/.exec(name);
  const digits = hash?.[1] ?? hash?.[2] ?? "";
  return isHash(digits) ? digits : undefined;
}

/** Length of a whole tar entry: header, content, padding to 512 bytes. */
export function entryLength(contentLength: number): number {
  return recordBytes + Math.ceil(contentLength / recordBytes) * recordBytes;
}

/** Write a whole tar entry at a place; its length. Equal input gives equal bytes (N17). */
export function writeEntry(
  into: Buffer,
  at: number,
  { name, content }: { readonly name: string; readonly content: Uint8Array },
): number {
  const length = entryLength(content.length);
  writeTarHeader(into, at, { name, size: content.length });
  into.set(content, at + recordBytes);
  into.fill(0, at + recordBytes + content.length, at + length);
  return length;
}

/** A whole tar entry by itself. */
export function tarEntry(name: string, content: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(entryLength(content.length));
  writeEntry(bytes, 0, { name, content });
  return bytes;
}

/** Where the content of a tar entry starts within it. */
export const entryContentAt: number = recordBytes;

/** A tar entry found in a raw frame; offset and length of its content. */
export type FoundEntry = {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
};

/** The whole tar entries of a raw frame, up to its end or the zero records. @throws {SnapError} `damaged` */
export function* tarEntries(raw: Buffer): Generator<FoundEntry> {
  let at = 0;
  while (at < raw.length) {
    const header = readHeader(raw.subarray(at, at + recordBytes));
    if (header.nullBlock) return;
    const length = header.size ?? -1;
    const offset = at + recordBytes;
    if (!header.cksumValid || length < 0 || offset + length > raw.length) {
      throw damagedError("A pack holds something that is no tar entry");
    }
    yield { name: header.path ?? "", offset, length };
    at = offset + Math.ceil(length / recordBytes) * recordBytes;
  }
}

function readHeader(record: Buffer): Header {
  try {
    return new Header(record);
  } catch (cause) {
    throw damagedError("A pack holds something that is no tar entry", cause);
  }
}

/**
 * Decode exactly one frame: Node decodes the first frame of several and is silent about the rest (N18), so the
 * caller has cut it. @throws {SnapError} `damaged` unless it gives exactly `rawLength` bytes
 */
export async function decodeFrame(frame: Uint8Array, rawLength: number): Promise<Buffer> {
  if (rawLength < syncBytesMax) return decodeFrameNow(frame, rawLength);
  try {
    const raw = await decompressOnPool(frame, decodeOptions(rawLength));
    if (raw.length === rawLength) return raw;
  } catch (cause) {
    throw undecodable(cause);
  }
  throw wrongRawLength();
}
