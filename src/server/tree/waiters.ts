/** Calls that wait until something changes in a namespace (V32). */
export class Waiters {
  readonly #looking = new Map<number, Set<() => void>>();
  #count = 0;
  #isClosed = false;

  /** How many wait. */
  get count(): number {
    return this.#count;
  }

  /** The server ends: nobody is to wait any longer. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Something may have been written to the namespace of an account: all who wait for it look. */
  wake(account: number): void {
    for (const look of this.#looking.get(account) ?? []) look();
  }

  /** Call `look` at each change, and when the server ends; the returned function forgets it. */
  watch(account: number, look: () => void): () => void {
    const looking = this.#looking.get(account) ?? new Set();
    this.#looking.set(account, looking.add(look));
    this.#count += 1;
    return () => {
      if (!looking.delete(look)) return;
      this.#count -= 1;
      if (looking.size === 0) this.#looking.delete(account);
    };
  }

  /** All who wait look, and find that the server ends. */
  close(): void {
    this.#isClosed = true;
    for (const account of this.#looking.keys()) this.wake(account);
  }
}
