/**
 * @module ports — every interface between the heart of the program and the world.
 *
 * `engine` and `restore` see disks, servers, the index and the store only through these. Each contract says what
 * blocks, what may run at once, and what an error leaves behind. `app` hands the implementations out.
 */
import type { LeftOut, RemoteWait, WatchMarks, Watching } from "./core/live/waiting.ts";
import type { LocalAct, ActOutcome, Area, AreaPath, StageRequest } from "./core/plan/local-act.ts";
import type { RelPath } from "./core/path/rel-path.ts";
import type { Covers } from "./core/plan/simulate.ts";
import type { RepositoryUnits } from "./core/repo/unit.ts";
import type { EntryChange } from "./core/snapshot/diff.ts";
import type { SnapshotEntry } from "./core/snapshot/entry.ts";
import type { PreparedBlock } from "./core/snapshot/prepared-block.ts";
import type { NotedRoot } from "./core/snapshot/note.ts";
import type { MetadataRequest } from "./core/snapshot/restore-wanted.ts";
import type { CaptureFacts, CaptureLeft, SnapshotId } from "./core/snapshot/root.ts";
import type {
  CaptureOptions,
  CaptureResult,
  SnapshotFilter,
  VerifyEvent,
  VerifyOptions,
} from "./core/snapshot/store-request.ts";
import type { FetchingSource, HeldContents } from "./core/snapshot/thin-contents.ts";
import type { IndexCare } from "./core/tree/index-care.ts";
import type { Intent, LogRow, MetaKey, ParkedRow, UploadRow } from "./core/tree/index-rows.ts";
import type { DisplacedFiles } from "./core/tree/displaced-files.ts";
import type {
  FolderListing,
  HashedFile,
  LocalStat,
  ReadContent,
  ReadEachRequest,
  WholeFile,
} from "./core/tree/local-stat.ts";
import type {
  ContentHash,
  Entry,
  LocalEntry,
  NodeId,
  RemoteEntry,
  SyncedEntry,
} from "./core/tree/node.ts";
import type {
  KnownDocument,
  DownloadWork,
  RemoteAccount,
  RemoteItem,
  RemotePage,
  UploadRequest,
} from "./core/tree/remote-item.ts";
import type { RemoteBatches } from "./core/tree/remote-batches.ts";
import type { Leftovers } from "./core/tree/leftovers.ts";
import type { LocalFile } from "./core/tree/local-file.ts";
import type { RootMarker } from "./core/tree/root-marker.ts";
import type { RemoteMemory } from "./core/tree/remote-memory.ts";
import type { WholeTree } from "./core/tree/tree-view.ts";
import type { Work } from "./std/events.ts";
import type { Runs } from "./std/runs.ts";

export type { EngineControl } from "./core/snapshot/engine-control.ts";
export type { HoldStore } from "./core/tree/hold-store.ts";
export type { KeptRemote } from "./core/snapshot/kept-remote.ts";
export type { LocalFile } from "./core/tree/local-file.ts";
export type { RemoteAccount } from "./core/tree/remote-item.ts";
export type { LeftOut, RemoteWait, WatchMarks, Watching } from "./core/live/waiting.ts";
export type { RestoreJournal, RestoreTokens } from "./core/snapshot/restore-journal.ts";
export type { RootMarker } from "./core/tree/root-marker.ts";

/**
 * The workspace on disk. Every path is checked component by component and never leads through a link (S55, X2).
 * Errors are `SnapError`: `not-found`, `permission-denied`, `volatile`, `disk-full`, `disk-read-only`, `disk-error`,
 * `workspace-missing`, `content-wrong`, `conflict` (a parent is no real folder). Calls may run side by side.
 */
