import type { RelPath } from "../../../src/core/path/rel-path.ts";
import { contentHashOf } from "../../../src/core/tree/content-hash.ts";
import type {
  KnownDocument,
  RemoteChange,
  RemoteItem,
  RemotePage,
  UploadRequest,
} from "../../../src/core/tree/remote-item.ts";
import type { RemoteAccount, RemoteSide } from "../../../src/ports.ts";
import { isSnapError } from "../../../src/std/error.ts";
import { below, isOwnBusiness, isShown, orderOf, present } from "./cloud-listing.ts";
import { MemoryBatches, type MemoryWireOptions } from "./memory-batches.ts";
import { changed, damaged, noneIfMissing, refuseBefore, type WireFault } from "./wire-fault.ts";
import { failed, itemOf, type CloudNode, type MemoryCloud } from "./memory-cloud.ts";
import { journalBehind } from "./memory-wait.ts";

/** How listings come. */
export type PageMood = {
  readonly entries: number;
  /** Lines of the journal that the server does not show yet. */
  readonly lag: number;
  /** Lines that are shown once more. */
  readonly again: number;
  readonly reset: boolean;
};

export type MemoryRemoteOptions = MemoryWireOptions & {
  readonly account: RemoteAccount;
  readonly mood: () => PageMood;
};

/** The linked folder of `MemoryCloud` as the engine's port, with the retries of the real client. */
export class MemoryRemote extends MemoryBatches implements RemoteSide {
  readonly #options: MemoryRemoteOptions;
  readonly #cloud: MemoryCloud;

  constructor(options: MemoryRemoteOptions) {
    super(options);
    this.#options = options;
    this.#cloud = options.cloud;
  }

