import { bareRepository } from "../core/repo/marker.ts";
import { isAlwaysOutside } from "../core/ignore.ts";
import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LocalItem, LocalPicture, Sight } from "../core/snapshot/restore-picture.ts";
import type { FolderListing, LocalStat } from "../core/tree/local-stat.ts";
import type { ContentHash, Kind, LocalEntry } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import { remotePicture, treePicture } from "./look-remote.ts";
import type { Outside, RestoreDeps } from "./restore-deps.ts";
import { savedHashes } from "./saved.ts";

/** Files that are hashed at once. */
const hashesParallel = 8;

/**
 * Looks at both sides, as often as it is asked to. What was hashed for one look is not read again for the next, as
 * long as the stat proves it unchanged (S24).
 */
export class Looker {
  readonly #deps: RestoreDeps;
  readonly #outside: Outside;
  readonly #shown: ReadonlySet<RelPath>;
  readonly #hashed = new Map<RelPath, { stat: LocalStat; hash: ContentHash }>();

  /** @param shown places on the disk that are looked at although they are outside */
  constructor(deps: RestoreDeps, outside: Outside, shown: ReadonlySet<RelPath> = new Set()) {
    this.#deps = deps;
    this.#shown = shown;
    this.#outside = (path, kind) => isAlwaysOutside(path) || outside(path, kind);
  }

  /** The remote rows are as the engine's last observation left them. */
  async look(work: Work): Promise<Sight> {
    const { index, engine } = this.#deps;
    const outside = new Map<RelPath, Kind>();
    const isOutside: Outside = (path, kind) => {
      const is = this.#outside(path, kind);
      if (is) outside.set(path, kind === "folder" ? "folder" : "file");
      return is;
    };
    const isOut: Outside = (path, kind) => !this.#shown.has(path) && isOutside(path, kind);
    const local = await this.#lookLocally(isOut, work);
    const linked = engine !== undefined;
    const remote = linked ? remotePicture(index, isOutside) : undefined;
    const synced = linked ? treePicture(index.synced) : new Map();
    const saved = await savedHashes(this.#deps, { local, remote, synced });
    return { local, remote, synced, outside, saved };
  }

  async #lookLocally(isOutside: Outside, work: Work): Promise<LocalPicture> {
    const walk = new Walk(isOutside);
    const pending: RelPath[] = [topPath];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const listing = await this.#deps.local.list(folder);
      if (folder === topPath && listing.trouble !== undefined) throw listing.trouble;
      pending.push(...walk.enter(listing));
    }
    const known = this.#knownHashes();
    const files = [...walk.items.values()].filter(({ stat }) => stat.kind === "file");
    const options = { parallel: hashesParallel, signal: work.signal };
    await forEachLimited(files, options, (item) => this.#hash(item, { walk, known, work }));
    return walk.picture();
  }

  /** Hashes that the index trusts, by path. */
  #knownHashes(): ReadonlyMap<RelPath, LocalEntry> {
    const { local } = this.#deps.index;
    const known = new Map<RelPath, LocalEntry>();
    for (const row of local.all()) {
      const path = row.kind === "file" && row.trusted ? pathOf(local, row.node) : undefined;
      if (path !== undefined) known.set(path, row);
    }
    return known;
  }

  async #hash(item: LocalItem, look: Hashing): Promise<void> {
    const { path, stat } = item;
    const row = look.known.get(path);
    const cached = this.#hashed.get(path);
    if (row?.hash !== undefined && isSame(row, stat)) {
      look.walk.items.set(path, { ...item, hash: row.hash });
    } else if (cached !== undefined && isSame(cached.stat, stat)) {
      look.walk.items.set(path, { ...item, hash: cached.hash });
    } else {
      await this.#read(item, look);
    }
  }

  async #read({ path }: LocalItem, { walk, work }: Hashing): Promise<void> {
    try {
      const { hash, stat, trusted } = await this.#deps.local.hash(path, work);
      walk.items.set(path, { path, stat, hash });
      if (trusted) this.#hashed.set(path, { stat, hash });
    } catch (error) {
      if (!(error instanceof SnapError) || error.class !== "item") throw error;
      walk.giveUp(path, error.message);
    }
  }
}

type Hashing = {
  readonly walk: Walk;
  readonly known: ReadonlyMap<RelPath, LocalEntry>;
  readonly work: Work;
};

type Identity = Pick<LocalStat, "stamp" | "fileId">;

function isSame(a: Identity, b: Identity): boolean {
  return a.stamp === b.stamp && a.fileId === b.fileId;
}

/** A picture of the disk in the making. */
class Walk {
  readonly items = new Map<RelPath, LocalItem>();
  readonly #outside: Outside;
  readonly #unknown = new Map<RelPath, string>();
  readonly #holding = new Set<RelPath>();
  #ignored = 0;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** Note what a folder holds; the folders in it that are to be entered. */
  enter({ path: folder, entries, unsyncable, trouble }: FolderListing): RelPath[] {
    if (trouble !== undefined) this.giveUp(folder, trouble.message);
    if (unsyncable.length > 0) this.#holding.add(folder);
    const folders: RelPath[] = [];
    if (folder !== topPath && bareRepository(entries) === "whole") {
      this.giveUp(folder, "It is a repository, which is not restored file by file");
      return folders;
    }
    for (const stat of entries) {
      const path = joinPath(folder, stat.name);
      if (this.#outside(path, stat.kind)) {
        this.#holding.add(folder);
        this.#ignored += 1;
      } else if (stat.kind === "special") {
        this.#unknown.set(path, "It is not a file, folder or link");
      } else {
        this.items.set(path, { path, stat, hash: undefined });
        if (stat.kind === "folder") folders.push(path);
      }
    }
    return folders;
  }

  /** A place that could not be looked at stays as it is, with all that is below it. */
  giveUp(path: RelPath, reason: string): void {
    this.items.delete(path);
    this.#unknown.set(path, reason);
  }

  picture(): LocalPicture {
    return {
      items: this.items,
      unknown: this.#unknown,
      holding: this.#holding,
      ignored: this.#ignored,
    };
  }
}
