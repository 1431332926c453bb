import { constants } from "node:fs";
import type { Disk, DiskPath } from "../../../src/local/disk.ts";
import type { Inode } from "./inode.ts";
import type { Ledger } from "./ledger.ts";
import { shown, type MemoryDisk } from "./memory-disk.ts";

/** What watches a process at its calls to the disk. */
export type DiskWatch = {
  readonly ledger: Ledger;
  /** The workspace and the folder of ours in it; changes anywhere else are a breach of P8. */
  readonly top: () => Inode | undefined;
  /** Called before each call, with a look for the user's places that it is about to change; a throw is what the call ends with. */
  readonly before: (call: string, places: () => readonly string[]) => void;
  readonly breach: (text: string) => void;
};

type Zone = "own" | "user" | "outside";

/** The disk as one process of the program sees it, with every call looked at (P2, P8). */
export function processDisk(disk: MemoryDisk, watch: DiskWatch): Disk {
  const audit = new Audit(disk, watch);
  const before = (call: string, ...paths: readonly DiskPath[]): void =>
    watch.before(call, () =>
      paths.map((path) => audit.userPlace(path)).filter((path) => path !== undefined),
    );
  return {
    canAnchor: disk.canAnchor,
    umask: disk.umask,
    close: disk.close,
    fstat: disk.fstat,
    freeBytes: disk.freeBytes,
    readLink: disk.readLink,
    lstat: (path) => {
      before("lstat");
      return disk.lstat(path);
    },
    readNames: (path) => {
      before("readNames");
      return disk.readNames(path);
    },
    open: (path, flags, mode) => {
      before((flags & constants.O_CREAT) === 0 ? "open" : "create");
      audit.opens(path, flags, mode ?? 0o666);
      return disk.open(path, flags, mode);
    },
    mkdir: (path, mode) => {
      before("mkdir", path);
      audit.changes(path, "mkdir");
      disk.mkdir(path, mode);
    },
    rmdir: (path) => {
      before("rmdir", path);
      audit.changes(path, "rmdir");
      disk.rmdir(path);
    },
    rename: (from, to) => {
      before("rename", from, to);
      audit.brings(from, to, "rename");
      disk.rename(from, to);
    },
    link: (from, to) => {
      before("link", from, to);
      audit.brings(from, to, "link");
      disk.link(from, to);
    },
    unlink: (path) => {
      before("unlink", path);
      audit.changes(path, "unlink");
      disk.unlink(path);
    },
    symlink: (target, path) => {
      before("symlink");
      audit.changes(path, "symlink");
      disk.symlink(target, path);
    },
    chmodOpen: (fd, mode) => {
      before("chmod");
      audit.alters(fd, "chmod");
      disk.chmodOpen(fd, mode);
    },
    chown: (at, user, group) => {
      before("chown");
      if (typeof at === "number") audit.alters(at, "chown");
      else audit.changes(at, "chown");
      disk.chown(at, user, group);
    },
    setTimesOpen: (fd, seconds) => {
      before("times");
      audit.alters(fd, "times");
      disk.setTimesOpen(fd, seconds);
    },
    setTimesOfLink: (path, seconds) => {
      before("times");
      audit.changes(path, "times");
      disk.setTimesOfLink(path, seconds);
    },
    read: (fd, into, position) => {
      before("read");
      return disk.read(fd, into, position);
    },
    readNow: (fd, into, position) => {
      before("read");
      return disk.readNow(fd, into, position);
    },
    write: (fd, bytes) => {
      before("write");
      audit.alters(fd, "write");
      return disk.write(fd, bytes);
    },
    sync: (fd) => {
      before("fsync");
      return disk.sync(fd);
    },
  };
}

class Audit {
  readonly #disk: MemoryDisk;
  readonly #watch: DiskWatch;
  /** Files that are among the user's. */
  readonly #visible = new WeakSet<Inode>();

  constructor(disk: MemoryDisk, watch: DiskWatch) {
    this.#disk = disk;
    this.#watch = watch;
  }

  opens(path: DiskPath, flags: number, mode: number): void {
    const found = this.#look(path);
    if (found === undefined || found.name === "" || found.node === this.#watch.top()) return;
    const zone = this.#zoneOf(found.folder);
    if (zone === "outside") this.#watch.breach(`P8: opens ${String(path)} outside the workspace`);
    if (zone !== "user" || (flags & 3) === constants.O_RDONLY) return;
    const isPlaceholder = mode === 0 && found.node === undefined;
    if (!isPlaceholder)
      this.#watch.breach(`P2: opens a file of the user's for writing: ${found.name}`);
  }

  changes(path: DiskPath, call: string): void {
    const found = this.#look(path);
    if (found !== undefined && this.#zoneOf(found.folder) === "outside") {
      this.#watch.breach(`P8: ${call} ${String(path)} outside the workspace`);
    }
  }

  brings(from: string, to: string, call: string): void {
    this.changes(from, call);
    this.changes(to, call);
    const [source, target] = [this.#look(from), this.#look(to)];
    const node = source?.node;
    if (node?.kind !== "file" || target === undefined || this.#zoneOf(target.folder) !== "user")
      return;
    if (!this.#watch.ledger.isWhole(node.bytes)) {
      this.#watch.breach(`P2: brings content that nobody wrote to ${target.name}`);
    }
    this.#visible.add(node);
  }

  /** A path below the top of the workspace; undefined for what is ours or elsewhere. */
  userPlace(path: DiskPath): string | undefined {
    const found = this.#look(path);
    if (found === undefined || found.name === "" || this.#zoneOf(found.folder) !== "user") {
      return undefined;
    }
    const names = [shown(found.name)];
    for (let at = found.folder; at !== this.#watch.top();) {
      const entry = [...(at.parent?.entries.values() ?? [])].find(({ node }) => node === at);
      if (entry === undefined || at.parent === undefined) return undefined;
      names.unshift(shown(entry.name));
      at = at.parent;
    }
    return names[0] === ".snap" ? undefined : names.join("/");
  }

  alters(fd: number, call: string): void {
    if (this.#visible.has(this.#disk.nodeOf(fd))) {
      this.#watch.breach(`P2: ${call} on a file that is at its place already`);
    }
  }

  /** Undefined where the call itself will fail. */
  #look(path: DiskPath): ReturnType<MemoryDisk["find"]> | undefined {
    try {
      return this.#disk.find(path, "audit");
    } catch {
      return undefined;
    }
  }

  #zoneOf(folder: Inode): Zone {
    const top = this.#watch.top();
    const own = top?.entries.get(".snap")?.node;
    for (let at: Inode | undefined = folder; at !== undefined; at = at.parent) {
      if (at === own) return "own";
      if (at === top) return "user";
      // What was removed is nowhere.
      if (at.nlink === 0) return "own";
    }
    return "outside";
  }
}
