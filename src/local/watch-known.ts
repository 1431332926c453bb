import type { RelPath } from "../core/path/rel-path.ts";

/**
 * Take out folders that went, with what is below them. @returns whether there was more below than the folders that went: then
 * they were moved, not removed, and go on under their old names.
 */
export function dropBelow(known: Set<RelPath>, gone: ReadonlySet<RelPath>): boolean {
  if (gone.size === 0) return false;
  let hasMore = false;
  for (const path of known) {
    if (gone.has(path)) known.delete(path);
    else if (isBelow(gone, path)) {
      known.delete(path);
      hasMore = true;
    }
  }
  return hasMore;
}

/** Plain text, because it is asked for every folder of a workspace. */
function isBelow(folders: ReadonlySet<string>, path: string): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return false;
}