export interface LocalSide {
  /** Absolute path of the workspace. */
  readonly top: string;
  /** @throws {SnapError} `workspace-missing` unless the top is a real folder (S22). */
  readMarker(): Promise<RootMarker | undefined>;
  /** Makes `.snap/` where needed; durable on return. */
  writeMarker(marker: RootMarker): Promise<void>;
  removeMarker(): Promise<void>;
  /** Granularity of the disk's time stamps, measured in `.snap/`, nanoseconds (S24). */
  granularityNs(): Promise<bigint>;
  /** Never rejects for trouble with that one folder: it is in the listing. `.snap` is left out of the top. */
  list(folder: RelPath): Promise<FolderListing>;
  stat(path: RelPath): Promise<LocalStat | undefined>;
  open(path: RelPath): Promise<LocalFile>;
  /** Hash a stable file (S25). @throws {SnapError} `volatile` after the named attempts. */
  hash(path: RelPath, work?: Work): Promise<HashedFile>;
  /** As `hash`, one attempt at each of several small files: what does not come off is missing, and `hash` tells why. */
  hashEach(paths: readonly RelPath[], work?: Work): Promise<ReadonlyMap<RelPath, HashedFile>>;
  /**
   * Read small files into one piece of memory, one attempt at each; those that stand side by side share the way to their
   * folder. What does not come off or does not fit is missing: `open` tells why.
   */
  readEach(request: ReadEachRequest, work?: Work): Promise<ReadonlyMap<RelPath, WholeFile>>;
  /** Write below `.snap/`, durable on return; nothing stays behind on an error. */
  stage(request: StageRequest, work?: Work): Promise<LocalStat>;
  /** Make a folder; one that is there already is adopted. @throws {SnapError} `place-taken` by anything else. */
  makeFolder(path: RelPath): Promise<LocalStat>;
  /** Carry out an act; the disk is durable on return. */
  perform(act: LocalAct): Promise<ActOutcome>;
  /** After a crash: finish an act that was under way, or take it back; may be repeated (S74). */
  settle(act: LocalAct): Promise<ActOutcome>;
  /** Set mode (special bits only where `special` says so, X9) and mtime of what stands at a place. */
  setMetadata(path: RelPath, metadata: MetadataRequest): Promise<LocalStat>;
  /** Read a file inside an area, for verification and undo. */
  openInArea(place: AreaPath): Promise<LocalFile>;
  areas(kind: Area["kind"]): Promise<readonly Area[]>;
  removeArea(area: Area): Promise<void>;
  /** Bytes free for us on the disk of the workspace. */
  freeBytes(): Promise<bigint>;
}

/** Tells of changes on the disk of one workspace. */
export interface Watcher {
  /**
   * What changes once this has resolved is told of, but for what is left out. Never rejects for what this computer lacks: see
   * `reason`.
   */
  start(marks: WatchMarks, leftOut?: LeftOut): Promise<Watching>;
}

/**
 * The linked folder of one account; every path is below it. Errors are `SnapError`: `offline`, `throttled`,
 * `server-error` (after the retries), `not-logged-in`, `login-revoked`, `remote-missing`, `conflict`, `not-found`,
 * `name-refused`, `quota-exceeded`, `content-restricted`, `content-wrong`, `too-large`, `remote-error`.
 */
