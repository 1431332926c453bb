import { randomFraction, type Rng } from "../../../src/std/random.ts";

/** Choices from a source of randomness, which can be put anew. */
export class Dice {
  /** The source that is in use now. */
  readonly rng: Rng = { bytes: (count) => this.#source.bytes(count) };
  #source: Rng;

  constructor(source: Rng) {
    this.#source = source;
  }

  /** From here on everything follows from another source. */
  reseed(source: Rng): void {
    this.#source = source;
  }

  /** A whole number from 0 to below a bound. */
  below(bound: number): number {
    return Math.floor(randomFraction(this.rng) * bound);
  }

  /** True so often, from 0 never to 1 always. */
  chance(share: number): boolean {
    return randomFraction(this.rng) < share;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}
