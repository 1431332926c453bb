import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { delayMaxMs } from "../std/back-off.ts";

/** Calls that a server throttles together, and that fail together (S84). */
export type Endpoint = "list" | "upload" | "download" | "write" | "notify" | "other";

/** Transient errors that follow each other in one class, and how long no call of it is made then (S84). */
const errorsInRowMax = 5;
const openMs = 30_000;

type State = {
  errorsInRow: number;
  /** No call before, ms since 1970; never before the last failure. */
  closedUntil: number;
};

/**
 * Keeps calls away from a class of endpoints that asked for time, or fails again and again; the other classes go on (S84).
 * One for all calls of a client.
 */
export class Breakers {
  readonly #clock: Clock;
  readonly #states = new Map<Endpoint, State>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Wait until a call of this class may be made.
   *
   * @throws {SnapError} `throttled` where that is longer than a call ever waits, `interrupted`
   */
  async pass(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
    const state = this.#stateOf(endpoint);
    // Another call may have met a longer wait meanwhile.
    for (let waitMs = this.#waitOf(state); waitMs > 0; waitMs = this.#waitOf(state)) {
      if (waitMs > delayMaxMs) throw closedFor(waitMs);
      try {
        await this.#clock.sleep(waitMs, signal);
      } catch (reason) {
        throwIfAborted(signal);
        throw reason;
      }
    }
  }

  /** The server answered, in whatever way that is not transient. */
  succeeded(endpoint: Endpoint): void {
    this.#stateOf(endpoint).errorsInRow = 0;
  }

  /** A call ended in an error, which says whether the class is in trouble. */
  failed(endpoint: Endpoint, error: unknown): void {
    if (!isSnapError(error) || error.class !== "transient") return this.succeeded(endpoint);
    const state = this.#stateOf(endpoint);
    const now = this.#clock.now();
    // Failures far apart are no row, like waits for news that are cut off once a minute.
    state.errorsInRow = now - state.closedUntil < openMs ? state.errorsInRow + 1 : 1;
    const asked = (error.retryAfterSeconds ?? 0) * 1_000;
    const pauseMs = Math.max(asked, state.errorsInRow >= errorsInRowMax ? openMs : 0);
    state.closedUntil = Math.max(state.closedUntil, now + pauseMs);
  }

  #waitOf(state: State): number {
    return state.closedUntil - this.#clock.now();
  }

  #stateOf(endpoint: Endpoint): State {
    const known = this.#states.get(endpoint);
    if (known !== undefined) return known;
    const state = { errorsInRow: 0, closedUntil: 0 };
    this.#states.set(endpoint, state);
    return state;
  }
}

function closedFor(waitMs: number): SnapError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new SnapError("throttled", `Dropbox asked to be left alone for ${seconds} seconds`, {
    retryAfterSeconds: seconds,
    hint: "Wait a while, then run the same command again.",
  });
}
