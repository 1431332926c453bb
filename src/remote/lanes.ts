import {
  afterCall,
  afterThrottle,
  firstPace,
  pieceBytes,
  type Pace,
} from "../core/transfer/pace.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Clock } from "../std/time.ts";

/**
 * Bytes of bodies in memory, in one direction. `fetch` copies what goes up, so both directions together stay within the 96 MiB of
 * S107.
 */
export const laneBytesMax: number = 32 * 1024 * 1024;

type Waiting = { readonly bytes: number; readonly begin: () => void };

/**
 * The calls of one direction that carry bytes, for all files of a client: as many at once as the line and the server bear
 * (S59), and no more bytes in memory than `laneBytesMax`. Who came first goes first, so that files share the line.
 */
export class Lanes {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #pace: Pace = firstPace;
  #running = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What one call should carry now: whole blocks of 4 MiB. */
  get pieceBytes(): number {
    return pieceBytes(this.#pace);
  }

  /**
   * Run a call, its repeats included, when there is a lane for it and room for its bytes; both are given back at its end.
   *
   * @throws {SnapError} `interrupted`, and what the task throws
   */
  async run<T>(bytes: number, work: Work, task: () => Promise<T>): Promise<T> {
    await this.#enter(bytes, work);
    try {
      return await this.#timed(bytes, task);
    } finally {
      this.#running -= 1;
      this.#bytes -= bytes;
      this.#beginNext();
    }
  }

  /** A call that began then, in ms, was answered by 429 now. */
  throttled(begunAt: number): void {
    this.#pace = afterThrottle(this.#pace, { begunAt, endedAt: this.#clock.now() });
  }

  async #enter(bytes: number, { signal }: Work): Promise<void> {
    throwIfAborted(signal);
    const gate = Promise.withResolvers<boolean>();
    const waiting = { bytes, begin: () => gate.resolve(true) };
    const leave = (): void => {
      if (!this.#waiting.delete(waiting)) return;
      // Whoever stood behind may need less room.
      this.#beginNext();
      gate.resolve(false);
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#waiting.add(waiting);
    this.#beginNext();
    const hasBegun = await gate.promise;
    signal?.removeEventListener("abort", leave);
    if (!hasBegun) throwIfAborted(signal);
  }

  async #timed<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    const begunAt = this.#clock.now();
    const result = await task();
    const isBusy = this.#running >= this.#pace.parallel;
    this.#pace = afterCall(this.#pace, { begunAt, endedAt: this.#clock.now(), bytes, isBusy });
    return result;
  }

  #beginNext(): void {
    for (const waiting of this.#waiting) {
      const isRoom = this.#bytes === 0 || this.#bytes + waiting.bytes <= laneBytesMax;
      if (this.#running >= this.#pace.parallel || !isRoom) return;
      this.#waiting.delete(waiting);
      this.#running += 1;
      this.#bytes += waiting.bytes;
      waiting.begin();
    }
  }
}
