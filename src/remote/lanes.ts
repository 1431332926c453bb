import {
  afterCall,
  afterThrottle,
  firstPace,
  partBytes,
  pieceBytes,
  type Pace,
} from "../core/transfer/pace.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Clock } from "../std/time.ts";

/** Bytes of bodies in memory, for each direction (S107). */
export const laneBytesMax: { readonly upload: number; readonly download: number } = {
  upload: 48 * 1024 * 1024,
  download: 32 * 1024 * 1024,
};

/** Part of the room that may be full before more is fetched ahead: what was freed is in memory until it is collected. */
const aheadPart = 3 / 4;

/** One lane, and room in memory, until it is disposed of. */
export interface Lane extends Disposable {
  /** Run a call that carries so many bytes, its repeats included. @throws what the task throws */
  run<T>(bytes: number, task: () => Promise<T>): Promise<T>;
}

type Waiting = { readonly bytes: number; readonly begin: () => void };

/**
 * The calls of one direction that carry bytes, for all files of a client: as many at once as the line and the server bear
 * (S59), and no more bytes in memory than it is told. Who came first goes first, so that files share the line.
 */
export class Lanes {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #waiting = new Set<Waiting>();
  #pace: Pace = firstPace;
  #running = 0;
  #readers = 0;
  #bytes = 0;

  constructor(clock: Clock, bytesMax: number) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** What one call should fetch now. */
  get pieceBytes(): number {
    return pieceBytes(this.#pace);
  }

  /** What one call should carry up now of a file that goes up in parts. */
  get partBytes(): number {
    return partBytes(this.#pace);
  }

  /**
   * Run a call, its repeats included, when there is a lane for it and room for its bytes; both are given back at its end.
   *
   * @throws {SnapError} `interrupted`, and what the task throws
   */
  async run<T>(bytes: number, work: Work, task: () => Promise<T>): Promise<T> {
    using lane = await this.enter(bytes, work);
    return await lane.run(bytes, task);
  }

  /** Wait for a lane, and for room for what its call has in memory at most. @throws {SnapError} `interrupted` */
  async enter(memory: number, work: Work): Promise<Lane> {
    await this.#waitInLine(memory, work);
    return {
      run: (bytes, task) => this.#timed(bytes, task),
      [Symbol.dispose]: () => {
        this.#running -= 1;
        this.free(memory);
      },
    };
  }

  /**
   * Take room for bytes that stay in memory longer than their call. False where there is neither room nor a lane now: nobody
   * waits while he holds some, so no two wait for each other.
   *
   * @param isNeeded nothing goes on without them: they are taken in any case
   */
  take(bytes: number, { isNeeded }: { readonly isNeeded: boolean }): boolean {
    const isRoom = this.#bytes + bytes <= this.#bytesMax * aheadPart;
    const isLane = this.#running < this.#pace.parallel;
    if (!isNeeded && !(isRoom && isLane)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Run the call for bytes that were taken, at once. */
  async runTaken<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await this.#timed(bytes, task);
    } finally {
      this.#running -= 1;
      this.#beginNext();
    }
  }

  /** So many large files come down at once, until they are disposed of. */
  get readers(): number {
    return this.#readers;
  }

  /** One more large file comes down. */
  read(): Disposable {
    this.#readers += 1;
    return {
      [Symbol.dispose]: () => {
        this.#readers -= 1;
      },
    };
  }

  /** Give room back that was taken. */
  free(bytes: number): void {
    this.#bytes -= bytes;
    this.#beginNext();
  }

  /** A call that began then, in ms, was answered by 429 now. */
  throttled(begunAt: number): void {
    this.#pace = afterThrottle(this.#pace, { begunAt, endedAt: this.#clock.now() });
  }

  async #waitInLine(bytes: number, { signal }: Work): Promise<void> {
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
      const isRoom = this.#bytes === 0 || this.#bytes + waiting.bytes <= this.#bytesMax;
      if (this.#running >= this.#pace.parallel || !isRoom) return;
      this.#waiting.delete(waiting);
      this.#running += 1;
      this.#bytes += waiting.bytes;
      waiting.begin();
    }
  }
}
