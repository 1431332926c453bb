import { comparePaths } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { Runs } from "../std/runs.ts";

/** Entries in path order, asked for by paths in path order. */
export class EntryCursor implements AsyncDisposable {
  readonly #runs: AsyncIterator<readonly SnapshotEntry[]>;
  #run: readonly SnapshotEntry[] = [];
  #at = 0;
  #isOver = false;

  constructor(entries: Runs<SnapshotEntry>) {
    this.#runs = entries[Symbol.asyncIterator]();
  }

  /** The entry at each of some paths, which come after every path that was asked for before. */
  async atEach(paths: readonly string[]): Promise<readonly (SnapshotEntry | undefined)[]> {
    const found: (SnapshotEntry | undefined)[] = [];
    for (const path of paths) {
      this.#pass(path);
      while (this.#at === this.#run.length && !this.#isOver) {
        await this.#next();
        this.#pass(path);
      }
      const head = this.#run[this.#at];
      found.push(head?.path === path ? head : undefined);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runs.return?.();
  }

  #pass(path: string): void {
    for (; this.#at < this.#run.length; this.#at += 1) {
      const head = this.#run[this.#at];
      if (head !== undefined && comparePaths(head.path, path) >= 0) return;
    }
  }

  async #next(): Promise<void> {
    const step = await this.#runs.next();
    this.#isOver = step.done === true;
    this.#run = step.done === true ? [] : step.value;
    this.#at = 0;
  }
}
