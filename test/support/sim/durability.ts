import { randomFraction, type Rng } from "../../../src/std/random.ts";
import type { Inode } from "./inode.ts";

/** One change of names that a power cut may undo as long as no `fsync` has made it last. */
export type NameChange = {
  /** Folders and inodes it touched. */
  readonly touched: readonly Inode[];
  undo(): void;
};

/**
 * What a power cut would take back (S111). A change of names lasts when a folder that it touched is written out; then so do
 * all the earlier ones that it stands on. The others are kept or lost by chance, but never one that a kept one stands
 * on. Bytes that were not written out are kept, cut off, or lost.
 */
export class Durability {
  #pending: NameChange[] = [];
  readonly #unflushed = new Set<Inode>();
  readonly #release: (node: Inode) => void;

  /** @param release is told of each inode that a pending change does not hold any more */
  constructor(release: (node: Inode) => void) {
    this.#release = release;
  }

  /** `lasting`: done by a user, whose own changes are not the engine's to lose. */
  note(change: NameChange, lasting: boolean): void {
    for (const node of change.touched) node.held += 1;
    this.#pending.push(change);
    if (lasting) this.#keepFrom(this.#pending.length - 1);
  }

  /** Bytes were written. */
  wrote(node: Inode, lasting: boolean): void {
    if (lasting) this.#flush(node);
    else this.#unflushed.add(node);
  }

  /** `fsync` of a file or folder. */
  sync(node: Inode): void {
    if (node.kind === "file") this.#flush(node);
    const last = this.#pending.findLastIndex(({ touched }) => touched.includes(node));
    if (last >= 0) this.#keepFrom(last);
  }

  /** The power fails: what did not last is gone, or not. */
  cut(rng: Rng): void {
    const kept = new Set<Inode>();
    for (const change of this.#pending.toReversed()) {
      const stands = change.touched.some((node) => kept.has(node));
      if (stands || randomFraction(rng) < 0.5) for (const node of change.touched) kept.add(node);
      else change.undo();
    }
    for (const node of this.#unflushed) cutBytes(node, rng);
    this.#unflushed.clear();
    const ended = this.#pending;
    this.#pending = [];
    for (const change of ended) this.#letGo(change);
  }

  /** A change lasts, with every earlier one that shares a folder or an inode with it or with one of those. */
  #keepFrom(index: number): void {
    const reached = new Set(this.#pending[index]?.touched);
    const lasting = new Set<NameChange>();
    for (let at = index; at >= 0; at -= 1) {
      const change = this.#pending[at];
      if (change === undefined || !change.touched.some((node) => reached.has(node))) continue;
      for (const node of change.touched) reached.add(node);
      lasting.add(change);
    }
    this.#pending = this.#pending.filter((change) => !lasting.has(change));
    for (const change of lasting) this.#letGo(change);
  }

  #letGo({ touched }: NameChange): void {
    for (const node of touched) {
      node.held -= 1;
      this.#release(node);
    }
  }

  #flush(node: Inode): void {
    node.flushed = node.bytes;
    this.#unflushed.delete(node);
  }
}

function cutBytes(node: Inode, rng: Rng): void {
  const chance = randomFraction(rng);
  if (chance < 0.3) node.bytes = node.flushed;
  else if (chance < 0.7) node.bytes = node.bytes.slice(0, Math.floor(node.bytes.length * chance));
  node.flushed = node.bytes;
}
