import { BlockSet } from "../core/snapshot/block-set.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PageRef } from "../core/snapshot/manifest.ts";
import { decodeList, decodePage } from "../core/snapshot/manifest.ts";
import type { MissingPiece, WantedBlock } from "../core/snapshot/repair-request.ts";
import { wantedBlock } from "../core/snapshot/repair-request.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Mender } from "./mender.ts";
import type { Packs } from "./packs.ts";
import type { FoundRoot } from "./root-files.ts";

/** Paths that one missing piece lists at most, and places that a block is looked for at. */
const pathsMax = 1000;
const placesMax = 16;

/** Something that is needed and that no sound pack holds. */
export type Need = {
  readonly what: MissingPiece["what"];
  readonly name: string;
  readonly reason: string;
  readonly paths: Set<string>;
  readonly snapshots: Set<string>;
  /** Files that held the block. */
  readonly places: WantedBlock[];
};

/** What is asked: the snapshots, and what holds their pieces. */
export type NeedsJob = {
  readonly packs: Packs;
  readonly mender: Mender;
  readonly roots: readonly FoundRoot[];
  readonly onStep: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
};

/**
 * Everything that snapshots need and that is in no sound pack, nor was saved from a damaged one. Lists and pages that
 * snapshots share are read once.
 */
export class Needs {
  readonly #job: NeedsJob;
  readonly #needs = new Map<string, Need>();
  /** What a list or page takes with it. */
  readonly #below = new Map<string, Set<Need>>();
  /** Lists and pages that were looked through: one bit each. */
  readonly #seen: BlockSet;

  private constructor(job: NeedsJob) {
    this.#job = job;
    this.#seen = new BlockSet(job.packs.meta.catalogue.index);
  }

  static async of(job: NeedsJob): Promise<Needs> {
    const needs = new Needs(job);
    for (const found of job.roots) await needs.#addRoot(found);
    return needs;
  }

  /** In the order in which they were met. */
  all(): readonly Need[] {
    return [...this.#needs.values()];
  }

  /** Whether it is not known what some snapshot needs. */
  get isUncertain(): boolean {
    return this.all().some(({ what }) => what !== "block");
  }

  async #addRoot({ name, root, trouble }: FoundRoot): Promise<void> {
    if (root === undefined) {
      this.#need({ what: "root", name, reason: trouble.message });
      return;
    }
    for (const list of root.lists) await this.#addList(root, list);
  }

  async #addList(root: SnapshotRoot, list: string): Promise<void> {
    if (this.#seen.add(list) !== false) {
      const pages = await this.#read(list, { what: "list", decode: decodeList });
      for (const page of pages) await this.#addPage(root, { list, page });
    }
    for (const need of this.#below.get(list) ?? []) need.snapshots.add(root.id);
  }

  async #addPage(
    root: SnapshotRoot,
    { list, page }: { readonly list: string; readonly page: PageRef },
  ): Promise<void> {
    throwIfAborted(this.#job.signal);
    if (this.#seen.add(page.hash) !== false) {
      await this.#job.onStep();
      const decode = (bytes: Uint8Array): readonly SnapshotEntry[] => decodePage(bytes, page);
      const entries = await this.#read(page.hash, { what: "page", first: page.first, decode });
      for (const entry of entries) this.#addEntry(root, { page, entry });
    }
    for (const need of this.#below.get(page.hash) ?? []) this.#takes(list, need);
  }

  #addEntry(
    root: SnapshotRoot,
    { page, entry }: { readonly page: PageRef; readonly entry: SnapshotEntry },
  ): void {
    for (const [position, block] of (entry.blocks ?? []).entries()) {
      if (this.#job.mender.has("data", block)) continue;
      const need = this.#need({ what: "block", name: block, reason: "It is in no sound pack" });
      this.#takes(page.hash, need);
      if (need.paths.size < pathsMax) need.paths.add(entry.path);
      const place = wantedBlock(entry, position, root);
      if (place !== undefined && need.places.length < placesMax) need.places.push(place);
    }
  }

  /** Nothing where it is lost, which is noted. */
  async #read<T>(
    hash: string,
    piece: {
      readonly what: "list" | "page";
      readonly first?: string;
      readonly decode: (bytes: Uint8Array) => readonly T[];
    },
  ): Promise<readonly T[]> {
    try {
      return piece.decode(await this.#job.packs.meta.reader.read(hash));
    } catch (error) {
      if (!isSnapError(error, "damaged")) throw error;
      const need = this.#need({ what: piece.what, name: hash, reason: error.message });
      if (piece.first !== undefined) need.paths.add(piece.first);
      this.#takes(hash, need);
      return [];
    }
  }

  #need(what: Pick<Need, "what" | "name" | "reason">): Need {
    const fresh = { paths: new Set<string>(), snapshots: new Set<string>(), places: [] };
    const need = this.#needs.get(what.name) ?? { ...what, ...fresh };
    this.#needs.set(what.name, need);
    return need;
  }

  #takes(piece: string, need: Need): void {
    const needs = this.#below.get(piece) ?? new Set();
    this.#below.set(piece, needs.add(need));
  }
}
