import { blockBytes } from "../../core/tree/content-hash.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import type { BlockStore, SmallBlock } from "./blocks.ts";

/** Stored bytes as a list of 4 MiB blocks, the last one shorter. */
export type BlockList = { readonly blocks: readonly BlockHash[]; readonly size: number };

/** A block list whose small blocks wait for the transaction that names it. */
export type TakenContent = BlockList & { readonly small: readonly SmallBlock[] };

/** No bytes. */
export const emptyContent: TakenContent = { blocks: [], size: 0, small: [] };

const firstBufferBytes = 64 * 1024;

/** Cuts bytes into blocks and stores each as it fills; one block at most is in memory (V10). */
export class BlockWriter {
  readonly #store: BlockStore;
  readonly #blocks: BlockHash[];
  readonly #small: SmallBlock[] = [];
  #buffer = new Uint8Array(firstBufferBytes);
  #filled = 0;
  #size: number;

  private constructor(store: BlockStore, { blocks, size }: BlockList) {
    this.#store = store;
    this.#blocks = [...blocks];
    this.#size = size;
  }

  /** A writer that goes on behind stored bytes; a short last block is taken into memory and written again. */
  static async after(list: BlockList, store: BlockStore): Promise<BlockWriter> {
    const tail = list.size % blockBytes;
    const last = list.blocks.at(-1);
    if (tail === 0 || last === undefined) return new BlockWriter(store, list);
    const whole = { blocks: list.blocks.slice(0, -1), size: list.size - tail };
    const writer = new BlockWriter(store, whole);
    await writer.write(await store.read(last));
    return writer;
  }

  /** Take bytes; they are copied, the caller may use its buffer again. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const piece = rest.subarray(0, blockBytes - this.#filled);
      this.#makeRoom(this.#filled + piece.length);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#filled === blockBytes) await this.#endBlock();
    }
  }

  /** Store what is left. The writer is used up. */
  async finish(): Promise<TakenContent> {
    if (this.#filled > 0) await this.#endBlock();
    return { blocks: this.#blocks, size: this.#size, small: this.#small };
  }

  /** Doubling keeps small files cheap, and a body of tiny chunks linear. */
  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.min(blockBytes, Math.max(bytes, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  async #endBlock(): Promise<void> {
    const taken = await this.#store.take(this.#buffer.subarray(0, this.#filled));
    this.#blocks.push(taken.hash);
    if (taken.small !== undefined) this.#small.push(taken.small);
    this.#size += this.#filled;
    this.#filled = 0;
  }
}
