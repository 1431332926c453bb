import type { Clock } from "../../std/time.ts";

/** A clock that went so much more or less than it was asked to has jumped, ms (S23). */
export const clockJumpMs = 600_000;

/** The longest sleep, ms: a computer that slept itself shows it soon after it woke. */
const sleepMaxMs = 60_000;

/** Sleeps that anything may end. */
export class Rest {
  readonly #clock: Clock;
  #sleep: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** End the sleep, if there is one. */
  wake(): void {
    this.#sleep?.abort();
  }

  /**
   * Sleep until a time, at the longest; ends also by `wake`, the signal, or after a minute.
   *
   * @returns whether the clock jumped meanwhile
   */
  async until(time: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const began = this.#clock.now();
    const delay = Math.min(sleepMaxMs, Math.max(0, time - began));
    const sleep = new AbortController();
    this.#sleep = sleep;
    let isWoken = false;
    try {
      await this.#clock.sleep(delay, sleep.signal);
    } catch (error) {
      if (!sleep.signal.aborted) throw error;
      isWoken = true;
    } finally {
      this.#sleep = undefined;
    }
    const passed = this.#clock.now() - began;
    const leastMs = isWoken ? 0 : delay;
    return passed > delay + clockJumpMs || passed < leastMs - clockJumpMs;
  }
}
