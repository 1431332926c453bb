import { BlockSet } from "../core/snapshot/block-set.ts";
import { ContentIndex } from "../core/snapshot/content-index.ts";
import { contentHashOfBlocks } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { throwIfAborted } from "../std/error.ts";
import { turn } from "../std/turn.ts";
import { newPages } from "./live-pages.ts";
import type { Packs } from "./packs.ts";
import type { FoundRoot } from "./root-files.ts";

/** Blocks that are taken in between two turns. */
const blocksBetween = 2048;

/** What knows the contents of a store. */
export type KnownContentsParts = {
  readonly packs: Packs;
  readonly roots: readonly FoundRoot[];
  readonly signal?: AbortSignal | undefined;
};

/**
 * The block lists of all contents that the store holds, for thin entries (N40): of one block by the block itself, whether or not a
 * snapshot names it yet, and of several by the snapshots. Built when first asked; pages that snapshots share are read once.
 */
export class KnownContents {
  readonly #parts: KnownContentsParts;
  #built: Promise<ContentIndex> | undefined;

  constructor(parts: KnownContentsParts) {
    this.#parts = parts;
  }

  /** Undefined where no content of this hash and so many bytes is known. @throws {SnapError} `interrupted` */
  async blocksOf(content: ContentHash, size: number): Promise<readonly BlockHash[] | undefined> {
    if (size === 0) return content === contentHashOfBlocks([]) ? [] : undefined;
    this.#built ??= this.#build();
    return (await this.#built).find(content, size);
  }

  async #build(): Promise<ContentIndex> {
    const known = new ContentIndex(this.#parts.packs.data.catalogue.index);
    await this.#addBlocks(known);
    await this.#addFiles(known);
    return known;
  }

  /** Each block is a content. */
  async #addBlocks(known: ContentIndex): Promise<void> {
    const { packs, signal } = this.#parts;
    let between = 0;
    for (const [, pack] of packs.data.catalogue.index.packs()) {
      for (let position = 0; position < pack.entryCount; position += 1) {
        const block = pack.hashAt(position).toString("hex");
        known.add(contentHashOfBlocks([block]), [block]);
        between += 1;
        if (between % blocksBetween > 0) continue;
        throwIfAborted(signal);
        await turn();
      }
    }
  }

  /** What cannot be read is not known; `verify` is where damage is told. */
  async #addFiles(known: ContentIndex): Promise<void> {
    const { packs, roots, signal } = this.#parts;
    const seen = new BlockSet(packs.meta.catalogue.index);
    const walk = { meta: packs.meta.reader, seen, onDamage: () => {} };
    const lists = roots.flatMap(({ root }) => root?.lists ?? []);
    for await (const { entries } of newPages(walk, lists)) {
      throwIfAborted(signal);
      for (const { hash, blocks = [] } of entries) {
        if (hash !== undefined && blocks.length > 1) known.add(hash, blocks);
      }
    }
  }
}
