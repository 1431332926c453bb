import type { Clock } from "../../std/time.ts";
import { pace } from "./body-steps.ts";
import type { BodyStep } from "./body-steps.ts";
import { full, refill, spend, waitFor } from "./bucket.ts";
import type { Bucket, Level } from "./bucket.ts";

/** How long a piece of a body is under way at most, so that a slow line is smooth. */
const pieceMs = 50;

/** A line that carries so many bytes in a second: `n` bytes are through after `n / bytesPerSecond` seconds. */
export class Line {
  readonly bytesPerSecond: number;
  readonly #clock: Clock;
  readonly #bucket: Bucket;
  #level: Level;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#bucket = { perSecond: bytesPerSecond, burst: 0 };
    this.#level = full(this.#bucket, clock.now());
  }

  /** Send bytes behind those that are under way; the ms until they are through. */
  send(bytes: number): number {
    const now = refill(this.#bucket, this.#level, this.#clock.now());
    this.#level = spend(now, bytes);
    return waitFor(this.#bucket, this.#level, 0);
  }
}

/** A body takes as long as the slowest of the lines that it goes through; undefined where there is none. */
export function paceThrough(lines: readonly Line[], clock: Clock): BodyStep | undefined {
  if (lines.length === 0) return undefined;
  const slowest = Math.min(...lines.map(({ bytesPerSecond }) => bytesPerSecond));
  const pieceBytes = Math.max(1, Math.floor((slowest * pieceMs) / 1000));
  return pace(pieceBytes, (bytes) => Math.max(...lines.map((line) => line.send(bytes))), clock);
}
