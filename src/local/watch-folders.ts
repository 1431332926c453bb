import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { systemCode } from "../std/error.ts";
import { ownFolder } from "./parents.ts";

/** Folders that are watched at most (S108): each costs a watch of the system's. */
export const watchFoldersMax = 100_000;

/** Files and folders that are watched at most: the package keeps a path of each, some 300 bytes (S106). */
export const watchEntriesMax = 500_000;

/** Folders are read in runs of this many, and the rest of the program has a turn after each. */
const foldersInARow = 32;

/** What there is to watch. */
export type FoundFolders = {
  /** All that can be watched, with the one that the search began at. */
  readonly folders: ReadonlySet<RelPath>;
  /** Those that cannot be read, or lie on another disk (S17): they must be left out, or nothing can be watched. */
  readonly shut: readonly RelPath[];
  /** Which bound ended the search. */
  readonly excess: "folders" | "entries" | undefined;
};

/** Bounds of a search. */
export type FolderBounds = { readonly folders: number; readonly entries: number };

/** The usual bounds. */
export const usualBounds: FolderBounds = { folders: watchFoldersMax, entries: watchEntriesMax };

/** Find the folders in a folder, however deep; links are not followed, `.snap` is left out. Folders that vanish meanwhile do not count. */
export async function findFolders(
  top: string,
  from: RelPath,
  bounds: FolderBounds = usualBounds,
): Promise<FoundFolders> {
  const folders = new Set<RelPath>();
  const shut: RelPath[] = [];
  const waiting: RelPath[] = [from];
  const { dev } = lstatSync(top);
  let entries = 0;
  for (let at = waiting.pop(), read = 1; at !== undefined; at = waiting.pop(), read += 1) {
    if (read % foldersInARow === 0) await turn();
    const inside = readFolder(join(top, at), dev);
    if (inside === "gone") continue;
    if (inside === "shut") {
      shut.push(at);
      continue;
    }
    folders.add(at);
    entries += inside.length;
    if (folders.size > bounds.folders) return { folders, shut, excess: "folders" };
    if (entries > bounds.entries) return { folders, shut, excess: "entries" };
    waiting.push(...childFolders(at, inside));
  }
  return { folders, shut, excess: undefined };
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

/** A turn for everything else that waits; timers are not involved. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
