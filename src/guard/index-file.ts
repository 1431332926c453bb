/** What the file system said of a file when it was last compared; seconds and nanoseconds apart. */
export type IndexStat = {
  readonly ctime: readonly [seconds: number, nanoseconds: number];
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  readonly ino: number;
  /** Modulo 2^32. */
  readonly size: number;
};

/** One entry of an index (gitformat-index(5)). */
export type IndexEntry = {
  /** Bytes, `/` between names. */
  readonly path: Buffer;
  readonly mode: number;
  readonly oid: string;
  /** 0; above it a side of a conflict. */
  readonly stage: number;
  /** Git was told to take the file for unchanged. */
  readonly assumeValid: boolean;
  readonly skipWorktree: boolean;
  readonly intentToAdd: boolean;
  readonly stat: IndexStat;
  /** The same as it is written, with the mode among it. */
  readonly statBytes: Buffer;
};

/** The frame of an index: all but its entries, which `indexEntries` reads. */
export type IndexFrame = {
  readonly version: number;
  readonly count: number;
};

const headerBytes = 12;
const statBytes = 40;

/** undefined where the bytes do not begin as an index does. */
export function indexFrame(bytes: Buffer): IndexFrame | undefined {
  if (bytes.length < headerBytes || bytes.toString("latin1", 0, 4) !== "DIRC") return undefined;
  return { version: bytes.readUInt32BE(4), count: bytes.readUInt32BE(8) };
}

/** How an index is read: hashes have 20 bytes, or 32 with SHA-256. */
export type IndexReading = { readonly hashBytes: 20 | 32 };

/**
 * The entries of an index of version 2 to 4, in their order.
 *
 * @returns (when it is done) where the entries end, as `indexExtensions` takes it; undefined where the bytes are no index, or
 *   are cut off
 */
export function* indexEntries(
  bytes: Buffer,
  { hashBytes }: IndexReading,
): Generator<IndexEntry, number | undefined> {
  const frame = indexFrame(bytes);
  if (frame === undefined || frame.version < 2 || frame.version > 4) return undefined;
  const end = bytes.length - hashBytes;
  let at = headerBytes;
  let before: Buffer = Buffer.alloc(0);
  for (let index = 0; index < frame.count; index += 1) {
    const read = entryAt(bytes.subarray(0, end), at, { version: frame.version, hashBytes, before });
    if (read === undefined) return undefined;
    yield read.entry;
    before = read.entry.path;
    at = read.next;
  }
  return at;
}

type EntryContext = {
  readonly version: number;
  readonly hashBytes: number;
  readonly before: Buffer;
};

function entryAt(
  bytes: Buffer,
  at: number,
  { version, hashBytes, before }: EntryContext,
): { readonly entry: IndexEntry; readonly next: number } | undefined {
  const flagsAt = at + statBytes + hashBytes;
  if (flagsAt + 2 > bytes.length) return undefined;
  const flags = bytes.readUInt16BE(flagsAt);
  const isExtended = version >= 3 && (flags & 0x4000) !== 0;
  if (isExtended && flagsAt + 4 > bytes.length) return undefined;
  const extended = isExtended ? bytes.readUInt16BE(flagsAt + 2) : 0;
  const nameAt = flagsAt + (isExtended ? 4 : 2);
  const name = version === 4 ? cutName(bytes, nameAt, before) : wholeName(bytes, nameAt, at);
  if (name === undefined) return undefined;
  const entry: IndexEntry = {
    path: name.path,
    mode: bytes.readUInt32BE(at + 24),
    oid: bytes.toString("hex", at + statBytes, flagsAt),
    stage: (flags >> 12) & 3,
    assumeValid: (flags & 0x8000) !== 0,
    skipWorktree: (extended & 0x4000) !== 0,
    intentToAdd: (extended & 0x2000) !== 0,
    stat: statAt(bytes, at),
    statBytes: bytes.subarray(at, at + statBytes),
  };
  return { entry, next: name.next };
}

function statAt(bytes: Buffer, at: number): IndexStat {
  const word = (index: number): number => bytes.readUInt32BE(at + index * 4);
  return { ctime: [word(0), word(1)], mtime: [word(2), word(3)], ino: word(5), size: word(9) };
}

type Name = { readonly path: Buffer; readonly next: number };

/** The name ends with one to eight zeros, so that the entry's length is a multiple of eight. */
function wholeName(bytes: Buffer, nameAt: number, entryStart: number): Name | undefined {
  const end = bytes.indexOf(0, nameAt);
  if (end < 0) return undefined;
  const next = entryStart + (Math.floor((end - entryStart) / 8) + 1) * 8;
  return next > bytes.length ? undefined : { path: bytes.subarray(nameAt, end), next };
}

/** Version 4: how much of the name before is to be cut off, and what comes instead. */
function cutName(bytes: Buffer, nameAt: number, before: Buffer): Name | undefined {
  let at = nameAt;
  let byte = bytes[at];
  if (byte === undefined) return undefined;
  let cut = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    at += 1;
    byte = bytes[at];
    if (byte === undefined || cut > before.length) return undefined;
    cut = (cut + 1) * 128 + (byte & 0x7f);
  }
  const end = bytes.indexOf(0, at + 1);
  if (end < 0 || cut > before.length) return undefined;
  const kept = before.subarray(0, before.length - cut);
  return { path: Buffer.concat([kept, bytes.subarray(at + 1, end)]), next: end + 1 };
}

/** Names of the extensions behind the entries (`TREE`, `link`, `sdir`, …); undefined where one is cut off. */
export function indexExtensions(
  bytes: Buffer,
  entriesEnd: number,
  { hashBytes }: IndexReading,
): readonly string[] | undefined {
  const end = bytes.length - hashBytes;
  const names: string[] = [];
  let at = entriesEnd;
  while (at < end) {
    if (at + 8 > end) return undefined;
    names.push(bytes.toString("latin1", at, at + 4));
    at += 8 + bytes.readUInt32BE(at + 4);
  }
  return at === end ? names : undefined;
}

/** Whether an index was written without a checksum (git-config(1), index.skipHash): then it is all zeros. */
export function hasNoChecksum(bytes: Buffer, { hashBytes }: IndexReading): boolean {
  return bytes.subarray(bytes.length - hashBytes).every((byte) => byte === 0);
}
