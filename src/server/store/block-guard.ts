import type { BlockHash } from "../../core/tree/content-hash.ts";

/** Blocks that one sweep remembers; when more were taken while it ran, it drops none any more. */
const takenMax = 200_000;

/**
 * Keeps calls and a sweep out of each other's way (V13): a block that a call takes in, or finds stored, stays, because the
 * call may be about to name it.
 */
export class BlockGuard {
  #taken: Set<BlockHash> | undefined;
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
