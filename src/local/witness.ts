import { hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { systemCode } from "../std/error.ts";
import type { Disk } from "./disk.ts";
import type { Folder } from "./parents.ts";
import { localStat } from "./stat-facts.ts";

/**
 * Notes beside a staged or displaced entry that survive a crash: that an act was about to take it to its place, and which
 * inode it was. They are symlinks that lead nowhere, because a symlink is made whole in one call.
 */
export type Witness = {
  readonly fileId: string;
  readonly size: number;
  readonly modifiedNs: string;
};

function witnessName(name: string): string {
  return `.snap-tmp-witness-${hash("sha256", name, "hex").slice(0, 32)}`;
}

/**
 * Note that `name` is about to leave this folder of ours, or to arrive.
 *
 * @returns false on a disk that has no symlinks.
 */
export function writeWitness(disk: Disk, folder: Folder, entry: WitnessedEntry): boolean {
  const { fileId, size, modifiedNs } = localStat({ ...entry, linkTarget: undefined });
  try {
    disk.symlink(`${fileId} ${size} ${modifiedNs}`, folder.at(witnessName(entry.name)));
    return true;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return true;
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) return false;
    throw error;
  }
}

/** An entry of a folder of ours. */
export type WitnessedEntry = { readonly name: string; readonly stats: BigIntStats };

/** The note about a name; undefined where there is none. */
export function readWitness(disk: Disk, folder: Folder, name: string): Witness | undefined {
  const path = folder.at(witnessName(name));
  if (disk.lstat(path)?.isSymbolicLink() !== true) return undefined;
  const [fileId = "", size = "", modifiedNs = ""] = disk.readLink(path).toString("utf8").split(" ");
  return { fileId, size: Number(size), modifiedNs };
}

/** Take the note about a name away. */
export function removeWitness(disk: Disk, folder: Folder, name: string): void {
  const path = folder.at(witnessName(name));
  if (disk.lstat(path)?.isSymbolicLink() === true) disk.unlink(path);
}
