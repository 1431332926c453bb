import type { PackEntry } from "../core/snapshot/pack-index.ts";
import { endOfArchive, entryContentAt, entryLength, entryName, writeEntry } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import type { FrameRoom } from "./frame-room.ts";

/** A block of at least this many bytes has a frame of its own (N16). */
export const largeBytes: number = 256 * 1024;

/**
 * The others share frames of this many raw bytes (N16): long ones for content, whose neighbours are like each other; shorter ones for
 * pages of manifests, of which one is often read alone.
 */
const groupBytes: Readonly<Record<PackKind, number>> = {
  data: 1536 * 1024,
  meta: 256 * 1024,
};

/** The last block of a group may be nearly as large as a large one; and the end of an archive fits in any case. */
export function groupRoomBytes(kind: PackKind): number {
  return groupBytes[kind] + entryLength(largeBytes) + endOfArchive.length;
}

/** A block in its raw frame. */
export type PlacedBlock = Omit<PackEntry, "frame">;

/** The tar entries of blocks, one after the other, on their way into one frame. */
export class FrameGroup {
  readonly entries: PlacedBlock[] = [];
  readonly room: FrameRoom;
  readonly #kind: PackKind;
  #length = 0;

  constructor(kind: PackKind, room: FrameRoom) {
    this.#kind = kind;
    this.room = room;
  }

  get isFull(): boolean {
    return this.#length >= groupBytes[this.#kind];
  }

  /** Bytes of the room that are filled. */
  get length(): number {
    return this.#length;
  }

  /** Copy a block in; it fits, which is up to the caller. */
  add(hash: string, content: Uint8Array): void {
    const offset = this.#length + entryContentAt;
    const name = entryName(this.#kind, hash);
    this.entries.push({ hash, offset, length: content.length });
    this.#length += writeEntry(this.room.raw, this.#length, { name, content });
  }

  /** The two zero records. */
  endArchive(): void {
    this.room.raw.set(endOfArchive, this.#length);
    this.#length += endOfArchive.length;
  }
}