  account(): Promise<RemoteAccount> {
    return this.call("account", () => this.#options.account);
  }

  folderId(): Promise<string | undefined> {
    return this.call("folderId", () => this.#cloud.root?.id);
  }

  makeTop(): Promise<string> {
    return this.write("makeTop", () => this.#cloud.makeRoot());
  }

  async *pages(cursor: string | undefined): AsyncGenerator<RemotePage> {
    let position = cursor === undefined ? undefined : Number(cursor);
    if (position !== undefined && this.#options.mood().reset) position = undefined;
    const restart = position === undefined;
    if (position === undefined) position = yield* this.#wholeListing();
    for (let first = !restart; ; first = false) {
      const page = await this.call("pages", () => this.#linesFrom(position ?? 0, first));
      yield page;
      if (page.complete) return;
      position = Number(page.cursor);
    }
  }

  /** Documents are in no listing here: their revisions tell. */
  quietSince(cursor: string, { path, rev }: KnownDocument): Promise<string | undefined> {
    return this.call("quietSince", () => {
      if (this.#cloud.root === undefined) return undefined;
      const { changes, complete } = this.#linesFrom(Number(cursor), false);
      const isQuiet = complete && changes.length === 0;
      return isQuiet && this.#cloud.documents.get(path)?.rev === rev ? cursor : undefined;
    });
  }

  /** A change is all that ends the wait: no time passes here. Tried once, as the real one. */
  async waitForChange(
    cursor: string,
    signal: AbortSignal | undefined,
  ): Promise<{ changed: boolean; backoffMs: number }> {
    await this.#options.gate("> waitForChange");
    refuseBefore(this.#options.fault("waitForChange"));
    await journalBehind(this.#cloud, Number(cursor), signal);
    return { changed: true, backoffMs: 0 };
  }

  async *list(folder: RelPath, { recursive }: { recursive: boolean }): AsyncGenerator<RemoteItem> {
    const items = await this.call("list", () => {
      const node = this.#cloud.at(folder);
      if (node === undefined) throw failed("not-found", "nothing is there");
      if (node.kind !== "folder") throw failed("conflict", "it is no folder");
      return below(node, recursive).map(itemOf);
    });
    yield* items.filter(isShown);
  }

  get(path: RelPath): Promise<RemoteItem | undefined> {
    return this.call("get", () => {
      const node = this.#cloud.at(path);
      return node && itemOf(node);
    });
  }

  revision(rev: string): Promise<string | undefined> {
    const look = (): string => contentHashOf(this.#cloud.revision(rev));
    return this.call("revision", look).catch(noneIfMissing);
  }

  async *download(rev: string, offset: number): AsyncGenerator<Uint8Array> {
    let at = offset;
    for (let attempt = 1; ; attempt += 1) {
      const { bytes, fault } = await this.#body(rev);
      const half = at + Math.ceil((bytes.length - at) / 2);
      if (at < half) yield damaged(bytes.subarray(at, half), fault);
      at = half;
      if (fault === "cut body" && at < bytes.length && attempt < 6) continue;
      await this.#options.gate("download body");
      if (at < bytes.length) yield bytes.subarray(at);
      if (fault === "long body") throw failed("content-wrong", "more came than the file has");
      return;
    }
  }

  async upload(request: UploadRequest): Promise<RemoteItem> {
    const bytes = await request.read(0, request.size);
    if (bytes.length !== request.size || contentHashOf(bytes) !== request.hash) throw changed();
    const commit = (): RemoteItem => {
      this.#options.onUpload?.(request, this.#cloud.at(request.path));
      const { replaces, modified, path } = request;
      return itemOf(this.#cloud.write(path, { bytes, replaces, modified }));
    };
    return await this.inTurn(async () => {
      if (!(await request.unchanged())) throw changed();
      return await this.call(`upload ${request.path}`, commit);
    });
  }

  async makeFolder(path: RelPath): Promise<RemoteItem> {
    return await this.write(`makeFolder ${path}`, () => {
      const there = this.#cloud.at(path);
      return itemOf(there?.kind === "folder" ? there : this.#cloud.makeFolder(path));
    });
  }

  move(from: RelPath, to: RelPath): Promise<RemoteItem> {
    return this.write(`move ${from} ${to}`, () => itemOf(this.#cloud.move(from, to)));
  }

  deleteFile(path: RelPath, rev: string): Promise<void> {
    return this.write(`deleteFile ${path}`, () => this.#remove(path, rev));
  }

  async deleteFolder(path: RelPath): Promise<void> {
    const isEmpty = await this.call("list", () => {
      const node = this.#cloud.at(path);
      if (node?.kind === "file") throw failed("conflict", "it is no folder");
      return node === undefined
        ? undefined
        : below(node, true).every(({ kind }) => kind === "folder");
    });
    if (isEmpty === undefined) return;
    if (!isEmpty) throw failed("conflict", "it is not empty of files");
    await this.write(`deleteFolder ${path}`, () => this.#remove(path, undefined));
  }

  document(path: RelPath): Promise<{ text: string; rev: string } | undefined> {
    return this.call("document", () => this.#cloud.documents.get(path));
  }

  writeDocument(path: RelPath, text: string, replaces: string | undefined): Promise<string> {
    return this.write(`writeDocument ${path}`, () => {
      const there = this.#cloud.documents.get(path);
      if (there?.text === text) return there.rev;
      if (there !== undefined && there.rev !== replaces) throw failed("conflict", "another rev");
      const rev = this.#cloud.nextRev();
      this.#cloud.documents.set(path, { text, rev });
      return rev;
    });
  }

  documents(folder: RelPath): Promise<readonly string[]> {
    const paths = [...this.#cloud.documents.keys()];
    const inside = paths.filter((path) => path.startsWith(`${folder}/`));
    return this.call("documents", () => inside.map((path) => path.slice(folder.length + 1)));
  }

  /** Gone already is success (S62). */
  #remove(path: RelPath, rev: string | undefined): void {
    try {
      this.#cloud.remove(path, rev);
    } catch (error) {
      if (!isSnapError(error, "not-found")) throw error;
    }
  }

  async *#wholeListing(): AsyncGenerator<RemotePage, number> {
    const begun = await this.call("pages", () => {
      if (this.#cloud.root === undefined) throw failed("remote-missing", "it is not there");
      return this.#cloud.journal.length;
    });
    let last = "";
    for (let restart = true; ; restart = false) {
      // As it is when the server answers: on the way back anything may happen to it.
      const page = await this.call("pages", () =>
        this.#nodesAfter(last).map((node) => ({ order: orderOf(node), item: itemOf(node) })),
      );
      const changes = page.map(({ item }): RemoteChange => present(item));
      yield {
        changes: changes.filter(isOwnBusiness),
        cursor: String(begun),
        complete: false,
        restart,
      };
      const end = page.at(-1);
      if (end === undefined) return begun;
      last = end.order;
    }
  }

  #nodesAfter(last: string): CloudNode[] {
    return this.#cloud
      .all()
      .filter((node) => orderOf(node) > last)
      .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
      .slice(0, this.#options.mood().entries);
  }

  /** What was so when each line was written; of lines about one place in one page, the last (S31). */
  #linesFrom(position: number, first: boolean): RemotePage {
    if (this.#cloud.root === undefined) throw failed("remote-missing", "it is not there");
    const { entries, lag, again } = this.#options.mood();
    const { journal } = this.#cloud;
    const from = Math.max(0, first ? position - again : position);
    const end = Math.max(from, journal.length - lag);
    const to = Math.min(from + entries, end);
    const lines = journal.slice(from, to);
    const last = new Map(lines.map((line) => [line.keys.join("/"), line]));
    // A removal is never merged away: what was below is gone, even where something new stands there now.
    const told = lines.filter(
      (line) => line.item === undefined || last.get(line.keys.join("/")) === line,
    );
    const changes = told.map(({ keys, item }): RemoteChange =>
      item === undefined ? { change: "removed", keys: keys as RemoteItem["keys"] } : present(item),
    );
    return {
      changes: changes.filter(isOwnBusiness),
      cursor: String(to),
      complete: to >= end,
      restart: false,
    };
  }

  async #body(rev: string): Promise<{ bytes: Uint8Array; fault: WireFault | undefined }> {
    let fault: WireFault | undefined;
    const bytes = await this.call(
      "download",
      () => this.#cloud.revision(rev),
      (met) => {
        fault = met;
      },
    );
    return { bytes, fault };
  }
}