export interface RemoteSide extends RemoteBatches {
  account(): Promise<RemoteAccount>;
  /** Id of the linked folder; undefined where it does not exist; "" for the root of the account. */
  folderId(): Promise<string | undefined>;
  /** Make the linked folder with its parents; its id. */
  makeTop(): Promise<string>;
  /** Pages since the cursor, or of everything; own documents below `.snap/` are left out, see `document`. */
  pages(cursor: string | undefined, work?: Work): AsyncIterable<RemotePage>;
  /**
   * Where nothing happened since a cursor but that our document was written: the cursor to go on from, behind what is elsewhere in the account.
   * In any doubt undefined. One call, before which nobody asks for the account or the linked folder: nothing may be written on the strength of it (S35).
   */
  quietSince(cursor: string, ours: KnownDocument, work?: Work): Promise<string | undefined>;
  /**
   * Wait some minutes until something behind a cursor may have changed: a reason to ask for pages, never a fact (S2).
   * A cursor that has ended is a change. Asked once, not repeated. @throws {SnapError} `interrupted` at once
   */
  waitForChange(cursor: string, signal: AbortSignal | undefined): Promise<RemoteWait>;
  /** One level, or all below; `not-found` where the folder is missing. */
  list(folder: RelPath, options: { recursive: boolean }): AsyncIterable<RemoteItem>;
  get(path: RelPath): Promise<RemoteItem | undefined>;
  /** Content hash of a revision that the server still keeps, also of a file that was changed or deleted since; nothing is downloaded. */
  revision(rev: string): Promise<ContentHash | undefined>;
  /** Bytes of one revision from `offset`; the caller checks the hash. */
  download(rev: string, offset: number, work?: DownloadWork): AsyncIterable<Uint8Array>;
  /** A lost response is healed by the repeat (S57). @throws {SnapError} `conflict` when something else is there. */
  upload(request: UploadRequest, work?: Work): Promise<RemoteItem>;
  /** An existing folder is adopted; `conflict` for a file. */
  makeFolder(path: RelPath): Promise<RemoteItem>;
  /** Never overwrites: `conflict`; `not-found` when the source is gone. */
  move(from: RelPath, to: RelPath): Promise<RemoteItem>;
  /** Gone already is success; `conflict` when the rev is another. */
  deleteFile(path: RelPath, rev: string): Promise<void>;
  /** Deletes what is there with everything below: only for skeletons that were emptied before (S63). */
  deleteFolder(path: RelPath): Promise<void>;
  /** A small document of ours below `.snap/` of the linked folder; undefined where missing; at most 4 KiB are read. */
  document(path: RelPath): Promise<{ text: string; rev: string } | undefined>;
  /** Write it; `conflict` when `replaces` is not its rev. The new rev. */
  writeDocument(path: RelPath, text: string, replaces: string | undefined): Promise<string>;
  /** Names of some documents in a folder below `.snap/`, a hundred at the most. */
  documents(folder: RelPath): Promise<readonly string[]>;
}

/** One tree of the index: reads as `TreeView`, from memory or SQLite; writes only inside a transaction. */
export interface TreeRows<E extends Entry> extends WholeTree<E> {
  put(entry: E): void;
  remove(node: NodeId): void;
  clear(): void;
  count(): number;
}

/** What is remembered of a workspace (S7). Synchronous; every write is inside `transaction`. */
export interface IndexStore {
  readonly synced: TreeRows<SyncedEntry>;
  readonly local: TreeRows<LocalEntry>;
  readonly remote: TreeRows<RemoteEntry>;
  readonly remoteMemory: RemoteMemory;
  readonly displaced: DisplacedFiles;
  readonly leftovers: Leftovers;
  /** Durable when it returns. Calls inside a running one join it. A throw, `disk-full` too, rolls back the whole. */
  transaction<T>(work: () => T): T;
  /** The same for what saves work only: a power cut may take it back, a killed process leaves it. */
  briefTransaction<T>(work: () => T): T;
  newNode(): NodeId;
  meta(key: MetaKey): string | undefined;
  setMeta(key: MetaKey, value: string | undefined): void;
  nodeOfRemoteId(remoteId: string): NodeId | undefined;
  /** Node of a synced row with this file id. */
  nodeOfFileId(fileId: string): NodeId | undefined;
  /** Nodes of all synced rows with this file id, in node order: several for hard links (S20). */
  nodesOfFileId(fileId: string): readonly NodeId[];
  /** Nodes of some files of the server with this content, of 1 MiB and more, in node order. */
  nodesOfRemoteContent(hash: ContentHash): readonly NodeId[];
  /**
   * Nodes whose three entries may differ, in node order, behind a node: marked by every change of a row of any tree,
   * in its transaction, until `clearDirty` (S7).
   */
  dirty(after: NodeId, countMax: number): readonly NodeId[];
  /** The same, of nodes that only the server has. */
  dirtyOnServerOnly(after: NodeId, countMax: number): readonly NodeId[];
  dirtyCount(): number;
  markDirty(node: NodeId): void;
  clearDirty(node: NodeId): void;
  /** Local files without a hash, in node order, behind a node. */
  unhashed(after: NodeId, countMax: number): readonly NodeId[];
  /** Local files whose hash is missing or not to be trusted (S24), in node order, behind a node. */
  unproven(after: NodeId, countMax: number): readonly LocalEntry[];
  /** How many these are, and their bytes. */
  unprovenTotals(): { readonly files: number; readonly bytes: number };
  /** Local folders, in node order, behind a node. */
  localFolders(after: NodeId, countMax: number): readonly NodeId[];
  intents(): readonly Intent[];
  putIntent(intent: Intent): void;
  removeIntent(op: string): void;
  upload(node: NodeId): UploadRow | undefined;
  putUpload(row: UploadRow): void;
  removeUpload(node: NodeId): void;
  parked(): readonly ParkedRow[];
  putParked(row: ParkedRow): void;
  removeParked(node: NodeId): void;
  /** The last 16 synced states of a file, newest first (S7). */
  history(node: NodeId): readonly { readonly rev: string; readonly hash: ContentHash }[];
  addHistory(node: NodeId, rev: string, hash: ContentHash): void;
  log(row: LogRow): void;
  /** Newest first. */
  logged(limit: number): readonly LogRow[];
  /** Of these the lines about a file or folder, all that is in it, and what was moved away from there. */
  loggedAt(path: string, limit: number): readonly LogRow[];
  /** What the checker needs besides (S103). */
  readonly care: IndexCare;
  /** Replace one synced, local and remote node id by another everywhere (S36). */
  rebind(from: NodeId, to: NodeId): void;
  /** Empties the trees and everything of the link; restores and the op log stay. */
  forgetLink(): void;
  /**
   * Room on the disk for what is put over the trees while a sync is tried out (S52). It is no part of the index, and is gone
   * when it is disposed of or the process dies. One at a time.
   *
   * @throws {SnapError} from its calls: `disk-full`, `disk-read-only`, `disk-error`; the index stays as it is
   */
  covers(): Covers & Disposable;
}

