import fs from "node:fs";
import path from "node:path";
import type { CopyFolder } from "../core/snapshot/copy-tree.ts";
import type { Owner } from "../core/tree/owner.ts";
import { SnapError, systemCode } from "../std/error.ts";
import { inFolder, removeTree, type CopyDisk } from "./copy-disk.ts";
import { copyError, leftBehind } from "./copy-error.ts";
import { folderStamp } from "./copy-stamp.ts";

/** What a copy writes in first: a name that no sync takes up (X6). */
const stagingName = ".snap-tmp-restore";

/**
 * The folder that a snapshot is copied to (T15). All is written in a hidden folder in it; its content gets its place when it is whole.
 * Killed before, the folder holds nothing else; killed while places are taken, what stands there is whole.
 */
export class CopyTarget {
  readonly top: string;
  /** Where everything is written. */
  readonly staging: string;
  readonly #disk: CopyDisk;
  /** The first folder that was made for it, where there was none. */
  readonly #made: string | undefined;
  readonly #asked: string;
  /** Folders at the top get mode and time once they are in their place: a folder without the right to write cannot move. */
  readonly #tops: CopyFolder[] = [];

  private constructor(asked: string, made: string | undefined, disk: CopyDisk) {
    const top = fs.realpathSync(asked);
    this.#asked = asked;
    this.top = top;
    this.staging = path.join(top, stagingName);
    this.#disk = disk;
    this.#made = made;
  }

  /** @param top absolute @throws {SnapError} `refused` unless it is missing or empty; as the disk says */
  static open(top: string, disk: CopyDisk): CopyTarget {
    requireEmpty(top);
    const made = makeFolders(top);
    const target = new CopyTarget(top, made, disk);
    try {
      disk.makeFolder(target.staging);
    } catch (error) {
      target.#removeMade();
      throw systemCode(error) === "EEXIST" ? notEmpty(top, [stagingName]) : error;
    }
    return target;
  }

  /** A folder right in the top is complete but for its own mode and time. */
  keepTop(folder: CopyFolder): void {
    this.#tops.push(folder);
  }

  /** @throws {SnapError} `refused` where somebody else wrote in the folder meanwhile */
  requireAlone(): void {
    const foreign = namesIn(this.top).filter((name) => name !== stagingName);
    if (foreign.length > 0) throw notEmpty(this.top, foreign);
  }

  /**
   * Give everything its place; `onKept` hears of a folder that stays with this user. What fails here is left as it is: it has been seen by then, and may be somebody's already.
   *
   * @throws {SnapError} with the place of what is left
   */
  place(onKept: (path: string, owner: Owner | undefined) => void): void {
    const disk = this.#disk;
    try {
      for (const name of disk.names(this.staging).toSorted((a, b) => a.compare(b)))
        bring(disk, inFolder(this.staging, name), inFolder(this.top, name));
      for (const folder of this.#tops) {
        const isGiven = disk.settle(inFolder(this.top, folder.disk), folderStamp(folder));
        if (!isGiven) onKept(folder.path, folder.owner);
      }
      disk.removeFolder(this.staging);
    } catch (error) {
      const told = copyError(this.top, error, () => 1);
      throw told instanceof SnapError ? leftBehind(this.staging, told) : told;
    }
  }

  /** Leave the folder as it was found. @throws {SnapError} `because`, with the place of what could not be removed */
  abandon(because: unknown): void {
    try {
      removeTree(this.#disk, this.staging);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      throw because instanceof SnapError ? leftBehind(this.staging, because) : because;
    }
    this.#removeMade();
  }

  #removeMade(): void {
    if (this.#made === undefined) return;
    for (let folder = this.#asked; ; folder = path.dirname(folder)) {
      try {
        fs.rmdirSync(folder);
      } catch {
        // Somebody has put something there.
        return;
      }
      if (folder === this.#made) return;
    }
  }
}

/** @throws {SnapError} `refused` unless a folder is missing or empty (T15) */
export function requireEmpty(top: string): void {
  if (fs.lstatSync(top, { throwIfNoEntry: false }) === undefined) return;
  const names = namesIn(top);
  if (names.length > 0) throw notEmpty(top, names);
}

/** The first one that was made, if any. A recursive call of Node tells of a read-only disk that nothing is there. */
function makeFolders(top: string): string | undefined {
  if (fs.existsSync(top)) return undefined;
  const above = makeFolders(path.dirname(top));
  fs.mkdirSync(top);
  return above ?? top;
}

/** Bytes free for us where a folder is, or will be made. */
export function freeBytesAt(top: string): number {
  for (let folder = top; ; folder = path.dirname(folder)) {
    try {
      const { bavail, bsize } = fs.statfsSync(folder);
      return bavail * bsize;
    } catch (error) {
      if (systemCode(error) !== "ENOENT" || folder === path.dirname(folder)) throw error;
    }
  }
}

function namesIn(top: string): readonly string[] {
  try {
    return fs.readdirSync(top);
  } catch (error) {
    if (!["ENOTDIR", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
    throw new SnapError("refused", `"${top}" is no folder`, {
      path: top,
      hint: "Name a folder that is missing or empty.",
    });
  }
}

function notEmpty(top: string, names: readonly string[]): SnapError {
  const others = names.filter((name) => name !== stagingName).length;
  if (!names.includes(stagingName)) {
    return new SnapError("refused", `"${top}" is not empty`, {
      path: top,
      hint: "Name a folder that is missing or empty: nothing is ever written over.",
    });
  }
  const there = others === 0 ? "nothing else" : `${others} whole files and folders of it`;
  return new SnapError(
    "refused",
    `"${top}" holds a restore that was cut off, or that is under way: "${stagingName}" and ${there}`,
    {
      path: top,
      hint: `Wait for the other one, or remove "${top}" and run the command again. The snapshot is untouched.`,
    },
  );
}

/** Nothing is written over: files get a second name, which fails where the place is taken (X10). */
function bring(
  disk: CopyDisk,
  from: ReturnType<typeof inFolder>,
  to: ReturnType<typeof inFolder>,
): void {
  if (disk.kind(from) === "folder") {
    disk.rename(from, to);
    return;
  }
  try {
    disk.link(from, to);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(systemCode(error) ?? ""))
      throw error;
    if (disk.kind(to) !== undefined) throw error;
    disk.rename(from, to);
    return;
  }
  disk.unlink(from);
}
