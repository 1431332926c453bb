import { comparePaths } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";

/** Entries in path order, asked for by paths in path order. */
export class EntryCursor {
  readonly #entries: AsyncIterator<SnapshotEntry>;
  #head: SnapshotEntry | undefined;
  #isOver = false;

  constructor(entries: AsyncIterable<SnapshotEntry>) {
    this.#entries = entries[Symbol.asyncIterator]();
  }

  /** The entry at a path, which comes after every path that was asked for before. */
  async at(path: string): Promise<SnapshotEntry | undefined> {
    while (!this.#isOver && (this.#head === undefined || comparePaths(this.#head.path, path) < 0)) {
      const step = await this.#entries.next();
      this.#isOver = step.done === true;
      this.#head = step.done === true ? undefined : step.value;
    }
    return this.#head?.path === path ? this.#head : undefined;
  }
}
