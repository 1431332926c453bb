import { Exclusions } from "../core/exclusions.ts";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { MetaKey } from "../core/tree/index-rows.ts";
import type { IndexStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";

/** Excluded folders that are off the disk already: by these the trees are judged (S93, S95). */
export function exclusionsInForce(index: IndexStore): Exclusions {
  return new Exclusions(pathsIn(index, "excluded"));
}

/** Called inside a transaction. */
export function setExclusionsInForce(index: IndexStore, exclusions: Exclusions): void {
  setPathsIn(index, "excluded", exclusions.paths);
}

/** Folders that are excluded no more, and were not listed since. */
export function foldersToList(index: IndexStore): readonly RelPath[] {
  return pathsIn(index, "relist");
}

/** Called inside a transaction. */
export function setFoldersToList(index: IndexStore, paths: readonly RelPath[]): void {
  setPathsIn(index, "relist", paths);
}

/** Folders that are on their way to the trash because they are excluded now. */
export function foldersGoing(index: IndexStore): readonly RelPath[] {
  return pathsIn(index, "excluding");
}

/** Called inside a transaction. */
export function setFoldersGoing(index: IndexStore, paths: readonly RelPath[]): void {
  setPathsIn(index, "excluding", paths);
}

function pathsIn(index: IndexStore, key: MetaKey): readonly RelPath[] {
  const list: unknown = JSON.parse(index.meta(key) ?? "[]");
  if (!Array.isArray(list)) throw damaged(key);
  return list.map((path: unknown) => {
    if (typeof path !== "string") throw damaged(key);
    return parseRelPath(path);
  });
}

function setPathsIn(index: IndexStore, key: MetaKey, paths: readonly RelPath[]): void {
  index.setMeta(key, paths.length === 0 ? undefined : JSON.stringify(paths));
}

function damaged(key: MetaKey): SnapError {
  return new SnapError("damaged", `The index holds a wrong value in "${key}"`, {
    hint: "Run the same command again: the index is checked and, if need be, started anew.",
  });
}
