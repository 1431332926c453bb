/**
 * @module remote — the linked folder of a Dropbox account.
 *
 * The official SDK speaks to the server; around it are retries, the renewal of access tokens, streamed bodies, and a
 * check of every member of every answer, because a server is not trusted (X1, X13). Everything that the rest of the
 * program sees is relative to the linked folder. One commit runs at a time (S59); all other calls may run side by side.
 * Nothing is remembered here beyond tokens: what the server said last is the index's to know.
 */
import type { RemoteWait } from "../core/live/waiting.ts";
import { SessionFinisher } from "./session-finisher.ts";
import { isInside, parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type {
  KnownDocument,
  DownloadWork,
  FileHistory,
  RemoteItem,
  RemotePage,
  KnownFile,
  SmallUpload,
  UploadRequest,
} from "../core/tree/remote-item.ts";
import type { FolderFile, FolderRequest } from "../core/tree/remote-batches.ts";
import { assert } from "../std/assert.ts";
import type { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { silentLogger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { KeptRemote, RemoteAccount, RemoteSide } from "../ports.ts";
import { deleteFiles, makeFolders, relocate } from "./batches.ts";
import { deleteFile, deleteFolder, folderId, makeFolder, makeTop, move } from "./changes.ts";
import { Client, type ClientOptions } from "./client.ts";
import { listDocuments, readDocument, writeDocument } from "./documents.ts";
import { download } from "./download.ts";
import { FolderDownloader } from "./download-folder.ts";
import { getItem, listItems, listPages, quietSince } from "./listing.ts";
import { knownPathRoot } from "./path-root.ts";
import { fileHistory, revert, revisionHash } from "./revisions.ts";
import { roomLeft } from "./room.ts";
import { upload } from "./upload.ts";
import { BatchUploader } from "./upload-batch.ts";
import { waitForChange } from "./wait-for-change.ts";
import { apiPath, parseTop, type Top } from "./wire.ts";
import { rootChanged } from "../core/tree/root-changed.ts";

/** What a remote side is made of. */
export type RemoteOptions = ClientOptions & {
  /** The linked folder: "" for the root of the account, or "/folder/sub". */
  readonly top: string;
  /** What it is: no call reaches another folder that has its path from another root. Absent for one that is new. */
  readonly known?: KnownPlace | undefined;
};

/** The linked folder as it was found: its id, and where the path to it began. */
export type KnownPlace = {
  readonly root: string;
  readonly folder: string;
  /** The account's own folder from there; "" where that is everything. Undefined where it was not noted. */
  readonly home: string | undefined;
};

/** @throws {SnapError} `path-invalid` when the top is no path of the API */
export function openRemote(options: RemoteOptions): RemoteSide & KeptRemote {
  return new DropboxSide(options);
}

function rootIn(known: KnownPlace | undefined): Pick<ClientOptions, "root" | "pathRoot"> {
  if (known === undefined) return {};
  return { root: known.root, pathRoot: knownPathRoot(known.root, known.home) };
}

/** Where our own documents are. */
const ownFolder: RelPath = parseRelPath(".snap");

class DropboxSide implements RemoteSide, KeptRemote {
  readonly #client: Client;
  readonly #top: Top;
  readonly #rng: Rng;
  /** The id of the linked folder as it was found last; undefined where nobody has asked for it. */
  #found: string | undefined;
  /** Where paths began was noted. */
  readonly #isRootKnown: boolean;
  readonly #uploader: BatchUploader;
  readonly #finisher: SessionFinisher;
  readonly #folders: FolderDownloader;

  constructor(options: RemoteOptions) {
    const { known } = options;
    this.#client = new Client({ ...options, ...rootIn(known) }, (there, account) =>
      this.#confirmRoot(there, account),
    );
    this.#top = parseTop(options.top);
    this.#found = known?.folder;
    this.#isRootKnown = known?.home !== undefined;
    this.#rng = options.rng;
    this.#uploader = new BatchUploader(this.#client, this.#top);
    this.#finisher = new SessionFinisher(this.#client);
    this.#folders = new FolderDownloader(this.#client, this.#top, options.logger ?? silentLogger);
  }

  account(): Promise<RemoteAccount> {
    return this.#client.account();
  }

  async folderId(): Promise<string | undefined> {
    this.#found = await (this.#isRootKnown || this.#client.isPinned
      ? this.#foundEarly()
      : this.#foundLast());
    return this.#found;
  }

  #foundLast(): Promise<string | undefined> {
    return folderId(this.#client, this.#top);
  }

  /** Asked for beside the account, if that is under way; where paths begin elsewhere by then, once more. */
  async #foundEarly(): Promise<string | undefined> {
    const { pathRoot } = this.#client;
    const call: Client["call"] = (route, own) => this.#client.ask(route, own);
    const found = await folderId({ call }, this.#top).catch((reason: unknown) => ({ reason }));
    await this.#client.pin();
    const isSure = typeof found !== "object" && this.#client.pathRoot === pathRoot;
    return isSure ? found : await this.#foundLast();
  }

  async makeTop(): Promise<string> {
    this.#found = await makeTop(this.#client, this.#top);
    return this.#found;
  }

  pages(cursor: string | undefined, work?: Work): AsyncIterable<RemotePage> {
    return listPages(this.#client, this.#top, { cursor, work });
  }

  quietSince(cursor: string, ours: KnownDocument, work?: Work): Promise<string | undefined> {
    return quietSince(this.#client, this.#top, { cursor, ours, work });
  }

  waitForChange(cursor: string, signal: AbortSignal | undefined): Promise<RemoteWait> {
    return waitForChange(this.#client, this.#rng, { cursor, signal });
  }

  list(folder: RelPath, { recursive }: { recursive: boolean }): AsyncIterable<RemoteItem> {
    return listItems(this.#client, this.#top, { folder, recursive });
  }

  get(path: RelPath): Promise<RemoteItem | undefined> {
    assert(path !== "", "the linked folder itself is asked for by folderId");
    return getItem(this.#client, this.#top, path);
  }

  revision(rev: string): Promise<string | undefined> {
    return revisionHash(this.#client, rev);
  }

  history(path: RelPath): Promise<FileHistory> {
    return fileHistory(this.#client, this.#top, path);
  }

  room(work?: Work): Promise<number | undefined> {
    return roomLeft(this.#client, work);
  }

  revert(path: RelPath, rev: string): Promise<RemoteItem> {
    return revert(this.#client, this.#top, { path, rev });
  }

  relocate(
    call: "move" | "copy",
    pairs: readonly { readonly from: RelPath; readonly to: RelPath }[],
    work?: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    return relocate(this.#client, this.#top, { call, pairs, work });
  }

  makeFolders(
    paths: readonly RelPath[],
    work?: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    return makeFolders(this.#client, this.#top, { paths, work });
  }

  download(
    rev: string,
    offset: number,
    { size, ...work }: DownloadWork = {},
  ): AsyncIterable<Uint8Array> {
    return download(this.#client, { rev, offset, size, work });
  }

  upload(request: UploadRequest, work?: Work): Promise<RemoteItem> {
    return upload(this.#client, this.#top, { request, work, finisher: this.#finisher });
  }

  uploadEach(
    requests: readonly SmallUpload[],
    onSessions: (sessions: ReadonlyMap<number, string>) => void = () => {},
    work: Work = {},
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    return this.#uploader.upload(requests, onSessions, work);
  }

  /** Of the root of an account the server makes no archive. */
  get givesWhole(): boolean {
    return this.#top !== "";
  }

  filesIn(request: FolderRequest, work?: Work): AsyncIterable<FolderFile> {
    return this.#folders.files(request, work);
  }

  deleteEach(
    files: readonly KnownFile[],
    work?: Work,
  ): Promise<readonly (SnapError | undefined)[]> {
    return deleteFiles(this.#client, this.#top, { files, work });
  }

  makeFolder(path: RelPath): Promise<RemoteItem> {
    return makeFolder(this.#client, this.#top, path);
  }

  move(from: RelPath, to: RelPath): Promise<RemoteItem> {
    return move(this.#client, this.#top, { from, to });
  }

  deleteFile(path: RelPath, rev: string): Promise<void> {
    return deleteFile(this.#client, this.#top, { path, rev });
  }

  deleteFolder(path: RelPath): Promise<void> {
    assert(path !== "" && !isInside(path, ownFolder), "only nodes of the tree are deleted");
    return deleteFolder(this.#client, this.#top, path);
  }

  document(path: RelPath): Promise<{ text: string; rev: string } | undefined> {
    return readDocument(this.#client, this.#ownPath(path), path);
  }

  writeDocument(path: RelPath, text: string, replaces: string | undefined): Promise<string> {
    return writeDocument(this.#client, this.#ownPath(path), { text, replaces });
  }

  documents(folder: RelPath): Promise<readonly string[]> {
    return listDocuments(this.#client, this.#ownPath(folder), folder);
  }

  /**
   * A path means another place from another root: what was one folder so far must be the same one there, else nothing is
   * asked of it any more. The whole of one root is never the whole of another.
   */
  async #confirmRoot(there: Pick<Client, "call">, account: RemoteAccount): Promise<void> {
    if (this.#found === undefined) return;
    const found = this.#top === "" ? undefined : await folderId(there, this.#top);
    if (found !== this.#found) throw rootChanged(account);
  }

  #ownPath(path: RelPath): string {
    assert(path !== ownFolder && isInside(path, ownFolder), "documents are below .snap");
    return apiPath(this.#top, path);
  }
}
