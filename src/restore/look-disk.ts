import { bareRepository } from "../core/repo/marker.ts";
import { joinPath, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LocalItem, LocalPicture } from "../core/snapshot/restore-picture.ts";
import type { ContentMemory } from "../core/tree/content-memory.ts";
import type { FolderListing, LocalStat } from "../core/tree/local-stat.ts";
import { rootNode, type ContentHash, type LocalEntry, type NodeId } from "../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../ports.ts";
import type { Outside } from "./restore-deps.ts";

/** What was found at a place, and its content hash where the index or an earlier capture proves it (S24, N35). */
export type Found = {
  readonly path: RelPath;
  readonly stat: LocalStat;
  readonly hash: ContentHash | undefined;
};

/** What a walk asks. */
export type WalkDeps = {
  readonly local: Pick<LocalSide, "list">;
  readonly index: Pick<IndexStore, "local">;
  readonly contents?: Pick<ContentMemory, "hashesIn"> | undefined;
};

/** A folder whose entries are being passed. */
type OpenFolder = {
  readonly path: RelPath;
  readonly entries: readonly LocalStat[];
  readonly rows: ReadonlyMap<string, LocalEntry>;
  readonly hashes: ReadonlyMap<string, ContentHash> | undefined;
  next: number;
};

/** The disk on the way to a picture of it, in path order and in parts: what is not kept of one is forgotten. */
export class DiskWalk {
  readonly #deps: WalkDeps;
  readonly #outside: Outside;
  readonly #open: OpenFolder[] = [];
  readonly #items = new Map<RelPath, LocalItem>();
  readonly #unknown = new Map<RelPath, string>();
  readonly #holding = new Set<RelPath>();
  #ignored = 0;

  constructor(deps: WalkDeps, outside: Outside) {
    this.#deps = deps;
    this.#outside = outside;
  }

  /** @throws {SnapError} where not even the top can be listed */
  async begin(): Promise<void> {
    const listing = await this.#deps.local.list(topPath);
    if (listing.trouble !== undefined) throw listing.trouble;
    this.#enter(listing, rootNode);
  }

  /** The next things on the disk, about so many; none at the end. */
  async take(count: number): Promise<readonly Found[]> {
    const found: Found[] = [];
    while (found.length < count) {
      const folder = this.#open.at(-1);
      if (folder === undefined) break;
      const stat = folder.entries[folder.next];
      folder.next += 1;
      if (stat === undefined) this.#open.pop();
      else found.push(...(await this.#pass(folder, stat)));
    }
    return found;
  }

  keep(item: LocalItem): void {
    this.#items.set(item.path, item);
  }

  /** What is not planned keeps the folder in which it stands. */
  passOver({ path }: LocalItem): void {
    this.#holding.add(parentPath(path) ?? topPath);
  }

  /** A place that could not be looked at stays as it is, with all that is below it. */
  giveUp(path: RelPath, reason: string): void {
    this.#unknown.set(path, reason);
  }

  picture(): LocalPicture {
    return {
      items: this.#items,
      unknown: this.#unknown,
      holding: this.#holding,
      ignored: this.#ignored,
    };
  }

  async #pass(folder: OpenFolder, stat: LocalStat): Promise<readonly Found[]> {
    const path = joinPath(folder.path, stat.name);
    if (this.#outside(path, stat.kind)) {
      this.#holding.add(folder.path);
      this.#ignored += 1;
      return [];
    }
    if (stat.kind === "special") {
      this.giveUp(path, "It is not a file, folder or link");
      return [];
    }
    const row = folder.rows.get(stat.name);
    if (stat.kind !== "folder") {
      const isProven = row?.trusted === true && row.hash !== undefined && isSame(row, stat);
      return [{ path, stat, hash: isProven ? row.hash : folder.hashes?.get(stat.name) }];
    }
    const listing = await this.#deps.local.list(path);
    return this.#enter(listing, row?.node) ? [{ path, stat, hash: undefined }] : [];
  }

  /** Whether the folder may be looked into. */
  #enter(listing: FolderListing, node: NodeId | undefined): boolean {
    const { path, entries, unsyncable, trouble } = listing;
    if (unsyncable.length > 0) this.#holding.add(path);
    if (path !== topPath && bareRepository(entries) === "whole") {
      this.giveUp(path, "It is a repository, which is not restored file by file");
      return false;
    }
    if (trouble !== undefined) this.giveUp(path, trouble.message);
    const rows = node === undefined ? [] : this.#deps.index.local.children(node);
    this.#open.push({
      path,
      entries,
      rows: new Map(Array.from(rows, (row) => [row.name, row])),
      hashes: this.#deps.contents?.hashesIn(listing),
      next: 0,
    });
    return trouble === undefined;
  }
}

type Identity = Pick<LocalStat, "stamp" | "fileId">;

/** Whether the stat proves that nothing was written since. */
export function isSame(a: Identity, b: Identity): boolean {
  return a.stamp === b.stamp && a.fileId === b.fileId;
}
