import { Exclusions } from "../../core/exclusions.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { MetaKey } from "../../core/tree/index-rows.ts";
import { parsePaths } from "../../core/tree/meta-values.ts";
import type { IndexStore } from "../../ports.ts";
import { present } from "../../std/assert.ts";

/** Excluded folders that are off the disk already: by these the trees are judged (S93, S95). */
export function exclusionsInForce(index: IndexStore): Exclusions {
  return new Exclusions(pathsIn(index, "excluded"));
}

/** Called inside a transaction. */
export function setExclusionsInForce(index: IndexStore, exclusions: Exclusions): void {
  setPathsIn(index, "excluded", exclusions.paths);
}

/** What the next sync does about a list of exclusions that changed, each in path order (S93). */
export type PendingExclusions = {
  /** Folders that leave the disk. */
  readonly leaving: readonly RelPath[];
  /** Folders that come back to it. */
  readonly returning: readonly RelPath[];
};

/** Compare the folders that are to be excluded with those that are; nothing is written. */
export function pendingExclusions(
  index: IndexStore,
  excluded: readonly RelPath[],
): PendingExclusions {
  const wanted = new Exclusions(excluded);
  const before = exclusionsInForce(index);
  // What was cut off on its way to the trash, and is to stay now, comes back as well.
  const gone = new Exclusions([...before.paths, ...foldersGoing(index)]);
  return {
    leaving: wanted.paths.filter((path) => before.above(path) === undefined),
    returning: gone.paths.filter((path) => wanted.above(path) === undefined),
  };
}

/** Folders that are excluded no more (S93), and that were not listed since. */
export function foldersToList(index: IndexStore): readonly RelPath[] {
  return pathsIn(index, "relist");
}

/** Called inside a transaction. */
export function setFoldersToList(index: IndexStore, paths: readonly RelPath[]): void {
  setPathsIn(index, "relist", paths);
}

/** Folders that we moved on the server (S31), of which not all was named since. */
export function movedFolders(index: IndexStore): readonly RelPath[] {
  return pathsIn(index, "moved");
}

/** Called inside a transaction. */
export function setMovedFolders(index: IndexStore, paths: readonly RelPath[]): void {
  setPathsIn(index, "moved", paths);
}

/** Folders that are on their way to the trash because they are excluded now. */
export function foldersGoing(index: IndexStore): readonly RelPath[] {
  return pathsIn(index, "excluding");
}

/** Called inside a transaction. */
export function setFoldersGoing(index: IndexStore, paths: readonly RelPath[]): void {
  setPathsIn(index, "excluding", paths);
}

/** The index gives out no wrong list: it is a damaged one then (S77). */
function pathsIn(index: IndexStore, key: MetaKey): readonly RelPath[] {
  return present(parsePaths(index.meta(key) ?? "[]"), `the paths in "${key}"`);
}

function setPathsIn(index: IndexStore, key: MetaKey, paths: readonly RelPath[]): void {
  index.setMeta(key, paths.length === 0 ? undefined : JSON.stringify(paths));
}
