import type { Area } from "../core/plan/local-act.ts";
import { SnapError } from "../std/error.ts";
import type { Disk } from "./disk.ts";
import { findFolder, folderFlags, ownFolder, type Site } from "./parents.ts";
import { decodeName } from "./stat-facts.ts";

/** Deepest nesting that is removed in one go; each level holds a handle. */
const levelsMax = 512;

/** The areas of one kind that are on the disk, by id. */
export function listAreas(site: Site, kind: Area["kind"]): Area[] {
  using folder = findFolder(site, [ownFolder, kind]);
  if (folder === undefined) return [];
  return site.disk
    .readNames(folder.itself())
    .map(decodeName)
    .filter((name) => name !== undefined)
    .filter((name) => site.disk.lstat(folder.at(name))?.isDirectory() === true)
    .toSorted()
    .map((id) => ({ kind, id }));
}

/** Remove an area with everything in it; links in it are unlinked, never followed. Gone already is success. */
export function removeArea(site: Site, area: Area): void {
  using kind = findFolder(site, [ownFolder, area.kind]);
  if (kind === undefined) return;
  // Not written out: an area that a crash brings back is removed again at the next start.
  removeEntry(site.disk, { path: Buffer.from(kind.at(area.id)), level: 0 });
}

/** Names in an area may be any bytes, so paths are bytes here. */
type Doomed = { readonly path: Buffer; readonly level: number };

function removeEntry(disk: Disk, { path, level }: Doomed): void {
  const stats = disk.lstat(path);
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    disk.unlink(path);
    return;
  }
  if (level > levelsMax) throw tooDeep();
  emptyFolder(disk, { path, level });
  disk.rmdir(path);
}

function emptyFolder(disk: Disk, { path, level }: Doomed): void {
  const fd = disk.open(path, folderFlags);
  try {
    // A displaced folder may be one that its owner had made read-only.
    if ((disk.fstat(fd).mode & 0o700n) !== 0o700n) disk.chmodOpen(fd, 0o700);
    const base = disk.canAnchor() ? Buffer.from(`/proc/self/fd/${fd}`) : path;
    for (const name of disk.readNames(base)) {
      const inside = Buffer.concat([base, Buffer.from("/"), Buffer.from(name)]);
      removeEntry(disk, { path: inside, level: level + 1 });
    }
  } finally {
    disk.close(fd);
  }
}

function tooDeep(): SnapError {
  return new SnapError(
    "too-large",
    `An area in ".snap" is nested deeper than ${levelsMax} folders`,
    {
      path: ownFolder,
      hint: "Remove the folder by hand.",
    },
  );
}
