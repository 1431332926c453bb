import type { Clock } from "../../src/std/time.ts";

type Sleep = { readonly until: number; readonly delayMs: number; readonly wake: () => void };

/** A clock that stands still, and with it everybody who sleeps, until the test moves it on. */
export class HeldClock implements Clock {
  #now = Date.UTC(2026, 10, 21, 12);
  readonly #sleeps = new Set<Sleep>();
  #awaited: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleep = { until: this.#now + delayMs, delayMs, wake: resolve };
      this.#sleeps.add(sleep);
      signal?.addEventListener("abort", () => {
        this.#sleeps.delete(sleep);
        reject(signal.reason);
      });
      for (const tell of this.#awaited.splice(0)) tell();
    });
  }

  /** Resolves when somebody sleeps for this long, at once where somebody does; any time where none is named. Gives the time. */
  async sleeper(wantedMs?: number): Promise<number> {
    for (;;) {
      const sleep = [...this.#sleeps].find(
        ({ delayMs }) => wantedMs === undefined || delayMs === wantedMs,
      );
      if (sleep !== undefined) return sleep.delayMs;
      await new Promise<void>((resolve) => this.#awaited.push(resolve));
    }
  }

  /** Time goes by; those whose time has come wake. */
  advance(delayMs: number): void {
    this.#now += delayMs;
    for (const sleep of this.#sleeps) {
      if (sleep.until > this.#now) continue;
      this.#sleeps.delete(sleep);
      sleep.wake();
    }
  }
}
