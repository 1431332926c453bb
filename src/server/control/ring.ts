/** Characters of a path that are remembered: a client may send megabytes. */
const pathCharactersMax = 1_000;

/** A path as it is remembered; a copy, because a part of a text keeps the whole text in memory. */
export function rememberedPath(path: string | undefined): string | undefined {
  if (path === undefined || path.length <= pathCharactersMax) return path;
  return `${Buffer.from(path.slice(0, pathCharactersMax)).toString()}…`;
}

/** The last values of an endless row; older ones are forgotten. */
export class Ring<T> {
  readonly #sizeMax: number;
  #values: T[] = [];
  /** Where the oldest value is, once the ring is full. */
  #start = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  push(value: T): void {
    if (this.#values.length < this.#sizeMax) {
      this.#values.push(value);
    } else if (this.#sizeMax > 0) {
      this.#values[this.#start] = value;
      this.#start = (this.#start + 1) % this.#sizeMax;
    }
  }

  /** The values, oldest first. */
  list(): readonly T[] {
    return [...this.#values.slice(this.#start), ...this.#values.slice(0, this.#start)];
  }

  clear(): void {
    this.#values = [];
    this.#start = 0;
  }
}
