import {
  emptyBucket,
  filled,
  pacedBytes,
  spent,
  waitOf,
  type Bucket,
} from "../core/transfer/bucket.ts";
import type { Clock } from "../std/time.ts";

/** What a direction may carry: bytes a second; undefined where it has no limit. */
export type RateNow = () => number | undefined;

/** The limits that hold now, for the bodies that begin now: absent where a direction has none. */
export type LimitsNow = () => { readonly upload?: Throttle; readonly download?: Throttle };

type Waiting = { readonly body: number; readonly bytes: number; readonly go: () => void };

/** No wait is longer than this before the limit is looked at again, ms: it may be another one by then. */
const lookAgainMs = 1_000;

/**
 * One direction of the line, shared by all bodies that travel in it. The body that began first goes first: one that has begun is
 * never left hanging for those behind it, which a server would take for a dead connection.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #rate: RateNow;
  #bucket: Bucket;
  #bodies = 0;
  readonly #waiting = new Set<Waiting>();
  /** Ends the sleep of those who wait, when nobody does any more; undefined where nobody does. */
  #asleep: AbortController | undefined;

  constructor(clock: Clock, rate: RateNow) {
    this.#clock = clock;
    this.#rate = rate;
    this.#bucket = emptyBucket(clock.now());
  }

  /** Bytes of one piece now; undefined where there is no limit any more. */
  get pieceBytes(): number | undefined {
    const rate = this.#rate();
    return rate === undefined ? undefined : pacedBytes(rate);
  }

  /** The place of a new body among the others. */
  begin(): number {
    this.#bodies += 1;
    return this.#bodies;
  }

  /** Resolves when a piece of a body may go. @throws the reason of the signal, at once when it fires */
  async pass(
    piece: { readonly body: number; readonly bytes: number },
    signal?: AbortSignal | null,
  ): Promise<void> {
    const gate = Promise.withResolvers<void>();
    const waiting = { ...piece, go: gate.resolve };
    const leave = (): void => {
      this.#waiting.delete(waiting);
      if (this.#waiting.size === 0) this.#asleep?.abort();
      gate.reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#waiting.add(waiting);
    if (this.#asleep === undefined) void this.#serve();
    try {
      await gate.promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** Until nobody waits. */
  async #serve(): Promise<void> {
    this.#asleep = new AbortController();
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        await this.#sleep(Math.min(waitMs, lookAgainMs));
        continue;
      }
      this.#bucket = spent(this.#bucket, next.bytes);
      this.#waiting.delete(next);
      next.go();
    }
    this.#asleep = undefined;
  }

  #waitMs(): number {
    const rate = this.#rate();
    const now = this.#clock.now();
    if (rate === undefined) {
      this.#bucket = emptyBucket(now);
      return 0;
    }
    this.#bucket = filled(this.#bucket, rate, now);
    return waitOf(this.#bucket, rate);
  }

  async #sleep(delayMs: number): Promise<void> {
    try {
      await this.#clock.sleep(delayMs, this.#asleep?.signal);
    } catch {
      // The last one who waited has left; whoever came since is served from here on.
      this.#asleep = new AbortController();
    }
  }

  #first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (first === undefined || waiting.body < first.body) first = waiting;
    }
    return first;
  }
}
