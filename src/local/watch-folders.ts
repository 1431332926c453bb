import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { nothingLeftOut, type LeftOut } from "../core/live/waiting.ts";
import {
  comparePaths,
  joinPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import { systemCode } from "../std/error.ts";
import { ownFolder } from "./parents.ts";
import { turn } from "../std/turn.ts";

/** Folders that are watched at most (S108): each costs a watch of the system's. */
export const watchFoldersMax = 100_000;

/** Files and folders that are watched at most: the package keeps a path of each, some 300 bytes (S106). */
export const watchEntriesMax = 500_000;

/**
 * Folders that the rules leave out and that are really not watched, at most: the package compares each entry and each event with
 * each of them (40 ns). In the others, the deepest ones, is watched what nobody is told of.
 */
export const leftOutFoldersMax = 200;

/** Folders are read in runs of this many, and the rest of the program has a turn after each. */
const foldersInARow = 32;

/** What there is to watch. */
export type FoundFolders = {
  /** All that can be watched and that somebody looks at, with the one that the search began at. */
  readonly folders: ReadonlySet<RelPath>;
  /** Those that cannot be read, or lie on another disk (S17): they must be left out, or nothing can be watched. */
  readonly shut: readonly RelPath[];
  /** The topmost folders in which nobody looks, as many as can be left out; nothing in them counts. */
  readonly leftOut: readonly RelPath[];
  /** Folders in which nobody looks, and that are too many to be left out. */
  readonly idle: number;
  /** Which bound ended the search. */
  readonly excess: "folders" | "entries" | undefined;
};

/** Bounds of a search. */
export type FolderBounds = {
  readonly folders: number;
  readonly entries: number;
  readonly leftOut: number;
};

/** Which folder stands at a path: another text for another one; undefined where none does. */
export function folderAt(path: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The usual bounds. */
export const usualBounds: FolderBounds = {
  folders: watchFoldersMax,
  entries: watchEntriesMax,
  leftOut: leftOutFoldersMax,
};

/** How to search. */
export type FolderSearch = { readonly bounds?: FolderBounds; readonly leftOut?: LeftOut };

/**
 * Find the folders in a folder, however deep; links are not followed, `.snap` is left out. Folders that vanish meanwhile do not
 * count.
 */
export async function findFolders(
  top: string,
  from: RelPath,
  { bounds = usualBounds, leftOut = nothingLeftOut }: FolderSearch = {},
): Promise<FoundFolders> {
  const search = new Search(top, bounds);
  const outside: RelPath[] = [];
  await search.below([from], (folder) => {
    if (folder === from || !leftOut.has(folder)) return search.folders;
    outside.push(folder);
    return undefined;
  });
  const away = outside.toSorted(shallowFirst);
  const listed = new Set(away.slice(0, bounds.leftOut));
  const idle = new Set<RelPath>();
  const rest = outside.filter((folder) => !listed.has(folder));
  await search.below(rest, () => idle);
  const { folders, shut, excess } = search;
  return { folders, shut, leftOut: [...listed], idle: idle.size, excess };
}

/** What stands at a place, as far as a watch is concerned; a folder, where nobody can tell now. */
export function standsAt(top: string, path: RelPath): "folder" | "file" | "nothing" {
  try {
    const stats = lstatSync(join(top, path), { throwIfNoEntry: false });
    if (stats === undefined) return "nothing";
    return stats.isDirectory() ? "folder" : "file";
  } catch {
    // The folders are looked after in any case.
    return "folder";
  }
}

/** There is more to gain at the top. */
function shallowFirst(a: RelPath, b: RelPath): number {
  return pathComponents(a).length - pathComponents(b).length || comparePaths(a, b);
}

/** Goes over folders until a bound is met. */
class Search {
  readonly folders = new Set<RelPath>();
  readonly shut: RelPath[] = [];
  excess: FoundFolders["excess"];
  readonly #top: string;
  readonly #bounds: FolderBounds;
  readonly #dev: number;
  #count = 0;
  #entries = 0;
  #read = 0;

  constructor(top: string, bounds: FolderBounds) {
    this.#top = top;
    this.#bounds = bounds;
    this.#dev = lstatSync(top).dev;
  }

  /** @param listOf where a folder is noted; undefined for one that is not gone into */
  async below(
    start: readonly RelPath[],
    listOf: (folder: RelPath) => Set<RelPath> | undefined,
  ): Promise<void> {
    const waiting = [...start];
    for (let at = waiting.pop(); at !== undefined && !this.excess; at = waiting.pop()) {
      this.#read += 1;
      if (this.#read % foldersInARow === 0) await turn();
      const list = listOf(at);
      if (list === undefined) continue;
      for (const folder of this.#visit(at, list)) waiting.push(folder);
    }
  }

  /** @returns the folders in it */
  #visit(folder: RelPath, list: Set<RelPath>): readonly RelPath[] {
    const inside = readFolder(join(this.#top, folder), this.#dev);
    if (inside === "gone") return [];
    if (inside === "shut") {
      this.shut.push(folder);
      return [];
    }
    list.add(folder);
    this.#count += 1;
    this.#entries += inside.length;
    const { folders, entries } = this.#bounds;
    if (this.#count > folders) this.excess = "folders";
    else if (this.#entries > entries) this.excess = "entries";
    return childFolders(folder, inside);
  }
}

/** Names that are no UTF-8 come with the sign for that in it; such a folder is not synced, and "gone" under that name (S14). */
function childFolders(folder: RelPath, inside: readonly Dirent[]): RelPath[] {
  return inside
    .filter((entry) => entry.isDirectory() && !(folder === topPath && entry.name === ownFolder))
    .map((entry) => joinPath(folder, entry.name));
}

function readFolder(path: string, dev: number): readonly Dirent[] | "gone" | "shut" {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true) return "gone";
    return stats.dev === dev ? readdirSync(path, { withFileTypes: true }) : "shut";
  } catch (error) {
    return isGone(error) ? "gone" : "shut";
  }
}

function isGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
