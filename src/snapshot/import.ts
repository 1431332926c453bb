import { ArchivedUnits } from "../core/snapshot/archived-units.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PreparedBlock } from "../core/snapshot/prepared-block.ts";
import type { CaptureFacts, LeftAside } from "../core/snapshot/root.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { CaptureSource, LocalFile } from "../ports.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { MakeSpool } from "../std/line-sorter.ts";
import { inRuns } from "../std/runs.ts";
import { unpackedBytes } from "./archive-bytes.ts";
import { ImportCollector } from "./import-collect.ts";
import type { About } from "./import-collect.ts";
import { archiveEntries, asTree, manifestEntries, overBase } from "./import-entries.ts";
import { resolveLinks } from "./import-links.ts";
import { ImportSpools } from "./import-spools.ts";
import { tarMembers } from "./tar-read.ts";

/** What an import needs to know. */
export type ArchiveOptions = Work & {
  /** The archive, packed or not; it is read once, front to back. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly facts: CaptureFacts;
  readonly makeSpool: MakeSpool;
  /**
   * The entries that an archive of changes goes on from. `since` is the id that the archive names.
   *
   * @throws {SnapError} where they are not there
   */
  readonly base: (since: string) => Promise<AsyncIterable<SnapshotEntry>>;
};

/**
 * An archive as the source of a capture (N59). It comes in an order of its own and can be read once: `prepare` reads it, hands
 * contents to the store at once and puts entries into spools, which `entries` then gives out in path order. Nothing is ever written
 * anywhere else. What is refused is left aside (X12).
 */
export class ArchiveSource implements CaptureSource, Disposable {
  readonly #options: ArchiveOptions;
  readonly #spools: ImportSpools;
  #about: About | undefined;
  #base: AsyncIterable<SnapshotEntry> | undefined;
  /** Known once all entries have passed. */
  #units: readonly UnitFacts[] | undefined;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#spools = new ImportSpools(options.makeSpool);
  }

  /** Complete only once all entries have passed: an archive of ours says what it is of. */
  facts(): Promise<CaptureFacts> {
    const { facts } = this.#options;
    const { side = facts.side, paths, attributes } = this.#about ?? {};
    const had = attributes === undefined ? {} : { attributes };
    const git = this.#units === undefined ? {} : { git: this.#units };
    return Promise.resolve({
      ...facts,
      side,
      ...had,
      ...(paths === undefined ? {} : { paths }),
      ...git,
    });
  }

  async *prepare(): AsyncGenerator<PreparedBlock> {
    const { bytes, signal, base } = this.#options;
    const collector = new ImportCollector(this.#spools);
    for await (const member of tarMembers(unpackedBytes(bytes))) {
      throwIfAborted(signal);
      const known = collector.about;
      yield* collector.take(member);
      const since = collector.about?.since;
      if (known === undefined && since !== undefined) this.#base = await base(since);
    }
    this.#about = collector.about;
  }

  async *entries(onLeft: (left: LeftAside) => void): AsyncGenerator<readonly SnapshotEntry[]> {
    // Only now every block has its hash.
    resolveLinks(this.#spools);
    const { hasManifest } = this.#spools;
    const { paths, git: told } = this.#about ?? {};
    const units = new ArchivedUnits({ told, paths, hasManifest });
    const tree = asTree(this.#spools, this.#listed(), { implied: !hasManifest, paths });
    for await (const run of inRuns(tree)) yield run.map((entry) => units.pass(entry));
    for (const left of this.#spools.left()) {
      units.leave(left);
      onLeft(left);
    }
    this.#units = units.finish();
  }

  open(path: string): Promise<LocalFile> {
    const message = `The content of "${path}" is neither in the archive nor in the store any more`;
    return Promise.reject(new SnapError("not-found", message, { path }));
  }

  [Symbol.dispose](): void {
    this.#spools[Symbol.dispose]();
  }

  #listed(): AsyncIterable<SnapshotEntry> {
    const found = streamed(archiveEntries(this.#spools));
    if (!this.#spools.hasManifest) return found;
    const listed = manifestEntries(this.#spools, found);
    return this.#base === undefined ? listed : overBase(this.#spools, this.#base, listed);
  }
}

async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
