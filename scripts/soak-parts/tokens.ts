const padMax = 4_093;
const largeBytes = 9 * 1024 * 1024;

/** Contents that exist once, each of another length than those before it, so that none is taken for another. */
export class Tokens {
  readonly #seed: number;
  readonly #largeEvery: number;
  count = 0;
  #names = 0;

  /** @param largeEvery every so many contents is one that goes up in parts */
  constructor(seed: number, largeEvery: number = Infinity) {
    this.#seed = seed;
    this.#largeEvery = largeEvery;
  }

  next(): Buffer {
    const count = (this.count += 1);
    const pad = (count % padMax) + (count % this.#largeEvery === 0 ? largeBytes : 0);
    return Buffer.from(`${this.#seed}:${count} `.padEnd(pad + 24, "."));
  }

  /** A part of a name that nothing else has. */
  name(): string {
    this.#names += 1;
    return `${this.#names}`;
  }
}
