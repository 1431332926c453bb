/** Reads a stream by places: forward in one go, and from the start again where somebody goes back. */
export type SteppingReader = AsyncDisposable & {
  /** Up to `lengthMax` bytes from `offset`; fewer only at the end. */
  read(offset: number, lengthMax: number): Promise<Uint8Array>;
};

/** A reader of what `open` gives, the same every time. */
export function steppingReader(open: () => AsyncIterable<Uint8Array>): SteppingReader {
  return new Stepping(open);
}

class Stepping implements SteppingReader {
  readonly #open: () => AsyncIterable<Uint8Array>;
  #stream: AsyncIterator<Uint8Array> | undefined;
  /** Place of the first byte of `#ahead`. */
  #offset = 0;
  #ahead: Uint8Array = new Uint8Array();

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open;
  }

  async read(offset: number, lengthMax: number): Promise<Uint8Array> {
    if (offset < this.#offset) await this[Symbol.asyncDispose]();
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < lengthMax) {
      const chunk = await this.#chunkAt(offset + length);
      if (chunk === undefined) break;
      const part = chunk.subarray(0, lengthMax - length);
      parts.push(part);
      length += part.length;
    }
    return joined(parts, length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream?.return?.();
    this.#stream = undefined;
    this.#offset = 0;
    this.#ahead = new Uint8Array();
  }

  /** What is at hand from a place on; undefined at the end. */
  async #chunkAt(offset: number): Promise<Uint8Array | undefined> {
    this.#stream ??= this.#open()[Symbol.asyncIterator]();
    while (offset >= this.#offset + this.#ahead.length) {
      const next = await this.#stream.next();
      if (next.done === true) return undefined;
      this.#offset += this.#ahead.length;
      this.#ahead = next.value;
    }
    return this.#ahead.subarray(offset - this.#offset);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
