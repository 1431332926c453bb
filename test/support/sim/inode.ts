import { constants, type BigIntStats } from "node:fs";
import { DiskFailure } from "./disk-error.ts";
import type { ByteText } from "./disk-names.ts";

/** What a disk in memory can hold. */
export type InodeKind = "file" | "folder" | "symlink" | "fifo";

/** One name in a folder. */
export type DirectoryEntry = { readonly name: ByteText; readonly node: Inode };

const typeBits: Readonly<Record<InodeKind, number>> = {
  file: 0o100000,
  folder: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
};

const noBytes = new Uint8Array(0);

/** A file, folder, link or pipe, whatever names it has. Times are nanoseconds since 1970. */
export class Inode {
  readonly kind: InodeKind;
  readonly dev: number;
  readonly ino: number;
  readonly birthNs: bigint;
  mode: number;
  nlink = 0;
  mtimeNs: bigint;
  ctimeNs: bigint;
  user = 0;
  group = 0;
  bytes: Uint8Array = noBytes;
  /** What a power cut leaves of the bytes: those of the last `fsync`. */
  flushed: Uint8Array = noBytes;
  target: ByteText = "";
  readonly entries: Map<string, DirectoryEntry> = new Map();
  /** Folders only; undefined for the root and for one that was removed. */
  parent: Inode | undefined;
  /** Handles that are open, and changes of the disk that a power cut could still undo: the number stays taken. */
  held = 0;

  constructor(made: {
    readonly kind: InodeKind;
    readonly dev: number;
    readonly ino: number;
    readonly mode: number;
    readonly nowNs: bigint;
  }) {
    this.kind = made.kind;
    this.dev = made.dev;
    this.ino = made.ino;
    this.mode = made.mode;
    this.birthNs = made.nowNs;
    this.mtimeNs = made.nowNs;
    this.ctimeNs = made.nowNs;
  }

  get size(): number {
    return this.kind === "symlink" ? this.target.length : this.bytes.length;
  }
}

/** What `lstat` tells of an inode, as Node gives it. */
export function statsOf(node: Inode, hasBirthTimes: boolean): BigIntStats {
  const is = (kind: InodeKind) => (): boolean => node.kind === kind;
  const never = (): boolean => false;
  const facts = {
    dev: BigInt(node.dev),
    ino: BigInt(node.ino),
    mode: BigInt(typeBits[node.kind] | node.mode),
    nlink: BigInt(node.nlink),
    uid: BigInt(node.user),
    gid: BigInt(node.group),
    size: BigInt(node.size),
    mtimeNs: node.mtimeNs,
    ctimeNs: node.ctimeNs,
    birthtimeNs: hasBirthTimes ? node.birthNs : 0n,
    isFile: is("file"),
    isDirectory: is("folder"),
    isSymbolicLink: is("symlink"),
    isFIFO: is("fifo"),
    isBlockDevice: never,
    isCharacterDevice: never,
    isSocket: never,
  };
  // Only what the local side reads is there.
  return facts as BigIntStats;
}

/** Read of an open file; how many bytes there were. */
export function readInto(
  { node, flags }: { readonly node: Inode; readonly flags: number },
  into: Uint8Array,
  position: number,
): number {
  if ((flags & 3) === constants.O_WRONLY) throw new DiskFailure("EBADF", "read");
  if (node.kind === "folder") throw new DiskFailure("EISDIR", "read");
  const bytes = node.bytes.subarray(position, position + into.length);
  into.set(bytes);
  return bytes.length;
}

/** Set the time of change of content. Node passes seconds as a double. */
export function setTime(
  volume: { nowNs(): bigint; toStep(ns: bigint): bigint },
  node: Inode,
  seconds: string,
): void {
  const whole = Math.trunc(Number(seconds));
  const restNs = Math.trunc((Number(seconds) - whole) * 1e9);
  node.mtimeNs = volume.toStep(BigInt(whole) * 1_000_000_000n + BigInt(restNs));
  node.ctimeNs = volume.nowNs();
}

/** Give an inode to another user, which takes setuid and setgid from a file. @throws {DiskFailure} EPERM for all but root */
export function give(
  volume: { readonly settings: { readonly superuser: boolean }; nowNs(): bigint },
  node: Inode,
  {
    user,
    group,
    syscall,
  }: { readonly user: number; readonly group: number; readonly syscall: string },
): void {
  if (!volume.settings.superuser) throw new DiskFailure("EPERM", syscall);
  Object.assign(node, { user, group });
  if (node.kind === "file") node.mode &= 0o1777;
  node.ctimeNs = volume.nowNs();
}
