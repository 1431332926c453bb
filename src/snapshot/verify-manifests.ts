import { comparePaths } from "../core/path/rel-path.ts";
import type { BlockPlace } from "../core/snapshot/block-index.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { decodeList, decodePage } from "../core/snapshot/manifest.ts";
import type { PageRef } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { VerifyEvent } from "../core/snapshot/store-request.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Packs } from "./packs.ts";
import type { VerifyFindings } from "./verify-findings.ts";
import type { VerifyScope } from "./verify-scope.ts";

/** What level 0 looks at and where it notes what it finds. */
export type VerifyManifestsJob = {
  readonly packs: Packs;
  readonly scope: VerifyScope;
  readonly findings: VerifyFindings;
  readonly signal: AbortSignal | undefined;
};

/** Level 0: lists and pages resolve and are in order, and each block is in some sidecar (N50). */
export class ManifestVerifier {
  readonly #job: VerifyManifestsJob;
  /** Pieces looked at already; snapshots share most of them. */
  readonly #seen = new Set<string>();
  /** Whether another look could find packs that are not known yet. */
  #mayBeNew = true;

  constructor(job: VerifyManifestsJob) {
    this.#job = job;
  }

  async *verify(root: SnapshotRoot): AsyncGenerator<VerifyEvent> {
    let before: PageRef | undefined;
    for (const list of root.lists) {
      const bytes = await this.#read(list, { snapshot: root, first: undefined });
      const pages = bytes === undefined ? [] : this.#decode(list, () => decodeList(bytes));
      for (const page of pages) {
        if (before !== undefined && comparePaths(before.first, page.first) >= 0)
          this.#outOfOrder(page);
        before = page;
        yield* this.#verifyPage(root, page);
      }
    }
  }

  async *#verifyPage(root: SnapshotRoot, page: PageRef): AsyncGenerator<VerifyEvent> {
    throwIfAborted(this.#job.signal);
    if (this.#seen.has(page.hash)) return;
    this.#seen.add(page.hash);
    const bytes = await this.#read(page.hash, { snapshot: root, first: page.first });
    if (bytes === undefined) return;
    const entries = this.#decode(page.hash, () => decodePage(bytes, page));
    for (const [position, entry] of entries.entries()) {
      const last = entries[position - 1];
      if (last !== undefined && comparePaths(last.path, entry.path) >= 0) this.#outOfOrder(page);
      await this.#lookUp(entry);
    }
    yield { type: "checked", what: "page", name: page.hash, bytes: bytes.length };
  }

  async #lookUp({ path, blocks }: SnapshotEntry): Promise<void> {
    const { scope, findings } = this.#job;
    for (const block of blocks ?? []) {
      const place = await this.#placeOf(block);
      if (place !== undefined) scope.include(place);
      else
        findings.add(
          { what: "block", name: block, reason: "It is in no sound pack" },
          { paths: [path] },
        );
    }
  }

  /** Packs may have been rewritten since the first look; one that finds nothing new is the last (N19). */
  async #placeOf(block: string): Promise<BlockPlace | undefined> {
    const { catalogue } = this.#job.packs.data;
    let place = catalogue.index.find(block);
    while (place === undefined && this.#mayBeNew) {
      this.#mayBeNew = await catalogue.refresh();
      place = catalogue.index.find(block);
    }
    return place;
  }

  async #read(
    hash: string,
    hit: { snapshot: SnapshotRoot; first: string | undefined },
  ): Promise<Uint8Array | undefined> {
    const { packs, scope, findings } = this.#job;
    const place: BlockPlace | undefined = packs.meta.catalogue.index.find(hash);
    if (place !== undefined) scope.include(place);
    try {
      return await packs.meta.reader.read(hash);
    } catch (error) {
      if (!isSnapError(error, "damaged")) throw error;
      const from = hit.first === undefined ? "" : `, entries from "${hit.first}" on`;
      const reason = `${error.message} (snapshot ${hit.snapshot.id.slice(0, 16)}${from})`;
      findings.add(
        { what: "page", name: hash, reason },
        { paths: hit.first === undefined ? [] : [hit.first] },
      );
      return undefined;
    }
  }

  #decode<T>(hash: string, decode: () => readonly T[]): readonly T[] {
    try {
      return decode();
    } catch (error) {
      if (!isSnapError(error, "damaged")) throw error;
      this.#job.findings.add({ what: "page", name: hash, reason: error.message });
      return [];
    }
  }

  #outOfOrder(page: PageRef): void {
    const reason = "Its entries are out of order";
    this.#job.findings.add({ what: "page", name: page.hash, reason }, { paths: [page.first] });
  }
}
