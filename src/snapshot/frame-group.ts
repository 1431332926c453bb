import type { PackEntry } from "../core/snapshot/pack-index.ts";
import { endOfArchive, entryContentAt, entryLength, entryName, writeEntry } from "./frame.ts";
import type { PackKind } from "./frame.ts";

/** Small blocks share frames of this many raw bytes (N16). */
export const groupBytes: number = 256 * 1024;

/** The last block of a group may be nearly as large as the group; and the end of an archive fits in any case. */
const roomBytes: number = groupBytes + entryLength(groupBytes) + endOfArchive.length;

/** A block in its raw frame. */
export type PlacedBlock = Omit<PackEntry, "frame">;

/** The tar entries of small blocks, one after the other, on their way into one frame. */
export class FrameGroup {
  readonly entries: PlacedBlock[] = [];
  readonly #kind: PackKind;
  readonly #rooms: Buffer[];
  readonly #room: Buffer;
  #length = 0;

  /** @param rooms memory that other groups do not need any more */
  constructor(kind: PackKind, rooms: Buffer[]) {
    this.#kind = kind;
    this.#rooms = rooms;
    this.#room = rooms.pop() ?? Buffer.allocUnsafeSlow(roomBytes);
  }

  /** Its bytes are not needed any more. */
  release(): void {
    this.#rooms.push(this.#room);
  }

  get isFull(): boolean {
    return this.#length >= groupBytes;
  }

  /** A view of what is in it. */
  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }

  /** Copy a block in; it is smaller than a group, and the group is not full. */
  add(hash: string, content: Uint8Array): void {
    const offset = this.#length + entryContentAt;
    const name = entryName(this.#kind, hash);
    this.entries.push({ hash, offset, length: content.length });
    this.#length += writeEntry(this.#room, this.#length, { name, content });
  }

  /** The two zero records. */
  endArchive(): void {
    this.#room.set(endOfArchive, this.#length);
    this.#length += endOfArchive.length;
  }
}
