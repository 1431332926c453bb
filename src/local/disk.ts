import * as fs from "node:fs";
import { promisify } from "node:util";
import { isRaw, rawBytes } from "../core/path/raw-path.ts";

/** Bytes where the names on the way may be no text; or a raw text (`raw-path`), where a call says so. */
export type DiskPath = string | Buffer;

/** A name in a folder: bytes where they are no UTF-8. */
export type DiskName = string | Buffer;

/**
 * The calls to the operating system that the local side makes, and no others: one small object, so that a test can
 * fail or stop at any of them.
 *
 * Calls on names and inodes are synchronous: they are fastest so, and a check and the act that relies on it happen without
 * anything of ours in between. Bytes and `fsync` are asynchronous, because a slow disk must not stop the program; only
 * small files are read at once. Errors are those of Node.
 */
export interface Disk {
  /** Whether `/proc/self/fd/<n>/<name>` names an entry of an open folder (X2). */
  canAnchor(): boolean;
  umask(): number;
  /** Of a path that may be raw; undefined where nothing is. */
  lstat(path: DiskPath): fs.BigIntStats | undefined;
  fstat(fd: number): fs.BigIntStats;
  /** Without `.` and `..`, in no order, of a path that may be raw. */
  readNames(path: DiskPath): readonly DiskName[];
  readLink(path: string): Buffer;
  /** The path may be raw. */
  open(path: DiskPath, flags: number, mode?: number): number;
  close(fd: number): void;
  mkdir(path: string, mode: number): void;
  rmdir(path: DiskPath): void;
  rename(from: string, to: string): void;
  link(existing: string, made: string): void;
  unlink(path: DiskPath): void;
  /** The target may be raw. */
  symlink(target: string, path: string): void;
  chmodOpen(fd: number, mode: number): void;
  /** Of what is open, or of what has this name; a link itself. */
  chown(at: number | string, user: number, group: number): void;
  /** Sets atime and mtime, in decimal seconds since 1970; negative ones are before. */
  setTimesOpen(fd: number, seconds: string): void;
  setTimesOfLink(path: string, seconds: string): void;
  freeBytes(path: string): bigint;
  read(fd: number, into: Uint8Array, position: number): Promise<number>;
  /** The same at once: for small files only. */
  readNow(fd: number, into: Uint8Array, position: number): number;
  write(fd: number, bytes: Uint8Array): Promise<number>;
  /** `fsync` of a file or a folder. */
  sync(fd: number): Promise<void>;
}

const readAsync = promisify(fs.read);
const writeAsync = promisify(fs.write);
const fsyncAsync = promisify(fs.fsync);

/** The disk of this computer. */
export const nodeDisk: Disk = {
  canAnchor: () => process.platform === "linux" && fs.existsSync("/proc/self/fd"),
  umask: () => process.umask(),
  lstat: (path) => fs.lstatSync(onDisk(path), { bigint: true, throwIfNoEntry: false }),
  fstat: (fd) => fs.fstatSync(fd, { bigint: true }),
  readNames: namesIn,
  readLink: (path) => fs.readlinkSync(onDisk(path), { encoding: "buffer" }),
  open: (path, flags, mode) => fs.openSync(onDisk(path), flags, mode),
  close: (fd) => fs.closeSync(fd),
  mkdir: (path, mode) => fs.mkdirSync(path, { mode }),
  rmdir: (path) => fs.rmdirSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  link: (existing, made) => fs.linkSync(existing, made),
  unlink: (path) => fs.unlinkSync(path),
  symlink: (target, path) => fs.symlinkSync(onDisk(target), path),
  chmodOpen: (fd, mode) => fs.fchmodSync(fd, mode),
  chown: (at, user, group) =>
    typeof at === "number" ? fs.fchownSync(at, user, group) : fs.lchownSync(at, user, group),
  setTimesOpen: (fd, seconds) => fs.futimesSync(fd, seconds, seconds),
  setTimesOfLink: (path, seconds) => fs.lutimesSync(path, seconds, seconds),
  freeBytes: (path) => {
    const { bavail, bsize } = fs.statfsSync(path, { bigint: true });
    return bavail * bsize;
  },
  read: async (fd, into, position) =>
    (await readAsync(fd, into, 0, into.length, position)).bytesRead,
  readNow: (fd, into, position) => fs.readSync(fd, into, 0, into.length, position),
  write: async (fd, bytes) => (await writeAsync(fd, bytes, 0, bytes.length, null)).bytesWritten,
  sync: (fd) => fsyncAsync(fd),
};

/** What stands in a text for bytes that are no UTF-8; some name may hold it by itself. */
const replacement = "\u{fffd}";

/** Texts are read several times faster than bytes, and nearly all names are texts. */
function namesIn(folder: DiskPath): readonly DiskName[] {
  const path = onDisk(folder);
  const names = fs.readdirSync(path);
  if (!names.some((name) => name.includes(replacement))) return names;
  return fs.readdirSync(path, { encoding: "buffer" });
}

function onDisk(path: DiskPath): DiskPath {
  return typeof path === "string" && isRaw(path) ? rawBytes(path) : path;
}
