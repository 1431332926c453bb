import fs from "node:fs";
import type { DiskPath } from "../core/snapshot/disk-path.ts";
import { idsOf, isOwnerRefused, modeFor, type Owner } from "../core/tree/owner.ts";
import { systemCode } from "../std/error.ts";

/** Owner, mode bits, and mtime in seconds as text, which may lie before 1970; absent where they stay as they are. */
export type CopyStamp = {
  readonly owner?: Owner;
  readonly mode?: number | undefined;
  readonly seconds?: string | undefined;
};

/** What a copy does to a disk: calls that end at once, absolute paths, errors of the system as Node throws them. */
export type CopyDisk = {
  /** A new file, with the permissions that it will have if they are known, else 0600; nothing is followed and nothing replaced. */
  readonly create: (path: DiskPath, mode?: number) => number;
  /** All of the bytes, at a position. */
  readonly write: (fd: number, bytes: Uint8Array, position: number) => void;
  /** Give an open file its owner, mode and time, and close it; whether the system let it have that owner. */
  readonly finish: (fd: number, stamp: CopyStamp) => boolean;
  readonly close: (fd: number) => void;
  /** A new folder, 0700. */
  readonly makeFolder: (path: DiskPath) => void;
  /** The same for a folder, which is not followed where a link has come to stand there. */
  readonly settle: (path: DiskPath, stamp: CopyStamp) => boolean;
  /** The mode bits of what stands there, and others for it: only where nobody else can put a link. */
  readonly modeOf: (path: DiskPath) => number;
  readonly chmod: (path: DiskPath, mode: number) => void;
  /** A new link, with its owner and time; the answer as above. */
  readonly symlink: (target: DiskPath, path: DiskPath, stamp: CopyStamp) => boolean;
  /** A second name; fails where it is taken. */
  readonly link: (from: DiskPath, to: DiskPath) => void;
  readonly rename: (from: DiskPath, to: DiskPath) => void;
  readonly kind: (path: DiskPath) => "folder" | "other" | undefined;
  readonly names: (folder: DiskPath) => readonly Buffer[];
  readonly unlink: (path: DiskPath) => void;
  readonly removeFolder: (path: DiskPath) => void;
};

const { O_RDONLY, O_WRONLY, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW } = fs.constants;
const createFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

/** The disk of this machine. */
export const nodeCopyDisk: CopyDisk = {
  create: (path, mode = 0o600) => fs.openSync(asPath(path), createFlags, mode & 0o777),
  write: (fd, bytes, position) => {
    for (let at = 0; at < bytes.length;)
      at += fs.writeSync(fd, bytes, at, bytes.length - at, position + at);
  },
  finish: dressAndClose,
  close: (fd) => fs.closeSync(fd),
  makeFolder: (path) => fs.mkdirSync(asPath(path), 0o700),
  settle: (path, stamp) => dressAndClose(fs.openSync(asPath(path), folderFlags), stamp),
  modeOf: (path) => fs.lstatSync(asPath(path)).mode & 0o7777,
  chmod: (path, mode) => fs.chmodSync(asPath(path), mode),
  symlink: (target, path, { owner, seconds }) => {
    fs.symlinkSync(asPath(target), asPath(path));
    const isGiven = gives(owner, (user, group) => fs.lchownSync(asPath(path), user, group));
    if (seconds !== undefined) fs.lutimesSync(asPath(path), seconds, seconds);
    return isGiven;
  },
  link: (from, to) => fs.linkSync(asPath(from), asPath(to)),
  rename: (from, to) => fs.renameSync(asPath(from), asPath(to)),
  kind: (path) => {
    const found = fs.lstatSync(asPath(path), { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isDirectory() ? "folder" : "other";
  },
  names: (folder) => fs.readdirSync(asPath(folder), { encoding: "buffer" }),
  unlink: (path) => fs.unlinkSync(asPath(path)),
  removeFolder: (path) => fs.rmdirSync(asPath(path)),
};

/** What is right already is not set again: each change of an inode costs the journal of the disk as much as making the file. */
function dressAndClose(fd: number, { owner, mode, seconds }: CopyStamp): boolean {
  try {
    const now = fs.fstatSync(fd);
    const isOwned = owner === undefined || owner === `${now.uid}:${now.gid}`;
    const isGiven = isOwned || gives(owner, (user, group) => fs.fchownSync(fd, user, group));
    const wanted = mode === undefined ? undefined : modeFor(mode, isGiven);
    const isRight = isOwned && wanted === (now.mode & 0o7777);
    if (wanted !== undefined && !isRight) fs.fchmodSync(fd, wanted);
    if (seconds !== undefined) fs.futimesSync(fd, seconds, seconds);
    return isGiven;
  } finally {
    fs.closeSync(fd);
  }
}

/** Before the mode: this takes setuid and setgid away. Absent: it stays as it is. */
function gives(owner: Owner | undefined, chown: (user: number, group: number) => void): boolean {
  if (owner === undefined) return true;
  const { user, group } = idsOf(owner);
  try {
    chown(user, group);
    return true;
  } catch (error) {
    if (!isOwnerRefused(systemCode(error))) throw error;
    return false;
  }
}

function asPath(path: DiskPath): string | Buffer {
  if (typeof path === "string") return path;
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}

/** Remove whatever stands at a place, also in folders without rights; links are not followed. */
export function removeTree(disk: CopyDisk, path: DiskPath): void {
  const kind = disk.kind(path);
  if (kind === undefined) return;
  if (kind === "other") {
    disk.unlink(path);
    return;
  }
  disk.chmod(path, 0o700);
  for (const name of disk.names(path)) removeTree(disk, inFolder(path, name));
  disk.removeFolder(path);
}

/** A path below a folder. */
export function inFolder(folder: DiskPath, below: DiskPath): DiskPath {
  if (typeof folder === "string" && typeof below === "string") return `${folder}/${below}`;
  return Buffer.concat([Buffer.from(folder), Buffer.from("/"), Buffer.from(below)]);
}

/** What the system says of one name, not of the whole disk: that path is left out. */
const namely: ReadonlyMap<string, string> = new Map([
  ["EEXIST", "the disk takes its name and that of another entry for one"],
  ["ENAMETOOLONG", "its name is too long for this disk"],
  ["EILSEQ", "this disk refuses its name"],
  ["EINVAL", "this disk refuses its name"],
  ["EFBIG", "it is too large for this disk"],
  ["EMLINK", "the disk allows no more names in its folder"],
]);

/** Why one path cannot be written where others can; undefined for what ends the copy. */
export function troubleOfPath(code: string | undefined): string | undefined {
  return code === undefined ? undefined : namely.get(code);
}

/** As `troubleOfPath`, of what was thrown. @throws whatever is no trouble of one path */
export function requireTroubleOfPath(error: unknown): string {
  const trouble = troubleOfPath(systemCode(error));
  if (trouble === undefined) throw error;
  return trouble;
}
