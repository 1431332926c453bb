/** Calls that wait until something changes in a namespace (V32). */
export class Waiters {
  readonly #waiting = new Map<number, Set<() => void>>();

  /** How many wait. */
  get count(): number {
    let count = 0;
    for (const waiting of this.#waiting.values()) count += waiting.size;
    return count;
  }

  /** Something was written to the namespace of an account: all who wait for it go on. */
  wake(account: number): void {
    const waiting = this.#waiting.get(account);
    this.#waiting.delete(account);
    for (const goOn of waiting ?? []) goOn();
  }

  /** Call `goOn` once at the next change; the returned function forgets the waiting. */
  wait(account: number, goOn: () => void): () => void {
    const waiting = this.#waiting.get(account) ?? new Set();
    this.#waiting.set(account, waiting.add(goOn));
    return () => {
      waiting.delete(goOn);
      if (waiting.size === 0 && this.#waiting.get(account) === waiting) {
        this.#waiting.delete(account);
      }
    };
  }
}
