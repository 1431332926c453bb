import { encodeEntry } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import {
  PieceCutter,
  decodeList,
  decodeOwnEntries,
  decodePage,
  encodePageRef,
  inPathOrder,
  isEntryInside,
  pagesInside,
  unsharedPages,
} from "../core/snapshot/manifest.ts";
import type { PageRef, Piece } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { topPath } from "../core/path/rel-path.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { outOfRuns } from "../std/runs.ts";
import { mapInOrder } from "./in-order.ts";
import type { PackReader } from "./pack-reader.ts";
import type { PackWriter } from "./pack-writer.ts";

/** Writes entries in path order as pages, and pages as lists (N21, N22). Pieces the store has are not written again. */
export class ManifestWriter {
  readonly #meta: PackWriter;
  readonly #beforeClosing: () => Promise<void>;
  readonly #pages = new PieceCutter();
  readonly #lists = new PieceCutter();
  readonly #listHashes: string[] = [];
  #entryCount = 0;

  /** `beforeClosing` puts the data in place: it goes before the pages that name it (N26). */
  constructor(meta: PackWriter, beforeClosing: () => Promise<void>) {
    this.#meta = meta;
    this.#beforeClosing = beforeClosing;
  }

  /** Entries so far. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** The promise is there at the end of a page. */
  add(entry: SnapshotEntry): Promise<void> | undefined {
    this.#entryCount += 1;
    const page = this.#pages.add(encodeEntry(entry), entry.path);
    return page === undefined ? undefined : this.#endPage(page);
  }

  /** Make all so far durable, for a checkpoint (N32); the hashes of its lists. Pages and lists are cut as if it had not been. */
  async settle(): Promise<readonly string[]> {
    const page = this.#pages.sofar();
    if (page !== undefined) await this.#meta.add(page.hash, page.bytes);
    const list = this.#lists.sofar(page && encodePageRef(page));
    if (list !== undefined) await this.#meta.add(list.hash, list.bytes);
    await this.#close();
    return list === undefined ? [...this.#listHashes] : [...this.#listHashes, list.hash];
  }

  /** Write the rest, all durable on return; the hashes of the lists. */
  async finish(): Promise<readonly string[]> {
    const page = this.#pages.end();
    if (page !== undefined) await this.#endPage(page);
    const list = this.#lists.end();
    if (list !== undefined) await this.#endList(list);
    await this.#close();
    return this.#listHashes;
  }

  async #endPage(page: Piece): Promise<void> {
    await this.#put(page);
    const list = this.#lists.add(encodePageRef(page), page.hash);
    if (list !== undefined) await this.#endList(list);
  }

  async #endList(list: Piece): Promise<void> {
    await this.#put(list);
    this.#listHashes.push(list.hash);
  }

  async #put(piece: Piece): Promise<void> {
    await this.#meta.add(piece.hash, piece.bytes);
    if (this.#meta.isFull) await this.#close();
  }

  async #close(): Promise<void> {
    await this.#beforeClosing();
    await this.#meta.flush();
  }
}

/** The pages of a snapshot, in order. @throws {SnapError} `damaged` */
export async function readPageRefs(
  meta: PackReader,
  lists: readonly string[],
): Promise<readonly PageRef[]> {
  const pages: PageRef[] = [];
  for (const list of lists) {
    for (const page of decodeList(await meta.read(list))) pages.push(page);
  }
  return pages;
}

/** Pages that are read ahead of the one whose entries are handed out. */
const pagesAhead = 4;

/** The entries of some pages, one after the other; only a few pages are in memory. @throws {SnapError} `damaged` */
export function readPages(
  meta: PackReader,
  pages: readonly PageRef[],
  twins?: Twins,
): AsyncGenerator<SnapshotEntry> {
  return outOfRuns(readPageRuns(meta, pages, twins));
}

/** The same, page by page. */
function readPageRuns(
  meta: PackReader,
  pages: readonly PageRef[],
  twins: Twins = new Map(),
): AsyncGenerator<readonly SnapshotEntry[]> {
  const read = async (page: PageRef): Promise<readonly SnapshotEntry[]> => {
    const bytes = await meta.read(page.hash);
    const twin = twins.get(page.first);
    return twin === undefined
      ? decodePage(bytes, page)
      : decodeOwnEntries(bytes, page, await meta.read(twin.hash));
  };
  return mapInOrder(pages, read, pagesAhead);
}

/** Pages of another snapshot by the path that they begin with: what stands there too is passed over. */
type Twins = ReadonlyMap<string, PageRef>;

/**
 * The entries of a snapshot in path order, or those at and below one path; other pages are not read.
 *
 * @throws {SnapError} `damaged`
 */
export function readEntries(
  meta: PackReader,
  root: Pick<SnapshotRoot, "lists">,
  under?: RelPath,
): AsyncGenerator<SnapshotEntry> {
  return outOfRuns(readRuns(meta, root, under));
}

/** The same, page by page. @throws {SnapError} `damaged` */
export async function* readRuns(
  meta: PackReader,
  root: Pick<SnapshotRoot, "lists">,
  under: RelPath = topPath,
): AsyncGenerator<readonly SnapshotEntry[]> {
  yield* readRunsOfPages(meta, await readPageRefs(meta, root.lists), { under });
}

/** The same of some pages of a snapshot, in their order. @throws {SnapError} `damaged` */
async function* readRunsOfPages(
  meta: PackReader,
  pages: readonly PageRef[],
  { under = topPath, twins }: { readonly under?: RelPath | undefined; readonly twins?: Twins } = {},
): AsyncGenerator<readonly SnapshotEntry[]> {
  for await (const run of inPathOrder(readPageRuns(meta, pagesInside(pages, under), twins))) {
    yield under === topPath ? run : run.filter((entry) => isEntryInside(entry, under));
  }
}

/** What two snapshots may hold that differs, each in path order: pages that stand in both are not read, lines not decoded (N22). */
export async function unsharedEntries(
  meta: PackReader,
  roots: { readonly a: SnapshotRoot; readonly b: SnapshotRoot },
  under?: RelPath,
): Promise<{ a: AsyncIterable<SnapshotEntry>; b: AsyncIterable<SnapshotEntry> }> {
  const lists = unsharedPages({ a: roots.a.lists, b: roots.b.lists }, (list) => list);
  const refs = { a: await readPageRefs(meta, lists.a), b: await readPageRefs(meta, lists.b) };
  const pages = unsharedPages(refs, (page) => page.hash);
  return {
    a: outOfRuns(readRunsOfPages(meta, pages.a, { under, twins: byFirst(pages.b) })),
    b: outOfRuns(readRunsOfPages(meta, pages.b, { under, twins: byFirst(pages.a) })),
  };
}

function byFirst(pages: readonly PageRef[]): Twins {
  return new Map(pages.map((page) => [page.first, page]));
}

/** N28: after the root is in place, its lists are read back and its pages are there. @throws {SnapError} `damaged` */
export async function proveManifest(
  meta: PackReader,
  root: SnapshotRoot,
  has: (hash: string) => boolean,
): Promise<void> {
  const pages = await readPageRefs(meta, root.lists);
  // A page may lie only in a pack that turned out to be damaged elsewhere: then it must be read to be believed.
  for (const page of pages) if (!has(page.hash)) await meta.read(page.hash);
}
