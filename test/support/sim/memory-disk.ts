import { constants, type BigIntStats } from "node:fs";
import type { Disk, DiskPath } from "../../../src/local/disk.ts";
import { checkOpen, checkRename, checkReplace, existing, sameSpot } from "./disk-checks.ts";
import { DiskFailure } from "./disk-error.ts";
import { bufferOf, bytesOf, type ByteText } from "./disk-names.ts";
import { give, readInto, setTime, statsOf, type Inode } from "./inode.ts";
import { mayUse, walkPath, type Found } from "./path-walk.ts";
import type { Author, Volume } from "./volume.ts";

type Handle = { readonly node: Inode; readonly flags: number; position: number };

const umask = 0o022;
const readBits = 0o400;
const changeBits = 0o300;
const handleFirst = 20;

/** Called before bytes are read or written and before a flush: when it resolves, the call happens. */
export type Gate = (call: string) => Promise<void>;

const openGate: Gate = () => Promise.resolve();

/** The calls of one process to a disk in memory; its handles go with it. */
export class MemoryDisk implements Disk {
  readonly volume: Volume;
  readonly #author: Author;
  readonly #gate: Gate;
  readonly #handles = new Map<number, Handle>();

  constructor(volume: Volume, options: { readonly author: Author; readonly gate?: Gate }) {
    this.volume = volume;
    this.#author = options.author;
    this.#gate = options.gate ?? openGate;
  }

  /** Handles that are open. */
  get openCount(): number {
    return this.#handles.size;
  }

