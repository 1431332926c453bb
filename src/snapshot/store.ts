import { graceDefaultMs } from "../core/settings/catalogue.ts";
import type { CopyOutRequest, CopyOutTotals } from "../core/snapshot/copy-out.ts";
import { diffEntries, withoutAttributes } from "../core/snapshot/diff.ts";
import type { EntryChange } from "../core/snapshot/diff.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import type { ExportOptions } from "../core/snapshot/export-request.ts";
import { parseReference } from "../core/snapshot/root-reference.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import type {
  CaptureOptions,
  CaptureResult,
  SnapshotFilter,
  VerifyEvent,
  VerifyOptions,
} from "../core/snapshot/store-request.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { CaptureSource, SnapshotStore } from "../ports.ts";
import { SnapError, isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { silentLogger } from "../std/log.ts";
import type { Logger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import { capture } from "./capture.ts";
import { runnerFor } from "./choose-runner.ts";
import { nodeCopyDisk } from "./copy-disk.ts";
import { copyOut, planCopyOut, type CopyOutTo } from "./copy-out.ts";
import { tidyChecks } from "./compact-checks.ts";
import { DiskStoreFiles } from "./disk-files.ts";
import { findSound } from "./find.ts";
import { withReserve } from "./keep-parts.ts";
import type { KeepParts } from "./keep-parts.ts";
import { Keeping } from "./keeping.ts";
import { refuseMoved } from "./moved.ts";
import { TarExport } from "./export.ts";
import type { ExportChange } from "./export.ts";
import { exportedOf } from "./export-source.ts";
import { readEntries, unsharedEntries } from "./manifest-store.ts";
import { PacksOnce } from "./packs.ts";
import { freeReserve, keepReserve, reserveBytes } from "./reserve.ts";
import { damagedOf, lookAtRoots, rootsOf, soundOf } from "./looked-roots.ts";
import type { DamagedRoot, LookParts } from "./looked-roots.ts";
import { notHeld } from "./not-held.ts";
import { rootOfId } from "./root-files.ts";
import { checkFormat, makeStore } from "./store-format.ts";
import { searchSnapshots } from "./search.ts";
import type { SearchHit, SearchRequest } from "./search.ts";
import { StoreContents } from "./store-contents.ts";
import type { StoreFiles } from "./store-files.ts";
import { sweepTemporary } from "./sweep.ts";
import { readVerified, recordVerified } from "./verified.ts";
import type { LastCheck } from "./verified.ts";
import { verifyStore } from "./verify.ts";
import { WriterLock } from "./writer-lock.ts";

/** How long a second writer waits for the first, unless told otherwise (N30). */
const waitMsDefault = 60_000;

/** Where a store is, and what it works with. */
export type StoreOptions = {
  /** Absolute path of the store; it need not exist. */
  readonly path: string;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Version of the program, kept in what it writes. */
  readonly tool: string;
  readonly logger?: Logger;
  /** How long to wait for another writer, ms. */
  readonly wait?: number;
  /** Spare room for a full disk, bytes; 0 for none. */
  readonly reserve?: number;
  /** How long what was thrown away waits, ms (N55). */
  readonly grace?: number;
};

/** The store on a disk, which also knows what its lists do not show. */
export interface OpenedStore extends SnapshotStore {
  /** Oldest first, of all workspaces: whose they are cannot be told (N8). */
  damagedRoots(): Promise<readonly DamagedRoot[]>;
  /** Notes, forgetting and pruning (N25, N54–N57). */
  readonly keeping: Keeping;
  /** Which contents it holds (N40). */
  readonly contents: StoreContents;
  /** What of some snapshots matches; each page that they share is read once. */
  search(request: SearchRequest): AsyncIterable<SearchHit>;
  /** A snapshot as a tar archive (N58). */
  export(id: SnapshotId, options: ExportOptions): Promise<TarExport>;
  /** A snapshot as plain files in a folder, and what that would hold (T15). */
  copyOut(request: CopyOutTo, work: Work): Promise<CopyOutTotals>;
  planCopyOut(request: CopyOutRequest, work: Work): Promise<CopyOutTotals>;
  /** The last verification that is recorded of a snapshot (N51). */
  verified(): Promise<(root: SnapshotRoot) => LastCheck | undefined>;
}

/**
 * Open a snapshot store. Nothing is made before the first capture: a store that does not exist has no snapshots.
 *
 * @throws {SnapError} `version-too-new` (N13), `damaged`, `disk-error`
 */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  return await openStoreOver(new DiskStoreFiles(options.path, options.rng), options);
}

/** As `openStore`, over files of any kind (N60); the path is not looked at. */
export async function openStoreOver(
  files: StoreFiles,
  options: StoreOptions,
): Promise<OpenedStore> {
  await checkFormat(files, "read");
  return new DiskStore(options, files);
}

class DiskStore implements OpenedStore {
  readonly #options: StoreOptions;
  readonly #files: StoreFiles;
  readonly #logger: Logger;
  readonly keeping: Keeping;
  readonly contents: StoreContents;
  readonly #packs: PacksOnce;
  readonly #look: LookParts;

  constructor(options: StoreOptions, files: StoreFiles) {
    this.#options = options;
    this.#files = files;
    this.#logger = options.logger ?? silentLogger;
    this.#packs = new PacksOnce(files, this.#logger);
    this.#look = { files, logger: this.#logger };
    const look = { ...this.#look, clock: options.clock };
    this.keeping = new Keeping({
      look: { ...look, graceMs: options.grace ?? graceDefaultMs },
      exists: () => checkFormat(files, "read"),
      locked: (doing, work, act) => this.#keep(doing, work, act),
    });
    this.contents = new StoreContents({
      packs: () => this.#packs.both(),
      roots: () => rootsOf(files),
    });
  }

  async capture(source: CaptureSource, options: CaptureOptions): Promise<CaptureResult> {
    try {
      return await this.#captureLocked(source, options);
    } catch (error) {
      throwIfAborted(options.signal);
      if (isSnapError(error, "disk-full")) await freeReserve(this.#files);
      throw error;
    }
  }

  async list(filter?: SnapshotFilter): Promise<readonly NotedRoot[]> {
    return (await lookAtRoots(this.#look, filter)).roots;
  }

  async damagedRoots(): Promise<readonly DamagedRoot[]> {
    return damagedOf(await rootsOf(this.#files));
  }

  async find(text: string, filter?: SnapshotFilter): Promise<NotedRoot> {
    const reference = parseReference(text, this.#options.clock.now());
    const found = await rootsOf(this.#files);
    const asked = await soundOf(this.#look, found, filter);
    return findSound(reference, { asked, all: found });
  }

  async *entries(id: SnapshotId, under?: RelPath): AsyncGenerator<SnapshotEntry> {
    const root = await this.#root(id);
    const { reader } = await this.#packs.shelf("meta");
    yield* readEntries(reader, root, under);
  }

  async *open(entry: SnapshotEntry): AsyncGenerator<Uint8Array> {
    if (entry.type !== "file" || entry.blocks === undefined) throw notHeld(entry);
    const { reader } = await this.#packs.shelf("data");
    for (const block of entry.blocks) yield await reader.read(block);
  }

  held(entry: SnapshotEntry): Promise<SnapshotEntry> {
    return this.contents.held(entry);
  }

  async *diff(a: SnapshotId, b: SnapshotId, under?: RelPath): AsyncGenerator<EntryChange> {
    const roots = { a: await this.#root(a), b: await this.#root(b) };
    const { reader } = await this.#packs.shelf("meta");
    const entries = await unsharedEntries(reader, roots, under);
    if (roots.a.attributes === roots.b.attributes) yield* diffEntries(entries.a, entries.b);
    else yield* diffEntries(withoutAttributes(entries.a), withoutAttributes(entries.b));
  }

  async export(id: SnapshotId, options: ExportOptions): Promise<TarExport> {
    const root = await this.#root(id);
    const { reader } = await this.#packs.shelf("meta");
    const changes = (): AsyncIterable<ExportChange> => exportedOf(reader, root, options.since);
    return new TarExport({ root, changes, open: (entry) => this.open(entry) }, options);
  }

  async copyOut(request: CopyOutTo, work: Work): Promise<CopyOutTotals> {
    await using runner = runnerFor(request.totals ?? request.root.counts);
    const parts = {
      files: this.#files,
      packs: await this.#packs.both(),
      disk: nodeCopyDisk,
      runner,
    };
    return await copyOut(parts, request, work);
  }

  async planCopyOut(request: CopyOutRequest, work: Work): Promise<CopyOutTotals> {
    return await planCopyOut(await this.#packs.shelf("meta"), request, work);
  }

  async *search(request: SearchRequest): AsyncGenerator<SearchHit> {
    if (!(await checkFormat(this.#files, "read"))) return;
    yield* searchSnapshots((await this.#packs.shelf("meta")).reader, request);
  }

  verified(): Promise<(root: SnapshotRoot) => LastCheck | undefined> {
    return readVerified({ files: this.#files, logger: this.#logger });
  }

  async *verify(options: VerifyOptions): AsyncGenerator<VerifyEvent> {
    await checkFormat(this.#files, "read");
    const parts = { files: this.#files, logger: this.#logger, clock: this.#options.clock };
    const { id, level } = options;
    let [isAny, isSound] = [false, true];
    for await (const event of verifyStore(parts, options)) {
      isAny = true;
      isSound &&= event.type !== "damaged";
      yield event;
    }
    const { rng } = this.#options;
    await tidyChecks({ ...parts, rng }, (doing) => this.#lock(doing, {}, 0));
    if (!isAny || options.entries !== undefined || options.budgetMs !== undefined) return;
    await recordVerified(parts, { snapshot: id, level, result: isSound ? "sound" : "damaged" });
  }

  async #captureLocked(source: CaptureSource, options: CaptureOptions): Promise<CaptureResult> {
    const { clock, rng, tool } = this.#options;
    const files = this.#files;
    await checkFormat(files, "write");
    await using lock = await this.#lock(`capture, ${options.reason}`, options);
    await makeStore(files, { rng, tool });
    await sweepTemporary(files);
    const parts = { files, clock, logger: this.#logger, tool, lock };
    // Written beside the capture, which need not wait for the disk.
    const reserve = keepReserve(parts, this.#options.reserve ?? reserveBytes);
    try {
      return await capture(parts, source, options);
    } finally {
      await reserve;
    }
  }

  /** Look after the store as its one writer; on a full disk with the reserve, which is not set aside again. */
  async #keep<T>(doing: string, work: Work, act: (parts: KeepParts) => Promise<T>): Promise<T> {
    const { clock, rng, grace: graceMs = graceDefaultMs } = this.#options;
    const files = this.#files;
    if (!(await checkFormat(files, "prune"))) throw noStoreYet(files.top);
    await using lock = await withReserve(files, () => this.#lock(doing, work));
    await sweepTemporary(files);
    return await act({ files, clock, rng, logger: this.#logger, graceMs, lock });
  }

  async #lock(
    doing: string,
    { signal }: Work,
    waitMs: number = this.#options.wait ?? waitMsDefault,
  ): Promise<WriterLock> {
    const { clock, rng } = this.#options;
    const files = this.#files;
    await files.makeFolders(["tmp"]);
    const logger = this.#logger;
    await using stack = new AsyncDisposableStack();
    const asked = { files, clock, rng, logger, waitMs, doing, signal };
    const lock = stack.use(await WriterLock.acquire(asked));
    await refuseMoved(files);
    stack.move();
    return lock;
  }

  async #root(id: SnapshotId): Promise<SnapshotRoot> {
    await checkFormat(this.#files, "read");
    return await rootOfId(this.#files, id);
  }
}

function noStoreYet(top: string): SnapError {
  return new SnapError("snapshot-not-found", `There are no snapshots in "${top}" yet`, {
    hint: "`snap capture` takes one.",
    path: top,
  });
}
