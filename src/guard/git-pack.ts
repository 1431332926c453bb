import { OpenFile } from "./open-file.ts";
import type { Bytes } from "./read-only.ts";

/** Names of so many bytes are read at once; larger indexes are searched on the disk. */
const namesBytesMax = 4 * 1024 * 1024;

const fanoutBytes = 1024;

/** Offsets that are looked at to find the last one; and of those that stand in a table of their own. */
const lookedMax = 16_000_000;
const largeLookedMax = 100_000;

/** So much of a table is held at once. */
const pieceBytes = 1024 * 1024;

/** The index of a pack: gitformat-pack(5). Versions 1 and 2 are read. */
export class PackIndex implements Disposable {
  /** Number of objects. */
  readonly count: number;
  readonly #file: OpenFile;
  readonly #hashBytes: number;
  readonly #version: 1 | 2;
  readonly #fanout: Buffer;
  #names: Buffer | undefined;

  private constructor(file: OpenFile, facts: IndexFacts) {
    this.#file = file;
    this.#hashBytes = facts.hashBytes;
    this.#version = facts.version;
    this.#fanout = facts.fanout;
    this.count = facts.fanout.readUInt32BE(fanoutBytes - 4);
  }

  /** undefined where none can be read, or where its size and its header contradict each other. */
  static open(path: Bytes, hashBytes: number): PackIndex | undefined {
    const file = OpenFile.open(path);
    if (file === undefined) return undefined;
    const facts = indexFacts(file, hashBytes);
    if (facts !== undefined) return new PackIndex(file, facts);
    file[Symbol.dispose]();
    return undefined;
  }

  /** The checksum of the pack that it was made for. */
  get packChecksum(): Buffer {
    return this.#file.readEnd(2 * this.#hashBytes).subarray(0, this.#hashBytes);
  }

  /** Where an object begins in the pack; undefined where it is not in there. */
  offsetOf(oid: Buffer): number | undefined {
    const first = oid.readUInt8(0);
    let low = first === 0 ? 0 : this.#fanout.readUInt32BE(4 * (first - 1));
    let high = this.#fanout.readUInt32BE(4 * first);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const order = Buffer.compare(oid, this.#nameAt(middle));
      if (order === 0) return this.#offsetAt(middle);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return undefined;
  }

  /** Where the last object of the pack begins, as far as its offsets are looked at: all of them, but in a vast one. */
  lastOffset(): number {
    const isFirst = this.#version === 1;
    const each = isFirst ? this.#hashBytes + 4 : 4;
    const start = isFirst ? fanoutBytes : 8 + fanoutBytes + this.count * (this.#hashBytes + 4);
    const perPiece = Math.floor(pieceBytes / each);
    const looked = Math.min(this.count, lookedMax);
    let [last, larges] = [0, 0];
    for (let first = 0; first < looked; first += perPiece) {
      const piece = this.#file.read(start + first * each, perPiece * each);
      const end = Math.min(looked - first, Math.floor(piece.length / each));
      for (let at = 0; at < end; at += 1) {
        const offset = piece.readUInt32BE(at * each);
        const isLarge = this.#version === 2 && offset >= 0x80000000;
        if (isLarge) larges += 1;
        if (larges > largeLookedMax) return last;
        last = Math.max(last, isLarge ? this.#offsetAt(first + at) : offset);
      }
    }
    return last;
  }

  #nameAt(position: number): Buffer {
    const size = this.#version === 2 ? this.#hashBytes : this.#hashBytes + 4;
    const start = this.#version === 2 ? 8 + fanoutBytes : fanoutBytes;
    const skip = this.#version === 2 ? 0 : 4;
    if (size * this.count <= namesBytesMax) {
      this.#names ??= this.#file.read(start, size * this.count);
      const at = size * position + skip;
      return this.#names.subarray(at, at + this.#hashBytes);
    }
    return this.#file.read(start + size * position + skip, this.#hashBytes);
  }

  #offsetAt(position: number): number {
    if (this.#version === 1) {
      return readUint32(this.#file, fanoutBytes + position * (this.#hashBytes + 4));
    }
    const offsets = 8 + fanoutBytes + this.count * (this.#hashBytes + 4);
    const small = readUint32(this.#file, offsets + 4 * position);
    if (small < 0x80000000) return small;
    const large = offsets + 4 * this.count + 8 * (small - 0x80000000);
    const bytes = this.#file.read(large, 8);
    return bytes.length < 8 ? Number.MAX_SAFE_INTEGER : Number(bytes.readBigUInt64BE());
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function readUint32(file: OpenFile, offset: number): number {
  const bytes = file.read(offset, 4);
  return bytes.length < 4 ? Number.MAX_SAFE_INTEGER : bytes.readUInt32BE();
}

type IndexFacts = { readonly version: 1 | 2; readonly fanout: Buffer; readonly hashBytes: number };

function indexFacts(file: OpenFile, hashBytes: number): IndexFacts | undefined {
  const head = file.read(0, 8 + fanoutBytes);
  if (head.length < 8 + fanoutBytes) return undefined;
  const isSecond = head.readUInt32BE() === 0xff744f63;
  if (isSecond && head.readUInt32BE(4) !== 2) return undefined;
  const fanout = isSecond ? head.subarray(8) : head.subarray(0, fanoutBytes);
  for (let at = 4; at < fanoutBytes; at += 4) {
    if (fanout.readUInt32BE(at) < fanout.readUInt32BE(at - 4)) return undefined;
  }
  const facts = { version: isSecond ? 2 : 1, fanout, hashBytes } as const;
  const { least, most } = sizesOf(facts);
  return file.size < least || file.size > most ? undefined : facts;
}

/** How many bytes an index has; in the second version an offset beyond 2 GiB takes eight more. */
function sizesOf({ version, fanout, hashBytes }: IndexFacts): { least: number; most: number } {
  const count = fanout.readUInt32BE(fanoutBytes - 4);
  const frame = (version === 2 ? 8 : 0) + fanoutBytes + 2 * hashBytes;
  const least = frame + count * (hashBytes + (version === 2 ? 8 : 4));
  return { least, most: version === 2 ? least + 8 * count : least };
}
