import { hashBlock } from "./block-hash.ts";
import type { PackKind } from "./frame.ts";
import { PackWriter } from "./pack-writer.ts";
import type { Packs } from "./packs.ts";
import type { StoreFiles } from "./store-files.ts";

type Writers = Readonly<Record<PackKind, PackWriter>>;

/** Puts pieces that were found again into new packs; of a dry run it only remembers them (N53). */
export class Mender implements AsyncDisposable {
  readonly #packs: Packs;
  readonly #writers: Writers | undefined;
  readonly #remembered: Readonly<Record<PackKind, Set<string>>> = {
    data: new Set(),
    meta: new Set(),
  };
  #bytes = 0;

  constructor(packs: Packs, files: StoreFiles | undefined) {
    this.#packs = packs;
    this.#writers = files && {
      data: new PackWriter({ files, kind: "data", index: packs.data.catalogue.index }),
      meta: new PackWriter({ files, kind: "meta", index: packs.meta.catalogue.index }),
    };
  }

  /** Bytes taken, before compression. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a sound pack holds a piece, or will when this is done. */
  has(kind: PackKind, hash: string): boolean {
    const { index } = this.#packs[kind].catalogue;
    return (
      index.has(hash) ||
      this.#remembered[kind].has(hash) ||
      this.#writers?.[kind].has(hash) === true
    );
  }

  /** Take a piece if it is what it is called; whether it is. */
  async take(kind: PackKind, hash: string, bytes: Uint8Array): Promise<boolean> {
    if ((await hashBlock(bytes)) !== hash) return false;
    if (this.has(kind, hash)) return true;
    this.#bytes += bytes.length;
    if (this.#writers === undefined) {
      this.#remembered[kind].add(hash);
      return true;
    }
    await this.#writers[kind].add(hash, bytes);
    if (this.#writers[kind].isFull) await this.flush();
    return true;
  }

  /** All that was taken is in place and durable on return, data before what names it (N26). */
  async flush(): Promise<void> {
    await this.#writers?.data.flush();
    await this.#writers?.meta.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writers?.data.discard();
    await this.#writers?.meta.discard();
  }
}
