import type { RelPath } from "../core/path/rel-path.ts";
import type { FoundFolders } from "./watch-folders.ts";

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

/** How new folders are looked into, and which folders were told of. */
type Telling = {
  readonly find: (folder: RelPath) => Promise<FoundFolders>;
  readonly isTold: (folder: RelPath) => boolean;
};

/** Of new folders those that are there; undefined where a folder is in them that nobody told of. */
export async function toldOf(
  fresh: ReadonlySet<RelPath>,
  { find, isTold }: Telling,
): Promise<readonly RelPath[] | undefined> {
  const there: RelPath[] = [];
  for (const folder of fresh) {
    const { folders, excess } = await find(folder);
    if (excess !== undefined || ![...folders].every(isTold)) return undefined;
    if (folders.has(folder)) there.push(folder);
  }
  return there;
}

/** Plain text, because it is asked for every folder of a workspace. */
function isBelow(folders: ReadonlySet<string>, path: string): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return false;
}
