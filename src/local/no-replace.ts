import { constants, type BigIntStats } from "node:fs";
import { systemCode } from "../std/error.ts";
import type { Disk } from "./disk.ts";
import type { Spot } from "./spot.ts";
import { sameInode } from "./stat-facts.ts";

/**
 * `linked`: it has both names now; `moved`: only the new one. Nothing was done where something stands at the new place
 * (`taken`), or where what was to be brought, or the folder it was to go to, has just gone (`missing`).
 */
export type Brought = "linked" | "moved" | "taken" | "missing";

/** Displace what stands at a place. False where it has just gone. */
export function renameIfThere(disk: Disk, from: Spot, to: Spot): boolean {
  try {
    disk.rename(from.at(), to.at());
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/**
 * Bring a file, link or folder to a place without ever overwriting (X10).
 *
 * Files get a second name, which fails where the place is taken, and the first one stays as the proof that it was us. The
 * system has no such call for folders: their place is looked at right before the rename, which itself refuses to replace
 * anything but an empty folder.
 */
export function bring(disk: Disk, from: Spot, to: Spot): Brought {
  if (from.look()?.isDirectory() === true) return bringFolder(disk, from, to);
  try {
    disk.link(from.at(), to.at());
    return "linked";
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return "taken";
    if (code === "ENOENT") return "missing";
    if (!withoutLinks.has(code)) throw error;
    return bringByPlaceholder(disk, from, to);
  }
}

/** Give a file a second name at a free place. False where the disk has no hard links, or no more for this file. */
export function linkIfAble(disk: Disk, from: Spot, to: Spot): boolean {
  try {
    disk.link(from.at(), to.at());
    return true;
  } catch (error) {
    if (!withoutLinks.has(systemCode(error) ?? "")) throw error;
    return false;
  }
}

function bringFolder(disk: Disk, from: Spot, to: Spot): Brought {
  if (to.look() !== undefined) return "taken";
  try {
    // The slash lets nothing but a folder pass: a file that was just saved there would replace a file at the new place.
    disk.rename(`${from.at()}/`, to.at());
    return "moved";
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "ENOENT") return "missing";
    if (["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(code)) return "taken";
    throw error;
  }
}

/** What file systems without hard links answer, and those that allow no more names for a file. */
const withoutLinks: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

const placeholderFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Where hard links are missing: an empty file that nobody may open holds the place, and is renamed over (S64). */
function bringByPlaceholder(disk: Disk, from: Spot, to: Spot): Brought {
  let fd: number;
  try {
    fd = disk.open(to.at(), placeholderFlags, 0);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return "taken";
    throw error;
  }
  const holder = disk.fstat(fd);
  disk.close(fd);
  try {
    disk.rename(from.at(), to.at());
  } catch (error) {
    const now = to.look();
    if (now !== undefined && sameInode(now, holder) && now.size === 0n) disk.unlink(to.at());
    throw error;
  }
  return "moved";
}

/** Whether a file is the placeholder of a run that ended before its rename. */
export function isPlaceholder(stats: BigIntStats): boolean {
  return stats.isFile() && stats.size === 0n && (stats.mode & 0o777n) === 0n;
}
