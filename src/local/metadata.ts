import { constants } from "node:fs";
import type { Metadata, MetadataRequest } from "../core/snapshot/restore-wanted.ts";
import { modeFor } from "../core/tree/owner.ts";
import type { FileId } from "../core/tree/node.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { SnapError } from "../std/error.ts";
import { giveTo } from "./ownership.ts";
import type { Site } from "./parents.ts";
import type { Spot } from "./spot.ts";
import { localStat } from "./stat-facts.ts";

/** The bits that are set: without setuid, setgid and sticky, unless the user asks for them (X9). */
export function bitsOf(mode: number, { special }: Pick<Metadata, "special">): number {
  return mode & (special === true ? 0o7777 : 0o777);
}

/**
 * A time as the system call takes it. A double holds it to less than a microsecond; what the disk then reports is what
 * counts (S18). It is a text because Node takes a negative number for "now", but a negative text for a time before 1970.
 */
export function secondsOf(modifiedNs: string): string {
  return String(Number(modifiedNs) / 1e9);
}

const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Set owner, mode and mtime of what stands at a place; durable on return. Of a symlink owner
 * and mtime are set. @throws {SnapError} `not-found`, `conflict` for devices and pipes, and for another inode than the one meant.
 */
export async function setMetadataOf(
  site: Site,
  spot: Spot,
  { mode, modifiedNs, owner, fileId, ...special }: MetadataRequest,
): Promise<LocalStat> {
  const found = spot.stat();
  const kind = found?.kind;
  if (kind === "special") throw notPlain(spot);
  if (kind === "symlink") {
    requireInode(spot, found?.fileId, fileId);
    giveTo(site.disk, spot.at(), owner);
    if (modifiedNs !== undefined) site.disk.setTimesOfLink(spot.at(), secondsOf(modifiedNs));
    // A link cannot be opened to be flushed: with its folder its inode is, too.
    await spot.folder.sync();
  }
  if (kind === "file" || kind === "folder") {
    const fd = site.disk.open(spot.at(), openFlags);
    try {
      const stats = site.disk.fstat(fd);
      requireInode(
        spot,
        localStat({ name: spot.name, stats, linkTarget: undefined }).fileId,
        fileId,
      );
      const isGiven = giveTo(site.disk, fd, owner);
      if (mode !== undefined) site.disk.chmodOpen(fd, modeFor(bitsOf(mode, special), isGiven));
      if (modifiedNs !== undefined) site.disk.setTimesOpen(fd, secondsOf(modifiedNs));
      await site.disk.sync(fd);
    } finally {
      site.disk.close(fd);
    }
  }
  const stat = spot.stat();
  if (stat === undefined) throw gone(spot);
  return stat;
}

/** What was opened stays what it is, whatever comes to stand at its place. */
function requireInode(spot: Spot, found: FileId | undefined, meant: FileId | undefined): void {
  if (meant === undefined || found === meant) return;
  const path = shownPath(spot);
  throw new SnapError("conflict", `Another file has come to stand at "${path}"`, { path });
}

function shownPath(spot: Spot): string {
  return [...spot.folder.place, spot.name].join("/");
}

function gone(spot: Spot): SnapError {
  const path = shownPath(spot);
  return new SnapError("not-found", `"${path}" is not there`, { path });
}

function notPlain(spot: Spot): SnapError {
  const path = shownPath(spot);
  return new SnapError("conflict", `"${path}" is no file, folder or link`, { path });
}
