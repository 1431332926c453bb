import { pathKeyOf, type PathKey } from "../core/path/path-key.ts";
import { baseName, isInside, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { WantedCollection } from "../core/snapshot/restore-manifest.ts";
import { isAsWanted } from "../core/snapshot/restore-plan.ts";
import {
  placeKey,
  type LocalItem,
  type LocalPicture,
  type PlaceKey,
  type Settled,
} from "../core/snapshot/restore-picture.ts";
import type { Wanted, WantedFile } from "../core/snapshot/restore-wanted.ts";
import { rootNode, type NodeId, type RemoteEntry, type SyncedEntry } from "../core/tree/node.ts";
import { NodeSet } from "../core/tree/node-set.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import type { IndexStore } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { isForeign, rowAt } from "./look-remote.ts";
import type { Passing } from "./passing.ts";
import type { RestoreDeps } from "./restore-deps.ts";

type SieveDeps = Pick<RestoreDeps, "index" | "engine" | "attributes">;

/** A file of the disk, and what is wanted there. */
type Candidate = {
  readonly item: LocalItem;
  readonly want: WantedFile;
  readonly there: Standing | "unlinked";
};

/** Passes over the files that stand on both sides as a manifest wants them, while it is read beside the disk. */
export class Sieve implements Passing {
  readonly #deps: SieveDeps;
  readonly #collection: WantedCollection;
  readonly #localOnly: ReadonlySet<RelPath>;
  readonly #cloud: ExactRows | undefined;
  readonly #passedThere = new NodeSet();
  readonly #passedSynced = new NodeSet();
  #files = 0;

  constructor(
    deps: SieveDeps,
    collection: WantedCollection,
    localOnly: ReadonlySet<RelPath> = new Set(),
  ) {
    this.#deps = deps;
    this.#collection = collection;
    this.#localOnly = localOnly;
    this.#cloud = deps.engine === undefined ? undefined : new ExactRows(deps.index);
  }

  async kept(items: readonly LocalItem[], work: Work): Promise<ReadonlySet<LocalItem>> {
    const candidates: Candidate[] = [];
    for (const item of items) {
      const want = await this.#collection.upTo(item.path);
      if (want?.kind !== "file" || want.hash !== item.hash) continue;
      const there = this.#cloud === undefined ? "unlinked" : this.#cloud.fileAt(item.path);
      const isThere = there === "unlinked" || there?.row.hash === want.hash;
      if (isThere && !this.#localOnly.has(item.path)) candidates.push({ item, want, there });
    }
    const kept = new Set(items);
    for (const { item, there } of await this.#asWanted(candidates, work)) {
      kept.delete(item);
      this.#passOver(item.path, there);
    }
    return kept;
  }

  readonly remote = ({ node }: RemoteEntry): boolean => this.#passedThere.has(node);

  readonly synced = ({ node }: SyncedEntry): boolean => this.#passedSynced.has(node);

  settled(wanted: Wanted, local: LocalPicture): Settled {
    const places = new Map<PlaceKey, RelPath>();
    const { remote } = this.#deps.index;
    const isBeside = this.#cloud !== undefined && this.#files > 0;
    for (const path of isBeside ? [...wanted.nodes.keys(), ...local.items.keys()] : []) {
      const key = placeKey(path);
      const row = rowAt(remote, key);
      if (row === undefined || !this.#passedThere.has(row.node)) continue;
      const owner = pathOf(remote, row.node);
      if (owner !== undefined) places.set(key, owner);
    }
    return { files: this.#files, places };
  }

  /** Extended attributes are asked for where some are wanted, or none (N38); where this machine knows none, only none is as wanted. */
  async #asWanted(candidates: readonly Candidate[], work: Work): Promise<readonly Candidate[]> {
    const { attributes: control } = this.#deps;
    const asking = candidates.filter(({ want }) => want.attributes !== undefined);
    const found =
      control === undefined || asking.length === 0
        ? undefined
        : await control.read(
            asking.map(({ item }) => item.path),
            work,
          );
    return candidates.filter(({ item, want }) => {
      const { attributes: wish, ...plain } = want;
      if (wish === undefined) return isAsWanted(want, item);
      if (control === undefined) return Object.keys(wish).length === 0 && isAsWanted(plain, item);
      const attributes = found?.get(item.path);
      return attributes !== undefined && isAsWanted(want, { ...item, attributes });
    });
  }

  #passOver(path: RelPath, there: Candidate["there"]): void {
    this.#files += 1;
    this.#collection.passOver(path);
    if (there === "unlinked") return;
    this.#passedThere.add(there.row.node);
    if (there.isSynced) this.#passedSynced.add(there.row.node);
  }
}

/** A file of the linked folder, and whether it is synced at the very same place. */
type Standing = { readonly row: RemoteEntry; readonly isSynced: boolean };

type Folder = {
  readonly path: RelPath;
  /** By key; what has one in common with another row is left out. */
  readonly rows: ReadonlyMap<PathKey, RemoteEntry>;
  readonly isSynced: boolean;
};

/** Rows of the linked folder by the very path of the disk, for paths that are asked for in path order. */
class ExactRows {
  readonly #index: IndexStore;
  readonly #top: Folder;
  /** The folders above the last path, top first. */
  readonly #open: Folder[] = [];

  constructor(index: IndexStore) {
    this.#index = index;
    this.#top = this.#folder(topPath, rootNode, true);
  }

  fileAt(path: RelPath): Standing | undefined {
    const found = this.#at(path);
    return found?.row.kind === "file" ? found : undefined;
  }

  #at(path: RelPath): Standing | undefined {
    const folder = this.#folderAt(parentPath(path) ?? topPath);
    const name = baseName(path);
    const row = folder.rows.get(pathKeyOf(name));
    if (row?.name !== name || isForeign(row, this.#index)) return undefined;
    const synced = this.#index.synced.get(row.node);
    const isHere = synced?.parent === row.parent && synced.key === row.key;
    return { row, isSynced: folder.isSynced && isHere };
  }

  #folderAt(path: RelPath): Folder {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (last.path === path) return last;
      if (isInside(path, last.path)) break;
      this.#open.pop();
    }
    if (path === topPath) return this.#top;
    const found = this.#at(path);
    const folder =
      found?.row.kind === "folder"
        ? this.#folder(path, found.row.node, found.isSynced)
        : { path, rows: new Map<PathKey, RemoteEntry>(), isSynced: false };
    this.#open.push(folder);
    return folder;
  }

  #folder(path: RelPath, node: NodeId, isSynced: boolean): Folder {
    const rows = new Map<PathKey, RemoteEntry>();
    const twins = new Set<PathKey>();
    for (const row of this.#index.remote.children(node)) {
      if (rows.has(row.key)) twins.add(row.key);
      rows.set(row.key, row);
    }
    for (const key of twins) rows.delete(key);
    return { path, rows, isSynced };
  }
}
