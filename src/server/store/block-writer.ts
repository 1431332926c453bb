import { blockBytes } from "../../core/tree/content-hash.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import type { BlockStore, SmallBlock, TakenBlock } from "./blocks.ts";

/** Stored bytes as a list of 4 MiB blocks, the last one shorter. */
export type BlockList = { readonly blocks: readonly BlockHash[]; readonly size: number };

/** A block list whose small blocks wait for the transaction that names it. */
export type TakenContent = BlockList & { readonly small: readonly SmallBlock[] };

/** No bytes. */
export const emptyContent: TakenContent = { blocks: [], size: 0, small: [] };

/** The room that a body begins with, unless its first bytes need more. */
const firstBufferBytes = 4 * 1024;

/** Up to here room is doubled; behind it follows that for a whole block. */
const grownBytesMax = 256 * 1024;

/**
 * Cuts bytes into blocks and stores each as it fills, while the next one fills (V10).
 *
 * Every block is durable when `finish` returns (V13). Disposing of a writer waits for what is still being stored, so
 * that an upload that breaks off leaves nothing running.
 */
export class BlockWriter implements AsyncDisposable {
  readonly #store: BlockStore;
  readonly #before: BlockList;
  readonly #taken: Promise<TakenBlock>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #buffer = new Uint8Array(0);
  #filled = 0;
  #added = 0;

  private constructor(store: BlockStore, before: BlockList) {
    this.#store = store;
    this.#before = before;
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

  /**
   * Take bytes; they are copied, the caller may use its buffer again.
   *
   * @throws {WriteFailure} `insufficient_space`, also when an earlier block found none.
   */
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

  /**
   * Store what is left. The writer is used up.
   *
   * @throws {WriteFailure} `insufficient_space`.
   */
  async finish(): Promise<TakenContent> {
    if (this.#filled > 0) await this.#endBlock();
    const taken = await Promise.all(this.#taken);
    await this.#store.settle(taken);
    return {
      blocks: [...this.#before.blocks, ...taken.map(({ hash }) => hash)],
      size: this.#before.size + this.#added,
      small: taken.flatMap(({ small }) => small ?? []),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#store.buffers.giveBack(this.#buffer);
    this.#buffer = new Uint8Array(0);
    await Promise.allSettled(this.#taken);
  }

  /** Doubling keeps small files cheap, and a body of tiny chunks linear. */
  #makeRoom(bytes: number): void {
    const { length } = this.#buffer;
    if (bytes <= length) return;
    const larger =
      bytes > grownBytesMax
        ? this.#store.buffers.lend(blockBytes)
        : new Uint8Array(Math.max(bytes, Math.min(grownBytesMax, length * 2), firstBufferBytes));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  /** Begin to store the block; its buffer is free again once it is through. */
  async #endBlock(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const buffer = this.#buffer;
    const block = buffer.subarray(0, this.#filled);
    this.#added += this.#filled;
    this.#filled = 0;
    this.#buffer = new Uint8Array(0);
    const store = this.#store;
    const { stored } = await store.buffers.store(() => store.take(block));
    this.#taken.push(stored);
    void this.#whenStored(stored, buffer);
  }

  async #whenStored(stored: Promise<unknown>, buffer: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await stored;
    } catch (error) {
      // Whoever writes next or finishes is told; until then nobody waits for it.
      this.#failure ??= { error };
    } finally {
      this.#store.buffers.giveBack(buffer);
    }
  }
}
