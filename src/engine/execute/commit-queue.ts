import type { IndexStore } from "../../ports.ts";
import { commitGroupMax } from "../limits.ts";

type Waiting = {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Gathers the commits of transfers that end at about the same time into one transaction each turn of the event loop, so that
 * many small files do not cost a flush of the disk each (S54).
 *
 * A commit is durable when its promise resolves. If one write throws, the whole group is rolled back and every commit in
 * it rejects: the next observation finds what was done, and adopts it (S76).
 */
export class CommitQueue {
  readonly #index: IndexStore;
  #waiting: Waiting[] = [];

  constructor(index: IndexStore) {
    this.#index = index;
  }

  commit(write: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push({ write, resolve, reject });
    return promise;
  }

  #flush(): void {
    const group = this.#waiting.splice(0, commitGroupMax);
    if (this.#waiting.length > 0) setImmediate(() => this.#flush());
    try {
      this.#index.transaction(() => {
        for (const { write } of group) write();
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}
