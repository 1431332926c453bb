import { inflateSync } from "node:zlib";
import type { BaseCache } from "./base-cache.ts";
import { applyDelta, BitReader } from "./git-delta.ts";
import type { OpenFile } from "./open-file.ts";

/** The types of Git's objects. */
export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** An object, unpacked. */
export type GitObject = { readonly type: ObjectType; readonly content: Buffer };

/** `too-large` is more than the caller wanted to hold; it says nothing about the object. */
export type ReadProblem = "corrupt" | "too-large";

/** Where a pack's entries are read, and how its deltas find their bases. */
export type PackPlace = {
  readonly pack: OpenFile;
  readonly hashBytes: number;
  /** A base that is named by its id. */
  readonly baseOf: (oid: Buffer) => number | undefined;
  /** What was rebuilt before; without it every chain is followed to its end. */
  readonly bases?: BaseCache;
};

const typeNames: Readonly<Record<number, ObjectType>> = {
  1: "commit",
  2: "tree",
  3: "blob",
  4: "tag",
};
const offsetDelta = 6;
const idDelta = 7;

/** Git's own limit of a chain of deltas. */
const chainMax = 4095;

const headBytesMax = 64;

/**
 * So many bytes are unpacked and rebuilt at most to read one object, whatever the number of its deltas; a few kilobytes of deltas
 * could else copy for minutes.
 */
const workBytesMax = 256 * 1024 * 1024;

/** Read the object that begins at an offset of a pack. Deltas are applied; nothing larger than `bytesMax` is held. */
export function readPacked(
  place: PackPlace,
  start: number,
  bytesMax: number,
): GitObject | ReadProblem {
  const deltas: Delta[] = [];
  const bounds = { bytesMax, workMax: Math.max(workBytesMax, 2 * bytesMax) };
  let offset = start;
  let unpacked = 0;
  for (let depth = 0; depth <= chainMax; depth += 1) {
    const held = place.bases?.get(offset);
    if (held !== undefined) return rebuilt(held, deltas, { ...bounds, ...place });
    const entry = readEntry(place, offset, bytesMax);
    if (typeof entry === "string") return entry;
    unpacked += entry.data.length;
    if (unpacked > bounds.workMax) return "too-large";
    if (entry.type !== undefined) {
      const base = { type: entry.type, content: entry.data };
      if (deltas.length > 0) place.bases?.hold(offset, base);
      return rebuilt(base, deltas, { ...bounds, ...place });
    }
    if (entry.base >= offset && entry.isRelative) return "corrupt";
    deltas.push({ offset, data: entry.data });
    offset = entry.base;
  }
  return "corrupt";
}

type Delta = { readonly offset: number; readonly data: Buffer };

type Rebuilding = Pick<PackPlace, "bases"> & {
  readonly bytesMax: number;
  readonly workMax: number;
};

function rebuilt(
  base: GitObject,
  deltas: readonly Delta[],
  { bases, bytesMax, workMax }: Rebuilding,
): GitObject | ReadProblem {
  let object = base;
  let made = 0;
  for (const { offset, data } of deltas.toReversed()) {
    const content = applyDelta(object.content, data, bytesMax);
    if (content === undefined) return "corrupt";
    made += content.length;
    if (made > workMax) return "too-large";
    object = { type: base.type, content };
    bases?.hold(offset, object);
  }
  return object.content.length > bytesMax ? "too-large" : object;
}

type Entry =
  | { readonly type: ObjectType; readonly data: Buffer }
  | {
      readonly type: undefined;
      readonly base: number;
      readonly isRelative: boolean;
      readonly data: Buffer;
    };

function readEntry(place: PackPlace, offset: number, bytesMax: number): Entry | ReadProblem {
  const head = place.pack.read(offset, headBytesMax);
  const reader = new BitReader(head);
  const first = reader.byte();
  if (first === undefined) return "corrupt";
  const size = first < 0x80 ? first & 0x0f : reader.rest(first & 0x0f, 16);
  if (size === undefined) return "corrupt";
  if (size > bytesMax) return "too-large";
  const kind = (first >> 4) & 0x07;
  const base = baseOffset(place, { kind, offset, reader, head });
  const data = inflate(place, offset + reader.at, size);
  if (data === undefined || base === undefined) return "corrupt";
  if (kind === offsetDelta || kind === idDelta)
    return { type: undefined, base, isRelative: kind === offsetDelta, data };
  const type = typeNames[kind];
  return type === undefined ? "corrupt" : { type, data };
}

type EntryHead = {
  readonly kind: number;
  readonly offset: number;
  readonly reader: BitReader;
  readonly head: Buffer;
};

/** Where the base of a delta begins; undefined for none that can be, 0 where no base is needed. */
function baseOffset(
  place: PackPlace,
  { kind, offset, reader, head }: EntryHead,
): number | undefined {
  if (kind === offsetDelta) {
    const distance = readDistance(reader);
    return distance === undefined || distance > offset ? undefined : offset - distance;
  }
  if (kind !== idDelta) return 0;
  const oid = head.subarray(reader.at, reader.at + place.hashBytes);
  reader.at += place.hashBytes;
  return oid.length === place.hashBytes ? place.baseOf(oid) : undefined;
}

function readDistance(reader: BitReader): number | undefined {
  let value = -1;
  for (;;) {
    const byte = reader.byte();
    if (byte === undefined || value > 2 ** 45) return undefined;
    value = (value + 1) * 128 + (byte & 0x7f);
    if (byte < 0x80) return value;
  }
}

/** What deflate may add to data that it cannot make smaller, at any level. */
const deflateExtra = 1024;

function inflate({ pack, hashBytes }: PackPlace, offset: number, size: number): Buffer | undefined {
  const room = Math.min(pack.size - hashBytes - offset, size + Math.ceil(size / 64) + deflateExtra);
  const data = inflateBounded(pack.read(offset, room), size);
  return data?.length === size ? data : undefined;
}

/** Inflate one stream; undefined where it is none or is longer than so many bytes. What follows it is passed over. */
export function inflateBounded(bytes: Buffer, bytesMax: number): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, bytesMax) });
  } catch {
    // Whatever zlib says about it: it is not what was written.
    return undefined;
  }
}
