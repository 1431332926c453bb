import { endOfArchive, entryLength } from "./frame.ts";
import { blockBytes } from "../core/tree/content-hash.ts";

/** What is added to a raw frame for its compressed form, which is longer where it cannot be compressed. */
const growthBytes = 64 * 1024;

/** Memory of one frame that threads share: its tar entries, and its compressed form. */
export type FrameRoom = { readonly raw: Buffer; readonly packed: Uint8Array };

/** The memory of frames under way. It is used again and again: what is under way at once bounds it (N6). */
export class FrameRooms {
  readonly #sizes: readonly number[];
  readonly #free: FrameRoom[] = [];

  /** @param groupBytes the longest frame of small blocks; a large block has a larger one */
  constructor(groupBytes: number) {
    this.#sizes = [groupBytes, entryLength(blockBytes) + endOfArchive.length];
  }

  /** A room for so many raw bytes, from one that was given back if possible. */
  take(bytes: number): FrameRoom {
    const size = this.#sizes.find((one) => one >= bytes) ?? bytes;
    const at = this.#free.findIndex(({ raw }) => raw.length === size);
    const [free] = at < 0 ? [] : this.#free.splice(at, 1);
    if (free !== undefined) return free;
    return {
      raw: Buffer.from(new SharedArrayBuffer(size)),
      packed: new Uint8Array(new SharedArrayBuffer(size + growthBytes)),
    };
  }

  /** Its bytes are not needed any more. */
  give(room: FrameRoom): void {
    this.#free.push(room);
  }
}
