import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
} from "node:fs";
import { systemCode } from "../std/error.ts";
import { inside, isOutOfReach, type Bytes } from "./read-only.ts";

const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A regular file that is read in parts; never written (G3). Pipes and devices are not opened. */
export class OpenFile implements Disposable {
  /** Bytes, when it was opened. */
  readonly size: number;
  readonly #fd: number;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  /** undefined where none can be read. */
  static open(path: Bytes): OpenFile | undefined {
    let fd: number | undefined;
    try {
      // Only then opened: opening a device may already do something.
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
      fd = openSync(path, openFlags);
      const stats = fstatSync(fd);
      if (stats.isFile()) return new OpenFile(fd, stats.size);
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
    }
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }

  /** Bytes from `offset` on; fewer where the file ends. Errors are those of Node. */
  read(offset: number, length: number): Buffer {
    const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    let filled = 0;
    while (filled < into.length) {
      const count = readSync(this.#fd, into, filled, into.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return into.subarray(0, filled);
  }

  /** The last bytes; all of them in a file that is shorter. */
  readEnd(length: number): Buffer {
    return this.read(Math.max(0, this.size - length), length);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** Names in a folder, in no order and without a look at what they are; none where it cannot be listed. */
export function listNames(folder: Bytes): string[] {
  try {
    return readdirSync(folder, "utf8");
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

const refusals: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EIO", "ESTALE"]);

/** Whether the system does not let this file be read, or does not let it be told whether it is there: no proof of anything (G4). */
export function isDenied(path: Bytes): boolean {
  return isRefused(path, constants.R_OK);
}

/** Whether a folder is there, or may be, and what is in it cannot be seen (G4). */
export function isClosed(folder: Bytes): boolean {
  return isRefused(folder, constants.R_OK | constants.X_OK);
}

function isRefused(path: Bytes, mode: number): boolean {
  try {
    accessSync(path, mode);
    return false;
  } catch (error) {
    if (isOutOfReach(error)) return refusals.has(systemCode(error) ?? "");
    throw error;
  }
}

/** Size of a regular file in bytes; undefined for anything else. */
export function sizeAt(folder: Bytes, name: string): number | undefined {
  try {
    const stats = lstatSync(inside(folder, name), { throwIfNoEntry: false });
    return stats?.isFile() === true ? stats.size : undefined;
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}
