import type { GitObject } from "./git-pack-read.ts";

/** What is held together, and of one object. Bytes. */
const heldBytesMax = 32 * 1024 * 1024;
const objectBytesMax = 1024 * 1024;

/** Objects of one pack that were rebuilt last, by where they begin: the next ones are often made from them. */
export class BaseCache {
  readonly #held = new Map<number, GitObject>();
  #bytes = 0;

  /** undefined where it is not held. */
  get(offset: number): GitObject | undefined {
    return this.#held.get(offset);
  }

  /** Hold an object for a while; the oldest ones go. */
  hold(offset: number, object: GitObject): void {
    const { length } = object.content;
    if (length > objectBytesMax || this.#held.has(offset)) return;
    this.#held.set(offset, object);
    this.#bytes += length;
    for (const [oldest, { content }] of this.#held) {
      if (this.#bytes <= heldBytesMax) return;
      this.#held.delete(oldest);
      this.#bytes -= content.length;
    }
  }
}
