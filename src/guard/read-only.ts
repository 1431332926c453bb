import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import type { Dirent, Stats } from "node:fs";
import { systemCode } from "../std/error.ts";
import type { EntryKind } from "../core/repo/marker.ts";

/**
 * The only calls to the file system that the guard makes: each of them reads (G3). Paths are bytes, so that folders whose
 * names are no text are looked into as well.
 */
export type Bytes = Buffer;

/** One entry of a folder. */
export type RawEntry = {
  /** Strictly decoded; bytes that are no UTF-8 escaped. */
  readonly name: string;
  readonly bytes: Bytes;
  readonly kind: EntryKind;
};

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name for display and for the rules. */
export function textOf(bytes: Bytes): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Not UTF-8: shown escaped, and by that no marker.
    return escapeBytes(bytes);
  }
}

function escapeBytes(bytes: Bytes): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}

/** Entries of a folder by name. Errors are those of Node. */
export function readFolder(path: Bytes): RawEntry[] {
  return readdirSync(path, { encoding: "buffer", withFileTypes: true })
    .map((entry) => ({
      name: textOf(entry.name),
      bytes: entry.name,
      kind: kindOf(entry) ?? kindAt(inside(path, entry.name)) ?? "special",
    }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
}

/** The same of a folder that may be out of reach: it has no entries then. Not for what must not be missed (G4). */
export function entriesIn(path: Bytes): RawEntry[] {
  try {
    return readFolder(path);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

/** undefined where the file system does not tell with the names. */
function kindOf(entry: Dirent<Bytes>): EntryKind | undefined {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  if (entry.isSymbolicLink()) return "symlink";
  const told = entry.isFIFO() || entry.isSocket() || entry.isBlockDevice();
  return told || entry.isCharacterDevice() ? "special" : undefined;
}

/** The path of an entry. */
export function inside(folder: Bytes, name: Bytes | string): Bytes {
  return Buffer.concat([folder, Buffer.from("/"), Buffer.from(name)]);
}

/** What stands at a path; undefined where nothing does, or where the way there cannot be walked. */
export function kindAt(path: Bytes): EntryKind | undefined {
  const stats = lookAt(path);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return "folder";
  if (stats.isFile()) return "file";
  return stats.isSymbolicLink() ? "symlink" : "special";
}

/** What the file system says of an entry, links not followed; undefined where there is none. */
export function lookAt(path: Bytes): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** When a file was written, ms since 1970; undefined where there is none. */
export function modifiedAt(path: Bytes): number | undefined {
  const stats = lookAt(path);
  return stats === undefined ? undefined : Math.floor(Number(stats.mtimeMs));
}

/** Bytes of what stands at a path; undefined where nothing does. */
export function sizeAt(path: Bytes): number | undefined {
  const stats = lookAt(path);
  return stats === undefined ? undefined : Number(stats.size);
}

/** Whether two paths lead to one inode. */
export function isSameEntry(a: Bytes, b: Bytes): boolean {
  const [left, right] = [lookAt(a), lookAt(b)];
  return left !== undefined && left.ino === right?.ino && left.dev === right.dev;
}

/** A path with every link on the way resolved; undefined where it leads to nothing. */
export function realPath(path: Bytes): Bytes | undefined {
  try {
    return realpathSync.native(path, { encoding: "buffer" });
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** Whether a path is a folder or something below it, by the names alone. */
export function isAtOrBelow(path: Bytes, folder: Bytes): boolean {
  if (path.equals(folder)) return true;
  const start = folder.at(-1) === 0x2f ? folder : inside(folder, "");
  return path.subarray(0, start.length).equals(start);
}

/** Whether two paths lead to one folder, links on the way followed. */
export function isSameFolder(a: Bytes, b: Bytes): boolean {
  try {
    const [left, right] = [statSync(a), statSync(b)];
    return left.isDirectory() && left.ino === right.ino && left.dev === right.dev;
  } catch (error) {
    if (isOutOfReach(error)) return false;
    throw error;
  }
}

/** Where a symlink points, as written; undefined where none can be read. */
export function readLink(path: Bytes): string | undefined {
  const target = readLinkBytes(path);
  return target === undefined ? undefined : textOf(target);
}

/** The same, in bytes. */
export function readLinkBytes(path: Bytes): Bytes | undefined {
  try {
    return readlinkSync(path, { encoding: "buffer" });
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The start of a regular file as text, at most so many bytes; undefined where none can be read. Pipes are not opened. */
export function readStart(path: Bytes, bytesMax: number): string | undefined {
  return readFirst(path, bytesMax)?.toString("utf8");
}

/** The same, in bytes. */
export function readFirst(path: Bytes, bytesMax: number): Buffer | undefined {
  if (kindAt(path) !== "file") return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(path, openFlags);
    if (!fstatSync(fd).isFile()) return undefined;
    return readBytes(fd, bytesMax);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** A whole regular file, and when it was written, ms since 1970. */
export type WholeFile = { readonly bytes: Buffer; readonly modifiedMs: number };

/** undefined where there is no regular file, it cannot be read, or it is greater. */
export function readWhole(path: Bytes, bytesMax: number): WholeFile | undefined {
  if (kindAt(path) !== "file") return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(path, openFlags);
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > bytesMax) return undefined;
    const bytes = readBytes(fd, bytesMax + 1);
    return bytes.length > bytesMax ? undefined : { bytes, modifiedMs: stats.mtimeMs };
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readBytes(fd: number, bytesMax: number): Buffer {
  const size = Math.min(bytesMax, Number(fstatSync(fd).size) + 1);
  const into = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(fd, into, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return into.subarray(0, filled);
}

const pieceBytes = 1024 * 1024;

/** Hand a regular file on piece by piece. False where it cannot be read to its end. */
export function readPieces(path: Bytes, take: (piece: Buffer) => void): boolean {
  // Only then opened: opening a device may already do something.
  if (kindAt(path) !== "file") return false;
  let fd: number | undefined;
  try {
    fd = openSync(path, openFlags);
    if (!fstatSync(fd).isFile()) return false;
    const into = Buffer.alloc(pieceBytes);
    for (let count = readSync(fd, into); count > 0; count = readSync(fd, into)) {
      take(into.subarray(0, count));
    }
    return true;
  } catch (error) {
    if (isOutOfReach(error)) return false;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const outOfReach: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "EPERM",
  "ELOOP",
  "ENAMETOOLONG",
  "ENXIO",
  "EINVAL",
  "EIO",
  "ESTALE",
  // A name with a zero byte, out of a file: no system has one.
  "ERR_INVALID_ARG_VALUE",
]);

/** Whether an error says no more than that something is not there or not readable: then it is no proof of anything (G4). */
export function isOutOfReach(error: unknown): boolean {
  return outOfReach.has(systemCode(error) ?? "");
}
