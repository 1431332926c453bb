import { constants } from "node:fs";
import { DiskFailure } from "./disk-error.ts";
import type { Inode } from "./inode.ts";
import { mayUse, type Found } from "./path-walk.ts";
import type { Volume } from "./volume.ts";

/** What is there. @throws {DiskFailure} */
export function existing(found: Found, syscall: string): Inode {
  if (found.node === undefined) throw new DiskFailure("ENOENT", syscall, found.name);
  if (found.mustBeFolder && found.node.kind !== "folder") throw new DiskFailure("ENOTDIR", syscall);
  return found.node;
}

/** Whether a rename may put one thing over another. @throws {DiskFailure} */
export function checkReplace(node: Inode, there: Inode): void {
  if (there.kind === "folder" && node.kind !== "folder") throw new DiskFailure("EISDIR", "rename");
  if (there.kind !== "folder" && node.kind === "folder") throw new DiskFailure("ENOTDIR", "rename");
  if (there.entries.size > 0) throw new DiskFailure("ENOTEMPTY", "rename");
}

/** Whether what is there may be renamed to a place; a slash behind its name lets only folders pass. @throws {DiskFailure} */
export function checkRename(source: Found, target: Found): void {
  const node = existing(source, "rename");
  if (isInside(target.folder, node)) throw new DiskFailure("EINVAL", "rename");
  if (isInside(source.folder, target.node)) throw new DiskFailure("ENOTEMPTY", "rename");
}

/** Whether two names are one, on this disk. */
export function sameSpot(volume: Volume, a: Found, b: Found): boolean {
  return a.folder === b.folder && volume.keyOf(a.name) === volume.keyOf(b.name);
}

/** Whether a folder is below, or is, another thing. */
function isInside(folder: Inode | undefined, above: Inode | undefined): boolean {
  if (above === undefined) return false;
  for (let at = folder; at !== undefined; at = at.parent) if (at === above) return true;
  return false;
}

/** Whether something that is there may be opened so. @throws {DiskFailure} */
export function checkOpen(volume: Volume, found: Found, flags: number): void {
  const node = existing({ ...found, mustBeFolder: false }, "open");
  const has = (flag: number): boolean => (flags & flag) === flag;
  const writes = (flags & 3) !== constants.O_RDONLY;
  if (has(constants.O_EXCL | constants.O_CREAT)) throw new DiskFailure("EEXIST", "open");
  checkKind(node, { wantsFolder: has(constants.O_DIRECTORY) || found.mustBeFolder, writes });
  mayUse(volume, node, { bits: writes ? 0o200 : 0o400, syscall: "open" });
  if (node.kind !== "fifo") return;
  if (!has(constants.O_NONBLOCK)) throw new Error("a pipe was opened and would block");
  if (writes) throw new DiskFailure("ENXIO", "open");
}

function checkKind(
  node: Inode,
  want: { readonly wantsFolder: boolean; readonly writes: boolean },
): void {
  if (want.wantsFolder && node.kind !== "folder") throw new DiskFailure("ENOTDIR", "open");
  if (node.kind === "symlink") throw new DiskFailure("ELOOP", "open");
  if (node.kind === "folder" && want.writes) throw new DiskFailure("EISDIR", "open");
}
