import type { ReadBlock } from "./stable-read.ts";
import type { UnitCaptureParts } from "./unit-capture.ts";

/** What the blocks of a unit go through. */
export type UnitKeeperParts = Pick<UnitCaptureParts, "data" | "onBlock" | "pauses">;

/**
 * Puts the blocks of one unit into packs, and tells its own failures, which end the capture, from those of the repository. Between
 * two blocks the capture may pause, in the middle of a file as well: what was written to the repository meanwhile shows when it is
 * looked at again, as it does without a pause (N44).
 */
export class UnitKeeper {
  readonly #path: string;
  readonly #parts: UnitKeeperParts;
  #failure: unknown;

  /** @param path of the unit */
  constructor(path: string, parts: UnitKeeperParts) {
    this.#path = path;
    this.#parts = parts;
  }

  /** Not before the one before was kept. */
  async keep({ hash, bytes }: ReadBlock): Promise<void> {
    const { data, onBlock, pauses } = this.#parts;
    try {
      await data.add(hash, bytes);
      if (data.isFull) await data.rotate();
      await onBlock(this.#path, bytes.length);
      await pauses.pause();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  failed(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure === error;
  }
}
