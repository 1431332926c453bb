import type { Clock } from "../../src/std/time.ts";

/** A clock that stands still except where somebody sleeps: a sleep ends at once and moves it on. */
export class TestClock implements Clock {
  /** Every delay that was asked for, in ms. */
  readonly slept: number[] = [];
  #now: number;

  constructor(startMs: number = Date.UTC(2026, 10, 21, 12)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  advance(delayMs: number): void {
    this.#now += delayMs;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    // oxlint-disable-next-line typescript/only-throw-error -- the contract of `Clock`: the signal's own reason
    if (signal?.aborted) throw signal.reason;
    this.slept.push(delayMs);
    this.advance(delayMs);
    await Promise.resolve();
  }
}
