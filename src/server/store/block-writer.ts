import { blockBytes } from "../../core/tree/content-hash.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import type { BlockStore, SmallBlock, TakenBlock } from "./blocks.ts";

/** Stored bytes as a list of 4 MiB blocks, the last one shorter. */
export type BlockList = { readonly blocks: readonly BlockHash[]; readonly size: number };

/** A block list whose small blocks wait for the transaction that names it. */
export type TakenContent = BlockList & { readonly small: readonly SmallBlock[] };

/** No bytes. */
export const emptyContent: TakenContent = { blocks: [], size: 0, small: [] };

const firstBufferBytes = 64 * 1024;

/** Blocks of one writer that are being stored at a time: the disk takes two in less time than one after the other. */
const storingMax = 2;

/**
 * Cuts bytes into blocks and stores each as it fills, while the next ones fill: three blocks at most are in memory
 * (V10).
 *
 * Every block is durable when `finish` returns (V13). Disposing of a writer waits for what is still being stored, so
 * that an upload that breaks off leaves nothing running.
 */
export class BlockWriter implements AsyncDisposable {
  readonly #store: BlockStore;
  readonly #before: BlockList;
  readonly #taken: Promise<TakenBlock>[] = [];
  /** What blocks that are being stored lie in, in order; the oldest fills again once its block is through. */
  readonly #lent: Uint8Array<ArrayBuffer>[] = [];
  #buffer = new Uint8Array(firstBufferBytes);
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
    return {
      blocks: [...this.#before.blocks, ...taken.map(({ hash }) => hash)],
      size: this.#before.size + this.#added,
      small: taken.flatMap(({ small }) => small ?? []),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#taken);
  }

  /** Doubling keeps small files cheap, and a body of tiny chunks linear. */
  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.min(blockBytes, Math.max(bytes, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  /** Begin to store the block; its buffer is lent until it is through. */
  async #endBlock(): Promise<void> {
    const taken = this.#store.take(this.#buffer.subarray(0, this.#filled));
    taken.catch(() => {
      // Whoever writes next or finishes is told; until then nobody waits for it.
    });
    this.#taken.push(taken);
    this.#lent.push(this.#buffer);
    this.#added += this.#filled;
    this.#filled = 0;
    this.#buffer = new Uint8Array(0);
    if (this.#lent.length <= storingMax) return;
    await this.#taken.at(-1 - storingMax);
    this.#buffer = this.#lent.shift() ?? this.#buffer;
  }
}
