import type { BlockHash } from "../../core/tree/content-hash.ts";

/** Blocks that one sweep remembers; when more were taken while it ran, it drops none any more. */
const takenMax = 200_000;

/** An answer whose bytes are read from these blocks, little by little. */
export type Reading = {
  readonly blocks: readonly BlockHash[];
  /** The store ends, and the rest of the bytes cannot be had. */
  readonly stop: (error: Error) => void;
};

/**
 * Keeps calls and a sweep out of each other's way (V13): a block that a call takes in, or finds stored, stays, because the
 * call may be about to name it; and what an answer is being read from stays as long as that lasts, however long.
 */
export class BlockGuard {
  #taken: Set<BlockHash> | undefined;
  readonly #readings = new Set<Reading>();
  #dropping: { readonly hash: BlockHash; readonly end: Promise<void> } | undefined;

  /** From here until `endSweep` all blocks that are taken are spared. */
  beginSweep(): void {
    this.#taken = new Set();
  }

  endSweep(): void {
    this.#taken = undefined;
  }

  /** A call takes this block: no sweep drops it from here on. One that is just dropping it has to be waited for. */
  spare(hash: BlockHash): void {
    if (this.#taken !== undefined && this.#taken.size <= takenMax) this.#taken.add(hash);
  }

  /** No sweep drops these blocks before the returned function is called. */
  beginReading(reading: Reading): () => void {
    this.#readings.add(reading);
    if (this.#taken !== undefined) for (const hash of reading.blocks) this.spare(hash);
    return () => void this.#readings.delete(reading);
  }

  /** The blocks of all readings under way. */
  blocksRead(): readonly BlockHash[] {
    return [...this.#readings].flatMap(({ blocks }) => blocks);
  }

  /** Stop all readings under way. */
  stopReadings(error: Error): void {
    for (const reading of this.#readings) reading.stop(error);
    this.#readings.clear();
  }

  /** Resolves when this block is not being dropped. */
  async settled(hash: BlockHash): Promise<void> {
    if (this.#dropping?.hash === hash) await this.#dropping.end;
  }

  /** Whether a call has taken this block since the sweep began, or so many were taken that nobody knows. */
  isSpared(hash: BlockHash): boolean {
    const taken = this.#taken;
    return taken === undefined || taken.size > takenMax || taken.has(hash);
  }

  /** Drop a block by `work` unless it is spared; one at a time. */
  async drop(hash: BlockHash, work: () => Promise<void>): Promise<void> {
    if (this.isSpared(hash)) return;
    const dropped = work();
    // Whoever stores the block again goes on whether or not it could be dropped.
    this.#dropping = { hash, end: dropped.catch(() => {}) };
    try {
      await dropped;
    } finally {
      this.#dropping = undefined;
    }
  }
}
