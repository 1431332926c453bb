import { BlockSet } from "../core/snapshot/block-set.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { ContentElsewhere, LastCopy } from "../core/snapshot/keep-request.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { blockBytes } from "../core/tree/content-hash.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { blocksIn, newPages } from "./live-pages.ts";
import type { Packs } from "./packs.ts";

/** Paths that are named of each snapshot. */
const pathsNamedMax = 5;

/** Which snapshots are to go, which stay, and what is known of content outside the store. */
export type LastCopyQuestion = Work & {
  readonly packs: Packs;
  readonly forgotten: readonly SnapshotRoot[];
  readonly kept: readonly SnapshotRoot[];
  readonly elsewhere: ContentElsewhere;
  /** Called at every step. */
  readonly onStep: () => Promise<void>;
};

/**
 * Content that only snapshots hold which are to be forgotten (N55), told of the newest of them. What of a manifest cannot be
 * read holds nothing: neither is it a copy to rely on, nor one to be lost.
 */
export async function lastCopies(question: LastCopyQuestion): Promise<readonly LastCopy[]> {
  const { packs, forgotten, kept, signal } = question;
  const { index } = packs.data.catalogue;
  const walk = {
    meta: packs.meta.reader,
    seen: new BlockSet(packs.meta.catalogue.index),
    onDamage: () => {},
  };
  const held = new BlockSet(index);
  for (const [done, { lists }] of kept.entries()) {
    tellStep(question, done);
    for await (const { entries } of newPages(walk, lists)) {
      throwIfAborted(signal);
      await question.onStep();
      for (const block of blocksIn(entries)) held.add(block);
    }
  }
  const found: LastCopy[] = [];
  for (const root of forgotten.toReversed()) {
    const tally = new LastCopyTally(held, question.elsewhere);
    for await (const { entries } of newPages(walk, root.lists)) {
      throwIfAborted(signal);
      await question.onStep();
      for (const entry of entries) tally.add(entry);
    }
    if (tally.files > 0) found.push({ id: root.id, ...tally.facts });
  }
  return found.toReversed();
}

function tellStep({ kept, onProgress }: LastCopyQuestion, done: number): void {
  const total = kept.length;
  onProgress?.({ step: "look for other copies", done, total, bytes: 0, bytesTotal: undefined });
}

class LastCopyTally {
  readonly #held: BlockSet;
  readonly #elsewhere: ContentElsewhere;
  readonly #paths: string[] = [];
  #bytes = 0;
  files = 0;

  constructor(held: BlockSet, elsewhere: ContentElsewhere) {
    this.#held = held;
    this.#elsewhere = elsewhere;
  }

  get facts(): Pick<LastCopy, "bytes" | "files" | "paths"> {
    return { bytes: this.#bytes, files: this.files, paths: this.#paths };
  }

  /** Blocks that are lost already cannot be lost again, and each counts once. */
  add({ path, blocks = [], size = 0, hash }: SnapshotEntry): void {
    if (blocks.every((block) => this.#held.has(block))) return;
    if (hash !== undefined && this.#elsewhere(hash)) return;
    let bytes = 0;
    for (const [place, block] of blocks.entries()) {
      const isFirst = this.#held.add(block) === true;
      if (isFirst) bytes += Math.min(blockBytes, size - place * blockBytes);
    }
    if (bytes === 0) return;
    this.#bytes += bytes;
    this.files += 1;
    if (this.#paths.length < pathsNamedMax) this.#paths.push(path);
  }
}
