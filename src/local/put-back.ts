import type { BigIntStats } from "node:fs";
import { conflictName, isConflictNameOf } from "../core/path/names.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import { baseName, joinPath, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { CopyTag } from "../core/plan/local-act.ts";
import type { Kind } from "../core/tree/node.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { bring } from "./no-replace.ts";
import { makeFolders, openFolder, placeOf } from "./parents.ts";
import { Spot, findSpot, openSpot } from "./spot.ts";
import type { Folder, Place, Site } from "./parents.ts";
import { decodeName, sameInode } from "./stat-facts.ts";

/** Where displaced content goes back to. */
export type Return = {
  /** Below `.snap/`. */
  readonly from: Place;
  /** Its own path. */
  readonly to: RelPath;
  /** The place belongs to other content now: give it the name of a conflicted copy. */
  readonly beside: boolean;
  readonly copy: CopyTag;
};

const attemptsMax = 20;

/**
 * Put an edit that raced with us back among the user's files, at its own place if that is free, else under the name of a
 * conflicted copy (S64, S68). Never overwrites; a repeat after a crash makes no second copy. Durable on return.
 *
 * @returns where it is now.
 */
export async function putBack(site: Site, back: Return): Promise<RelPath> {
  const home = await realFolderFor(site, back.to);
  const beside = back.beside || home !== parentPath(back.to);
  const name = bringHome(site, home, { ...back, beside });
  {
    using folder = openFolder(site, placeOf(home));
    await folder.sync();
  }
  dropFirstName(site, back.from, placeOf(joinPath(home, name)));
  return joinPath(home, name);
}

/** The folder of a path, made again if it is gone; the nearest one above where a file or link took its place. */
async function realFolderFor(site: Site, path: RelPath): Promise<RelPath> {
  for (let folder = parentPath(path) ?? topPath; ; folder = parentPath(folder) ?? topPath) {
    try {
      await makeFolders(site, placeOf(folder), 0o777);
      return folder;
    } catch (error) {
      if (folder === topPath || !isSnapError(error, "conflict")) throw error;
    }
  }
}

function bringHome(site: Site, home: RelPath, back: Return): string {
  using source = openSpot(site, back.from);
  using folder = openFolder(site, placeOf(home));
  const wanted = baseName(back.to);
  const stats = source.look();
  if (stats === undefined) throw new SnapError("not-found", `"${back.to}" is not in the trash`);
  const kind: Kind = stats.isDirectory() ? "folder" : "file";
  const twin = findTwin(site, folder, { wanted, kind, stats });
  if (twin !== undefined) return twin;
  if (!back.beside && bringTo(site, source, { folder, name: wanted })) return wanted;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const keys = new Set(namesIn(site, folder).map(pathKeyOf));
    const taken = (name: string): boolean => keys.has(pathKeyOf(name));
    const name = conflictName(wanted, kind, { ...back.copy, taken });
    if (bringTo(site, source, { folder, name })) return name;
  }
  throw new SnapError("volatile", `No free name was found beside "${back.to}"`, { path: back.to });
}

function bringTo(site: Site, source: Spot, to: { folder: Folder; name: string }): boolean {
  const brought = bring(site.disk, source, new Spot(site.disk, to.folder, to.name));
  return brought === "linked" || brought === "moved";
}

type Original = { readonly wanted: string; readonly kind: Kind; readonly stats: BigIntStats };

/** A name that an interrupted put-back gave this very file already. */
function findTwin(site: Site, folder: Folder, original: Original): string | undefined {
  if (original.kind === "folder" || original.stats.nlink < 2n) return undefined;
  return namesIn(site, folder).find((name) => {
    const ours = name === original.wanted || isConflictNameOf(name, original.wanted, "file");
    const stats = ours ? site.disk.lstat(folder.at(name)) : undefined;
    return stats !== undefined && sameInode(stats, original.stats);
  });
}

function namesIn(site: Site, folder: Folder): string[] {
  return site.disk
    .readNames(folder.itself())
    .map(decodeName)
    .filter((name) => name !== undefined);
}

/** Unlink the name below `.snap/` where the same file has another one now. */
export function dropFirstName(site: Site, first: Place, second: Place): void {
  using source = findSpot(site, first);
  using target = findSpot(site, second);
  const [old, now] = [source?.look(), target?.look()];
  if (source === undefined || old === undefined || now === undefined) return;
  if (!old.isDirectory() && sameInode(old, now)) site.disk.unlink(source.at());
}