/** The token of an account, in a file 0600 (X14). */
export interface SecretStore {
  read(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

/** Where a capture takes its entries from: an ordered stream (N21) and a way to read a file. */
export interface CaptureSource extends FetchingSource {
  facts(): Promise<CaptureFacts>;
  /**
   * Reads what can be read only once, before entries are asked for, block by block (N59): some are asked for ahead of the one that is
   * kept. `facts` are asked again after it.
   */
  prepare?(): AsyncIterable<PreparedBlock>;
  /**
   * `hash` is given where the index trusts it (N35), `blocks` where `prepare` has stored them. `onLeft` is told of what is left aside.
   */
  entries(onLeft: (left: CaptureLeft) => void): Runs<SnapshotEntry>;
  /** By paths that may be raw (`rawPathOf`). */
  open(path: RelPath): Promise<LocalFile>;
  /** Small files read together, one attempt at each; what is missing from the answer is opened (N36). */
  readEach?(request: ReadEachRequest, work: Work): Promise<ReadonlyMap<RelPath, WholeFile>>;
  /** Told of every file that was read and held still, so that it need not be read again (N35). */
  noteContent?(file: ReadContent): void;
  /** Takes the repositories whose folders came as entries that are their own `unit`; absent where none come. */
  readonly units?: RepositoryUnits | undefined;
}

/** The snapshot store. Readers take no lock; one capture at a time (N30). */
export interface SnapshotStore extends HeldContents {
  capture(source: CaptureSource, options: CaptureOptions): Promise<CaptureResult>;
  /** Oldest first, with labels, tags and pins as they are now (N25). */
  list(filter?: SnapshotFilter): Promise<readonly NotedRoot[]>;
  /** @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous` (N25). */
  find(reference: string, filter?: SnapshotFilter): Promise<NotedRoot>;
  /** In path order. @throws {SnapError} `damaged` */
  entries(id: SnapshotId, under?: RelPath): AsyncIterable<SnapshotEntry>;
  /** Verified bytes of a file. @throws {SnapError} `damaged`, with block and pack named */
  open(entry: SnapshotEntry): AsyncIterable<Uint8Array>;
  /** All that changed, or what did at and below a path. */
  diff(a: SnapshotId, b: SnapshotId, under?: RelPath): AsyncIterable<EntryChange>;
  verify(options: VerifyOptions): AsyncIterable<VerifyEvent>;
}
