import { hash as hashOf } from "node:crypto";
import type { Steps } from "../../std/steps.ts";

/** One compressed frame of a pack: where it is, and how long it is before compression. */
export type PackFrame = {
  readonly offset: number;
  readonly length: number;
  readonly rawLength: number;
};

/** One block of a pack: `offset` and `length` of its content within the raw frame. */
export type PackEntry = {
  readonly hash: string;
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
};

/** What a sidecar says of its pack (N19). */
export type PackContents = {
  readonly packLength: number;
  readonly frames: readonly PackFrame[];
  readonly entries: readonly PackEntry[];
};

/** Longest frame, raw or compressed: a page of 64 MiB in its tar entry. What claims more is refused before memory is taken. */
export const frameRawMax: number = 65 * 1024 * 1024;

const magic = Buffer.from("SNAPIDX1");
const headBytes = 24;
const frameBytes = 16;
const entryBytes = 44;
const hashBytes = 32;

/** Entries and frames that are worked on in one step: some 2 ms (N61). */
const itemsInARow = 2048;

/** The bytes of a sidecar (N19): little endian, entries sorted by hash, last the SHA-256 of all before. In steps: it may be of 65,536 blocks. */
export function* encodeSidecar({ packLength, frames, entries }: PackContents): Steps<Buffer> {
  const blocksAt = headBytes + frames.length * frameBytes;
  const bodyBytes = blocksAt + entries.length * entryBytes;
  const bytes = Buffer.alloc(bodyBytes + hashBytes);
  magic.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(packLength), 8);
  bytes.writeUInt32LE(frames.length, 16);
  bytes.writeUInt32LE(entries.length, 20);
  for (const [number, frame] of frames.entries()) {
    if (number % itemsInARow === itemsInARow - 1) yield;
    writeFrame(bytes, headBytes + number * frameBytes, frame);
  }
  let number = 0;
  for (const group of yield* byFirstDigits(entries)) {
    const sorted = group.toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
    for (const entry of sorted) {
      writeBlock(bytes, blocksAt + number * entryBytes, entry);
      number += 1;
      if (number % itemsInARow === 0) yield;
    }
  }
  hashOf("sha256", bytes.subarray(0, bodyBytes), "buffer").copy(bytes, bodyBytes);
  return bytes;
}

/** Entries in groups, in order, that are sorted one by one: hashes are spread evenly over them. */
function* byFirstDigits(entries: readonly PackEntry[]): Steps<readonly PackEntry[][]> {
  const groups = Array.from({ length: 256 }, (): PackEntry[] => []);
  for (const [number, entry] of entries.entries()) {
    groups[Number.parseInt(entry.hash.slice(0, 2), 16)]?.push(entry);
    if (number % itemsInARow === itemsInARow - 1) yield;
  }
  return groups;
}

function writeFrame(into: Buffer, at: number, frame: PackFrame): void {
  into.writeBigUInt64LE(BigInt(frame.offset), at);
  into.writeUInt32LE(frame.length, at + 8);
  into.writeUInt32LE(frame.rawLength, at + 12);
}

function writeBlock(into: Buffer, at: number, entry: PackEntry): void {
  into.write(entry.hash, at, "hex");
  into.writeUInt32LE(entry.frame, at + 32);
  into.writeUInt32LE(entry.offset, at + 36);
  into.writeUInt32LE(entry.length, at + 40);
}

