import type { Clock } from "../../std/time.ts";
import { sweepEverySeconds } from "../limits.ts";
import type { BlockGuard } from "./block-guard.ts";
import type { Database } from "./database.ts";
import { isSweepDue, sweep } from "./sweep.ts";

/** What a sweeper works with. */
export type SweeperParts = {
  readonly database: Database;
  readonly blocksFolder: string | undefined;
  readonly guard: BlockGuard;
  readonly clock: Clock;
  readonly retentionSeconds: number;
  /** Resolves when the calls that run now are over. */
  readonly callsEnded: () => Promise<unknown>;
};

/** Sweeps a server's data once a day at most: beside calls while it runs, and when it ends. It has no timer. */
export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #ending = new AbortController();
  #sinceSeconds: number;
  #sweeping: Promise<void> | undefined;
  #failures: unknown[] = [];

  constructor(parts: SweeperParts) {
    this.#parts = parts;
    this.#sinceSeconds = this.#nowSeconds();
  }

  /** Begin a sweep when a day has passed and none runs. Called after each call; does not wait. */
  tick(): void {
    const nowSeconds = this.#nowSeconds();
    // A clock that was set back begins a new day.
    this.#sinceSeconds = Math.min(this.#sinceSeconds, nowSeconds);
    const isDue = nowSeconds - this.#sinceSeconds >= sweepEverySeconds;
    if (!isDue || this.#sweeping !== undefined || this.#ending.signal.aborted) return;
    this.#sinceSeconds = nowSeconds;
    this.#sweeping = this.#sweep(this.#ending.signal);
  }

  /**
   * Stop the sweep that runs, and sweep now if it is due. Called when no call runs any more.
   *
   * @throws what ended an earlier sweep: there was nobody to tell.
   */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#sweeping;
    if (isSweepDue(this.#parts.database, this.#nowSeconds())) {
      await this.#sweep(new AbortController().signal);
    }
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    try {
      await sweep({ ...this.#parts, signal, nowSeconds: this.#nowSeconds() });
    } catch (error) {
      this.#failures.push(error);
    } finally {
      this.#sweeping = undefined;
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}
