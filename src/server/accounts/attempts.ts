import type { Clock } from "../../std/time.ts";
import { attemptSeconds, attemptsMax } from "../limits.ts";

/** Counts attempts at a secret, so that nobody tries them all; a restart forgets. */
export class Attempts {
  readonly #clock: Clock;
  readonly #counts = new Map<string, { readonly sinceMs: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more attempt may be made now; it counts from the start, so that many at once do not slip through. */
  take(secret: string): boolean {
    const nowMs = this.#clock.now();
    const known = this.#counts.get(secret);
    const isOver = known === undefined || Math.abs(nowMs - known.sinceMs) >= attemptSeconds * 1000;
    const counted = isOver ? { sinceMs: nowMs, count: 0 } : known;
    counted.count += 1;
    this.#counts.set(secret, counted);
    return counted.count <= attemptsMax;
  }

  /** It was the right one. */
  succeed(secret: string): void {
    this.#counts.delete(secret);
  }
}
