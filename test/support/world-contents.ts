import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { ContentHash } from "../../src/core/tree/node.ts";

/** Contents that are longer are named by their hash where trees are shown. */
const shownBytesMax = 60;

/**
 * Every content that a user of the world wrote, and which of them nobody gave up knowingly: those must be somewhere at
 * the end (P1).
 */
export class Contents {
  readonly #shown = new Map<ContentHash, string>();
  readonly #owed = new Map<ContentHash, string>();
  #acts = 0;

  /** How many things users did so far. */
  get acts(): number {
    return this.#acts;
  }

  /** A user did something. */
  acted(): void {
    this.#acts += 1;
  }

  /** A user wrote this at a place that held `before`, which is thereby given up. */
  wrote(where: string, bytes: Uint8Array, before: ContentHash | undefined): void {
    this.acted();
    const hash = contentHashOf(bytes);
    if (before !== undefined) this.#owed.delete(before);
    this.#owed.set(hash, where);
    this.#shown.set(
      hash,
      bytes.length <= shownBytesMax ? new TextDecoder().decode(bytes) : `<${hash.slice(0, 8)}>`,
    );
  }

  /** A user removed or moved over this. */
  gaveUp(hash: ContentHash): void {
    this.#owed.delete(hash);
  }

  /** How a content is shown in a tree. */
  show(hash: ContentHash): string {
    return this.#shown.get(hash) ?? `<${hash.slice(0, 8)}>`;
  }

  /** Where the contents were written that are nowhere in `kept`. */
  lost(kept: ReadonlySet<ContentHash>): string[] {
    return [...this.#owed].filter(([hash]) => !kept.has(hash)).map(([, where]) => where);
  }
}