/** The index of one pack, read in place: 44 bytes a block. */
export class PackIndex {
  readonly packLength: number;
  readonly frameCount: number;
  readonly entryCount: number;
  readonly #bytes: Buffer;
  readonly #entriesAt: number;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.packLength = Number(bytes.readBigUInt64LE(8));
    this.frameCount = bytes.readUInt32LE(16);
    this.entryCount = bytes.readUInt32LE(20);
    this.#entriesAt = headBytes + this.frameCount * frameBytes;
  }

  /** Undefined for anything but a sound sidecar: it can always be rebuilt from its pack. */
  static read(sidecar: Uint8Array): PackIndex | undefined {
    const bytes = Buffer.from(sidecar.buffer, sidecar.byteOffset, sidecar.byteLength);
    if (bytes.length < headBytes + hashBytes || !bytes.subarray(0, 8).equals(magic)) {
      return undefined;
    }
    const index = new PackIndex(bytes);
    const bodyBytes = index.#entriesAt + index.entryCount * entryBytes;
    if (bytes.length !== bodyBytes + hashBytes) return undefined;
    const sum = hashOf("sha256", bytes.subarray(0, bodyBytes), "buffer");
    return sum.equals(bytes.subarray(bodyBytes)) && index.#isConsistent() ? index : undefined;
  }

  static *of(contents: PackContents): Steps<PackIndex> {
    return new PackIndex(yield* encodeSidecar(contents));
  }

  /** As it lies beside the pack. */
  get sidecar(): Uint8Array {
    return this.#bytes;
  }

  /** Whether its frames reach from the beginning of the pack to its end: else nobody knows all that the pack holds. */
  get isWhole(): boolean {
    let end = 0;
    for (let position = 0; position < this.frameCount; position += 1) {
      const { offset, length } = this.frame(position);
      if (offset !== end) return false;
      end += length;
    }
    return end === this.packLength;
  }

  frame(position: number): PackFrame {
    const at = headBytes + position * frameBytes;
    return {
      offset: Number(this.#bytes.readBigUInt64LE(at)),
      length: this.#bytes.readUInt32LE(at + 8),
      rawLength: this.#bytes.readUInt32LE(at + 12),
    };
  }

  entry(position: number): PackEntry {
    const at = this.#entriesAt + position * entryBytes;
    return {
      hash: this.#bytes.toString("hex", at, at + hashBytes),
      frame: this.#bytes.readUInt32LE(at + 32),
      offset: this.#bytes.readUInt32LE(at + 36),
      length: this.#bytes.readUInt32LE(at + 40),
    };
  }

  /** The hash of an entry, in place. */
  hashAt(position: number): Buffer {
    const at = this.#entriesAt + position * entryBytes;
    return this.#bytes.subarray(at, at + hashBytes);
  }

  /** The first 32 bits of the hash of an entry: where a table looks for it first. */
  digitsAt(position: number): number {
    return this.#bytes.readUInt32LE(this.#entriesAt + position * entryBytes);
  }

  isHashAt(position: number, hash: Buffer): boolean {
    return this.#compareAt(position, hash) === 0;
  }

  /** Position of a block by binary search; undefined where the pack does not hold it. */
  find(hash: Buffer): number | undefined {
    let low = 0;
    let high = this.entryCount - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#compareAt(middle, hash);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  #compareAt(position: number, hash: Buffer): number {
    const at = this.#entriesAt + position * entryBytes;
    return this.#bytes.compare(hash, 0, hashBytes, at, at + hashBytes);
  }

  /** Whether the hash of an entry comes after that of the one before. */
  #isBehind(position: number): boolean {
    const at = this.#entriesAt + position * entryBytes;
    const order = this.#bytes.compare(
      this.#bytes,
      at,
      at + hashBytes,
      at - entryBytes,
      at - entryBytes + hashBytes,
    );
    return order < 0;
  }

  /** A sidecar with a right sum can still come from a wrong program: nothing may point outside. */
  #isConsistent(): boolean {
    for (let position = 0; position < this.frameCount; position += 1) {
      const frame = this.frame(position);
      if (frame.offset + frame.length > this.packLength) return false;
      if (Math.max(frame.length, frame.rawLength) > frameRawMax) return false;
    }
    for (let position = 0; position < this.entryCount; position += 1) {
      const at = this.#entriesAt + position * entryBytes + hashBytes;
      const frame = this.#bytes.readUInt32LE(at);
      const end = this.#bytes.readUInt32LE(at + 4) + this.#bytes.readUInt32LE(at + 8);
      if (frame >= this.frameCount || end > this.frame(frame).rawLength) return false;
      if (position > 0 && !this.#isBehind(position)) return false;
    }
    return true;
  }
}