  /** The process ends. */
  end(): void {
    for (const fd of this.#handles.keys()) this.close(fd);
  }

  readonly canAnchor = (): boolean => this.volume.settings.anchors;
  readonly umask = (): number => umask;

  readonly lstat = (path: DiskPath): BigIntStats | undefined => {
    try {
      const { node } = this.find(path, "lstat");
      return node && statsOf(node, this.volume.settings.birthTimes);
    } catch (error) {
      // As `throwIfNoEntry: false` of Node.
      if (error instanceof DiskFailure && error.code === "ENOENT") return undefined;
      throw error;
    }
  };

  readonly fstat = (fd: number): BigIntStats =>
    statsOf(this.#handle(fd, "fstat").node, this.volume.settings.birthTimes);

  readonly readNames = (path: DiskPath): Buffer[] => {
    const node = existing(this.find(path, "scandir", true), "scandir");
    if (node.kind !== "folder") throw new DiskFailure("ENOTDIR", "scandir");
    if (!String(path).startsWith("/proc/self/fd/")) {
      mayUse(this.volume, node, { bits: readBits, syscall: "scandir" });
    }
    return [...node.entries.values()].map(({ name }) => bufferOf(name));
  };

  readonly readLink = (path: string): Buffer => {
    const node = existing(this.find(path, "readlink"), "readlink");
    if (node.kind !== "symlink") throw new DiskFailure("EINVAL", "readlink", path);
    return bufferOf(node.target);
  };

  readonly open = (path: DiskPath, flags: number, mode = 0o666): number => {
    this.#act();
    const follow = (flags & constants.O_NOFOLLOW) === 0 && (flags & constants.O_EXCL) === 0;
    const found = this.find(path, "open", follow);
    const node = found.node ?? this.#create(found, flags, mode);
    if (found.node !== undefined) checkOpen(this.volume, found, flags);
    if ((flags & constants.O_TRUNC) !== 0) this.volume.setBytes(node, new Uint8Array(0));
    let fd = handleFirst;
    while (this.#handles.has(fd)) fd += 1;
    node.held += 1;
    this.#handles.set(fd, { node, flags, position: 0 });
    return fd;
  };

  readonly close = (fd: number): void => {
    const { node } = this.#handle(fd, "close");
    this.#handles.delete(fd);
    node.held -= 1;
    this.volume.release(node);
  };

  readonly mkdir = (path: string, mode: number): void => {
    const found = this.#freePlace(path, "mkdir");
    const node = this.volume.make("folder", mode & ~umask & 0o1777, found.folder.dev);
    this.volume.enter(found.folder, found.name, node);
  };

  readonly rmdir = (path: DiskPath): void => {
    const found = this.#changeable(path, "rmdir");
    const node = existing(found, "rmdir");
    if (node.kind !== "folder") throw new DiskFailure("ENOTDIR", "rmdir");
    if (node.entries.size > 0) throw new DiskFailure("ENOTEMPTY", "rmdir");
    this.volume.leave(found.folder, found.name);
  };

  readonly rename = (from: string, to: string): void => {
    this.#act();
    const old = from.replace(/\/$/, "");
    const [source, target] = [this.#walk(old, "rename"), this.#walk(to, "rename")];
    if (source.folder.dev !== target.folder.dev) throw new DiskFailure("EXDEV", "rename");
    this.#mayChange(source, "rename");
    const node = existing(source, "rename");
    this.#mayChange(target, "rename");
    checkRename({ ...source, mustBeFolder: old !== from }, target);
    // Two names of one file, or one name twice: nothing happens. Another case of one name is a new name.
    const isOtherCase = source.name !== target.name && sameSpot(this.volume, source, target);
    if (target.node === node && !isOtherCase) return;
    if (target.node !== undefined && target.node !== node) checkReplace(node, target.node);
    this.volume.rename(source, target);
  };

  readonly link = (from: string, to: string): void => {
    const node = existing(this.find(from, "link"), "link");
    const target = this.#freePlace(to, "link");
    if (node.kind === "folder" || !this.volume.settings.hardLinks)
      throw new DiskFailure("EPERM", "link");
    if (node.dev !== target.folder.dev) throw new DiskFailure("EXDEV", "link");
    this.volume.enter(target.folder, target.name, node);
  };

  readonly unlink = (path: DiskPath): void => {
    const found = this.#changeable(path, "unlink");
    const node = existing(found, "unlink");
    if (node.kind === "folder") throw new DiskFailure("EISDIR", "unlink");
    if (found.mustBeFolder) throw new DiskFailure("ENOTDIR", "unlink");
    this.volume.leave(found.folder, found.name);
  };

  readonly symlink = (target: string, path: string): void => {
    const found = this.#freePlace(path, "symlink");
    const node = this.volume.make("symlink", 0o777, found.folder.dev);
    node.target = bytesOf(target);
    this.volume.enter(found.folder, found.name, node);
  };

  /** A named pipe; no call of `Disk`. */
  readonly mkfifo = (path: string): void => {
    const found = this.#freePlace(path, "mkfifo");
    this.volume.enter(found.folder, found.name, this.volume.make("fifo", 0o644, found.folder.dev));
  };

  /** Another disk, mounted on a new folder; no call of `Disk`. */
  readonly mount = (path: string, dev: number): void => {
    const found = this.#freePlace(path, "mount");
    this.volume.enter(found.folder, found.name, this.volume.make("folder", 0o755, dev));
  };

  readonly chmodOpen = (fd: number, mode: number): void => {
    this.#act();
    const { node } = this.#handle(fd, "fchmod");
    node.mode = mode & 0o7777;
    node.ctimeNs = this.volume.nowNs();
  };

  readonly chown = (at: number | string, user: number, group: number): void => {
    this.#act();
    const syscall = typeof at === "number" ? "fchown" : "lchown";
    const open = typeof at === "number" ? this.#handle(at, syscall).node : undefined;
    const node = open ?? existing(this.find(String(at), syscall), syscall);
    give(this.volume, node, { user, group, syscall });
  };

  readonly setTimesOpen = (fd: number, seconds: string): void => {
    this.#act();
    setTime(this.volume, this.#handle(fd, "futime").node, seconds);
  };

  readonly setTimesOfLink = (path: string, seconds: string): void => {
    this.#act();
    setTime(this.volume, existing(this.find(path, "lutime"), "lutime"), seconds);
  };

  readonly freeBytes = (path: string): bigint => {
    existing(this.find(path, "statfs", true), "statfs");
    return this.volume.freeBytes;
  };

  readonly read = async (fd: number, into: Uint8Array, position: number): Promise<number> => {
    await this.#gate("read");
    return this.readNow(fd, into, position);
  };

  readonly readNow = (fd: number, into: Uint8Array, position: number): number =>
    readInto(this.#handle(fd, "read"), into, position);

  readonly write = async (fd: number, bytes: Uint8Array): Promise<number> => {
    const copy = Uint8Array.from(bytes);
    await this.#gate("write");
    return this.writeNow(fd, copy);
  };

  readonly sync = async (fd: number): Promise<void> => {
    await this.#gate("fsync");
    this.volume.sync(this.#handle(fd, "fsync").node);
  };

  /** As `write`, at once: a user's program. */
  writeNow(fd: number, bytes: Uint8Array): number {
    this.#act();
    const handle = this.#handle(fd, "write");
    const { node, flags } = handle;
    if ((flags & 3) === constants.O_RDONLY) throw new DiskFailure("EBADF", "write");
    const at = (flags & constants.O_APPEND) !== 0 ? node.bytes.length : handle.position;
    const whole = new Uint8Array(Math.max(node.bytes.length, at + bytes.length));
    whole.set(node.bytes);
    whole.set(bytes, at);
    this.volume.setBytes(node, whole);
    handle.position = at + bytes.length;
    return bytes.length;
  }

  /** The inode behind a handle. */
  nodeOf(fd: number): Inode {
    return this.#handle(fd, "fstat").node;
  }

  find(path: DiskPath, syscall: string, follow = false): Found {
    const found = this.#walk(path, syscall, follow);
    if (found.name !== "") this.volume.checkName(found.name, syscall);
    return found;
  }

  /** The last name is not looked at yet. */
  #walk(path: DiskPath, syscall: string, follow = false): Found {
    const handle = (fd: number): Inode => this.#anchor(fd, syscall);
    return walkPath({ volume: this.volume, syscall, handle, follow }, bytesOf(path));
  }

  #anchor(fd: number, syscall: string): Inode {
    const handle = this.#handles.get(fd);
    if (handle === undefined || !this.volume.settings.anchors)
      throw new DiskFailure("ENOENT", syscall);
    return handle.node;
  }

  #handle(fd: number, syscall: string): Handle {
    const handle = this.#handles.get(fd);
    if (handle === undefined) throw new DiskFailure("EBADF", syscall);
    return handle;
  }

  #act(): void {
    this.volume.author = this.#author;
  }

  #changeable(path: DiskPath, syscall: string): Found {
    this.#act();
    const found = this.find(path, syscall);
    this.#mayChange(found, syscall);
    return found;
  }

  #mayChange(found: Found, syscall: string): void {
    if (found.name === "") throw new DiskFailure("EINVAL", syscall);
    this.volume.checkName(found.name, syscall);
    if (found.node === undefined && found.folder.nlink === 0)
      throw new DiskFailure("ENOENT", syscall);
    mayUse(this.volume, found.folder, { bits: changeBits, syscall });
  }

  #freePlace(path: string, syscall: string): Found {
    const found = this.#changeable(path, syscall);
    if (found.node !== undefined) throw new DiskFailure("EEXIST", syscall, path);
    return found;
  }

  #create(found: Found, flags: number, mode: number): Inode {
    if ((flags & constants.O_CREAT) === 0 || found.folder.nlink === 0) {
      throw new DiskFailure("ENOENT", "open");
    }
    if (found.mustBeFolder) throw new DiskFailure("EISDIR", "open");
    mayUse(this.volume, found.folder, { bits: changeBits, syscall: "open" });
    const node = this.volume.make("file", mode & ~umask & 0o7777, found.folder.dev);
    this.volume.enter(found.folder, found.name, node);
    return node;
  }
}

/** The name of a path of bytes, for display. */
export function shown(name: ByteText): string {
  return bufferOf(name).toString("utf8");
}
