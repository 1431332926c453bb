import { overridesOf } from "../../core/repo/gitdir-path.ts";
import { joinPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import type { FolderMark } from "../../core/tree/leftovers.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../core/tree/node.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { damagedFiles, judgeReread, type Reread } from "./bit-rot.ts";
import type { Tell } from "./finding.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { exclusionsInForce } from "../scope/exclusions-in-force.ts";
import { checkWorkspace } from "../guards/presence.ts";
import { rulesInForce } from "../scope/rules-in-force.ts";
import { judgeFolder, refusal, type ScopeRules } from "../scope/standing.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** Files that are read again at once. */
const hashParallelMax = 4;

/** What a walk over the disk tells, besides its findings. */
export type DiskCheck = {
  /** Read every file, too. */
  readonly rehash: boolean;
  readonly tell: Tell;
  /** A file that was read again, and has other bytes than its stamp stands for (S28). */
  readonly onDamaged: (read: Reread) => void;
};

/**
 * Hold the disk against the local rows, folder by folder (S103). What the next sync sees by itself is told as not synced yet;
 * a contradiction is what no stamp shows. Writes nothing.
 *
 * @returns how many files and folders stand on the disk
 * @throws {SnapError} `workspace-missing`, `settings-invalid`, `interrupted`
 */
export async function checkDisk(deps: EngineDeps, check: DiskCheck, work: Work): Promise<number> {
  await checkWorkspace(deps);
  const { config } = deps;
  const exclusions = exclusionsInForce(deps.index);
  const { rules } = await rulesInForce(deps, exclusions);
  const scope: ScopeRules = {
    rules,
    repos: config.repos,
    ...overridesOf(config),
    exclusions,
  };
  const walk = new DiskWalk(deps, { ...check, scope });
  await walk.run(work);
  return walk.count;
}

type FolderAt = { readonly path: RelPath; readonly node: NodeId };

/** A file with the stamp of its row. */
type Unchanged = { readonly row: LocalEntry; readonly path: RelPath };

class DiskWalk {
  count = 0;
  readonly #deps: EngineDeps;
  readonly #check: DiskCheck & { readonly scope: ScopeRules };
  readonly #folders: FolderAt[] = [{ path: topPath, node: rootNode }];
  readonly #damaged: ReadonlySet<NodeId>;
  #bytes = 0;

  constructor(deps: EngineDeps, check: DiskCheck & { readonly scope: ScopeRules }) {
    this.#deps = deps;
    this.#check = check;
    const known = damagedFiles(deps.index);
    this.#damaged = new Set(known.map(({ node }) => node));
    for (const { node, left } of known) {
      const { path, reason: what, hint } = left;
      check.tell({
        kind: "damaged",
        side: "disk",
        path,
        what,
        node,
        ...(hint !== undefined && { hint }),
      });
    }
  }

  async run(work: Work): Promise<void> {
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      throwIfAborted(work.signal);
      const unchanged = await this.#compare(folder);
      if (this.#check.rehash) await this.#readAgain(unchanged, work);
      this.#progress(work, folder.path);
    }
  }

  /** Compare one folder with its rows. Returns the files whose stamp says that nothing changed. */
  async #compare({ path, node }: FolderAt): Promise<readonly Unchanged[]> {
    const { local, index } = this.#deps;
    const listing = await local.list(path);
    const { inside, repository } = judgeFolder(this.#check.scope, path, listing.entries);
    const closed = listing.trouble?.message ?? repository;
    if (closed !== undefined) {
      const kind = listing.trouble === undefined ? "held" : "unknown";
      this.#check.tell({ kind, side: "disk", path, what: closed, node });
      return [];
    }
    const rows = new Map(Array.from(index.local.children(node), (row) => [row.name, row]));
    const unchanged: Unchanged[] = [];
    for (const stat of inside) {
      const row = rows.get(stat.name);
      rows.delete(stat.name);
      const at = joinPath(path, stat.name);
      if (row === undefined) await this.#tellNew(at, stat);
      else if (this.#isUnchanged(row, { path: at, stat })) unchanged.push({ row, path: at });
    }
    for (const row of rows.values()) {
      this.#tellPending(joinPath(path, row.name), row.node, "is not on the disk any more");
    }
    return unchanged;
  }

  /** Whether a file stands as its row says; folders are compared by what is in them. */
  #isUnchanged(row: LocalEntry, { path, stat }: { path: RelPath; stat: LocalStat }): boolean {
    this.count += 1;
    if (stat.kind !== row.kind) {
      this.#tellPending(path, row.node, `was replaced by a ${stat.kind}`);
      return false;
    }
    if (stat.kind === "folder") {
      this.#folders.push({ path, node: row.node });
      return false;
    }
    if (stat.stamp !== row.stamp || stat.fileId !== row.fileId) {
      this.#tellPending(path, row.node, "was written to since");
      return false;
    }
    if (row.size === stat.size) return true;
    const what = `is remembered with ${row.size} bytes, and has ${stat.size} under the same stamp`;
    this.#check.tell({ kind: "broken", side: "disk", path, what, node: row.node });
    return false;
  }

  async #tellNew(path: RelPath, { kind, name, fileId }: LocalStat): Promise<void> {
    const isSynced = kind === "file" || kind === "folder";
    if (!isSynced || refusal(path, name) !== undefined) return;
    if (kind === "folder" && (await this.#isLeftover({ path, fileId }))) return;
    this.count += 1;
    this.#tellPending(path, undefined, "is new");
  }

  /** What stays of a folder that the other side removed, while nothing in it is synced (S70). */
  async #isLeftover(top: FolderMark): Promise<boolean> {
    if (!this.#deps.index.leftovers.has(top)) return false;
    const folders = [top.path];
    for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
      const { entries, unsyncable, trouble } = await this.#deps.local.list(path);
      const { inside } = judgeFolder(this.#check.scope, path, entries);
      const holdsMore = inside.some(({ kind }) => kind !== "folder");
      if (trouble !== undefined || unsyncable.length > 0 || holdsMore) return false;
      for (const { name } of inside) folders.push(joinPath(path, name));
    }
    return true;
  }

  async #readAgain(files: readonly Unchanged[], work: Work): Promise<void> {
    const options = { parallel: hashParallelMax, signal: work.signal };
    await forEachLimited(files, options, async ({ row, path }) => {
      const read = await rereadFile(this.#deps, { node: row.node, path }, work);
      if (typeof read === "string") {
        this.#check.tell({ kind: "unknown", side: "disk", path, what: read, node: row.node });
        return;
      }
      this.#bytes += read.size;
      this.#judge(row, path, read);
      this.#progress(work, path);
    });
  }

  #judge(row: LocalEntry, path: RelPath, read: Reread): void {
    if (read.hash === row.hash) return;
    const { node } = row;
    switch (judgeReread(this.#deps.index, read)) {
      case "as-known":
        return;
      case "changed":
        return this.#tellPending(path, node, "was written to since");
      case "row-wrong": {
        const what = "is remembered with another hash than its bytes have";
        return this.#check.tell({ kind: "broken", side: "disk", path, what, node });
      }
      case "damaged":
        if (!this.#damaged.has(node)) this.#check.onDamaged(read);
    }
  }

  #tellPending(path: string, node: NodeId | undefined, what: string): void {
    // A damaged file is told once, as such.
    if (node !== undefined && this.#damaged.has(node)) return;
    this.#check.tell({ kind: "pending", side: "disk", path, what, node });
  }

  #progress(work: Work, current: RelPath): void {
    const shared = { done: this.count, total: undefined, bytesTotal: undefined };
    work.onProgress?.({ step: "check the disk", ...shared, bytes: this.#bytes, current });
  }
}

/** Read a file of the disk again; a text says why it cannot be read (P9). */
export async function rereadFile(
  { local }: EngineDeps,
  { node, path }: { readonly node: NodeId; readonly path: RelPath },
  { signal }: Work,
): Promise<(Reread & { readonly size: number }) | string> {
  try {
    const { hash, size, stat } = await local.hash(path, signal === undefined ? {} : { signal });
    return { node, hash, size, stamp: stat.stamp, fileId: stat.fileId };
  } catch (error) {
    throwIfAborted(signal);
    if (!isTroubleWithOne(error)) throw error;
    return error.message;
  }
}
