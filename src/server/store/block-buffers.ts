import { blockBytes } from "../../core/tree/content-hash.ts";

/** Buffers that are kept for the next block; more than that are left to the collector. */
const keptMax = 12;

/** Blocks that are being stored at a time: one thread of Node's four stays free for everything else. */
const storingMax = 3;

/**
 * The memory that large blocks lie in while they are stored or sent (V10). It is used again, because a new buffer
 * for each would wait for the collector, in a process that has little else to collect.
 *
 * Filling a block takes memory of its own for each upload, which nobody else can hold up. Storing it takes a place,
 * and whoever has none takes no further bytes from its client: so uploads side by side need one block each, and a few
 * more.
 */
export class BlockBuffers {
  readonly #kept: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #waiting: (() => void)[] = [];
  #storing = 0;

  /** Room for so many bytes, at most a block; what it holds means nothing. */
  lend(length: number): Uint8Array<ArrayBuffer> {
    // A whole buffer is not lent for a few bytes, which somebody may keep.
    if (length <= blockBytes / 2) return new Uint8Array(length);
    const buffer = this.#kept.pop() ?? new ArrayBuffer(blockBytes);
    this.#lent.add(buffer);
    return new Uint8Array(buffer, 0, length);
  }

  /** Nobody looks any more at what lies in the memory of these bytes; what was not lent is left alone. */
  giveBack({ buffer }: Uint8Array): void {
    const wasLent = buffer instanceof ArrayBuffer && this.#lent.delete(buffer);
    if (wasLent && this.#kept.length < keptMax) this.#kept.push(buffer);
  }

  /** Do what stores a block when there is a place for it. Resolves when it has begun, with its promise. */
  async store<T>(work: () => Promise<T>): Promise<{ readonly stored: Promise<T> }> {
    if (this.#storing >= storingMax) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#storing += 1;
    return { stored: work().finally(() => this.#leave()) };
  }

  /** The place goes on to who has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#storing -= 1;
    else next();
  }
}
