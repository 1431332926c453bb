import type { Rng } from "../../../src/std/random.ts";
import { DiskFailure } from "./disk-error.ts";
import { textOf, type ByteText } from "./disk-names.ts";
import { Durability } from "./durability.ts";
import { Inode, type InodeKind } from "./inode.ts";

/** What kind of file system a disk in memory is. */
export type DiskSettings = {
  /** Time stamps are multiples of this, ns: 1, 20 ms, 2 s. */
  readonly stepNs: bigint;
  /** `/proc/self/fd/<n>/<name>` names an entry of an open folder. */
  readonly anchors: boolean;
  readonly foldsCase: boolean;
  /** Names are stored in NFD. */
  readonly decomposes: boolean;
  readonly birthTimes: boolean;
  readonly hardLinks: boolean;
  /** Permission bits stop nobody. */
  readonly superuser: boolean;
};

/** A usual disk of Linux and its user. */
export const usualDisk: DiskSettings = {
  stepNs: 1n,
  anchors: true,
  foldsCase: false,
  decomposes: false,
  birthTimes: true,
  hardLinks: true,
  superuser: false,
};

const nameBytesMax = 255;

/** Who makes a change: what a user does lasts at once, what the engine does lasts when it was written out. */
/** A name in a folder, or a file whatever names it has. */
export type DiskChange =
  | { readonly folder: Inode; readonly name: ByteText }
  | { readonly node: Inode };

export type Author = "user" | "engine";

/** A file system in memory: inodes, names, and what a power cut would leave of them (S111). */
export class Volume {
  readonly settings: DiskSettings;
  readonly root: Inode;
  freeBytes = 1n << 40n;
  author: Author = "user";
  readonly #nowMs: () => number;
  #lastMs = 0;
  #tick = 0n;
  #highest = 1;
  readonly #freeNumbers: number[] = [];
  readonly #durability: Durability;

  constructor(settings: DiskSettings, nowMs: () => number) {
    this.settings = settings;
    this.#nowMs = nowMs;
    this.#durability = new Durability((node) => this.release(node));
    this.root = this.make("folder", 0o755, 1);
    this.root.nlink = 2;
  }

  /** Time of the disk's clock, ns: later with each look, then cut to the step of the disk. */
  nowNs(): bigint {
    const ms = Math.floor(this.#nowMs());
    this.#tick = ms === this.#lastMs ? this.#tick + 100n : 0n;
    this.#lastMs = ms;
    return this.toStep(BigInt(ms) * 1_000_000n + this.#tick);
  }

  toStep(timeNs: bigint): bigint {
    return (
      timeNs - (((timeNs % this.settings.stepNs) + this.settings.stepNs) % this.settings.stepNs)
    );
  }

  /** An inode without a name; the lowest free number is taken, as real disks do. */
  make(kind: InodeKind, mode: number, dev: number): Inode {
    const ino = this.#freeNumbers.shift() ?? (this.#highest += 1);
    return new Inode({ kind, dev, ino, mode, nowNs: this.nowNs() });
  }

  /** Give a number back that nothing needs any more. */
  release(node: Inode): void {
    if (node.nlink > 0 || node.held > 0 || this.#freeNumbers.includes(node.ino)) return;
    const at = this.#freeNumbers.findIndex((free) => free > node.ino);
    this.#freeNumbers.splice(at < 0 ? this.#freeNumbers.length : at, 0, node.ino);
  }

  /** Under which key a folder finds a name. */
  keyOf(name: ByteText): string {
    const { foldsCase, decomposes } = this.settings;
    if (!foldsCase && !decomposes) return name;
    const form = (textOf(name) ?? name).normalize("NFD");
    return foldsCase ? form.toLowerCase() : form;
  }

  lookup(folder: Inode, name: ByteText): Inode | undefined {
    return folder.entries.get(this.keyOf(name))?.node;
  }

  /** Told of every name that changes, and of files that get other bytes; for whoever watches the disk. */
  onChange: (change: DiskChange) => void = () => {};

  /** Put a free name into a folder. */
  enter(folder: Inode, wanted: ByteText, node: Inode): void {
    const name = this.#storedName(wanted);
    const key = this.keyOf(name);
    const before = { parent: node.parent };
    folder.entries.set(key, { name, node });
    node.nlink += node.kind === "folder" ? 2 : 1;
    if (node.kind === "folder") node.parent = folder;
    this.#touch(folder, node);
    this.#note([folder, node], () => {
      folder.entries.delete(key);
      node.nlink -= node.kind === "folder" ? 2 : 1;
      node.parent = before.parent;
    });
    this.onChange({ folder, name });
  }

  /** Take a name out of a folder. */
  leave(folder: Inode, name: ByteText): void {
    const key = this.keyOf(name);
    const entry = folder.entries.get(key);
    if (entry === undefined) return;
    const { node } = entry;
    folder.entries.delete(key);
    node.nlink -= node.kind === "folder" ? 2 : 1;
    if (node.kind === "folder") node.parent = undefined;
    this.#touch(folder, node);
    this.#note([folder, node], () => {
      folder.entries.set(key, entry);
      node.nlink += node.kind === "folder" ? 2 : 1;
      if (node.kind === "folder") node.parent = folder;
    });
    this.release(node);
    this.onChange({ folder, name });
  }

  /** One change: what stood at the new name, if anything, is gone with it. */
  rename(from: { folder: Inode; name: ByteText }, to: { folder: Inode; name: ByteText }): void {
    const fromKey = this.keyOf(from.name);
    const entry = from.folder.entries.get(fromKey);
    if (entry === undefined) return;
    const { node } = entry;
    const name = this.#storedName(to.name);
    const toKey = this.keyOf(name);
    const replaced =
      to.folder === from.folder && toKey === fromKey ? undefined : to.folder.entries.get(toKey);
    const oldParent = node.parent;
    from.folder.entries.delete(fromKey);
    to.folder.entries.set(toKey, { name, node });
    if (node.kind === "folder") node.parent = to.folder;
    if (replaced !== undefined) replaced.node.nlink -= replaced.node.kind === "folder" ? 2 : 1;
    this.#touch(from.folder, node);
    this.#touch(to.folder, replaced?.node ?? node);
    const touched = [
      from.folder,
      to.folder,
      node,
      ...(replaced === undefined ? [] : [replaced.node]),
    ];
    this.#note(touched, () => {
      to.folder.entries.delete(toKey);
      from.folder.entries.set(fromKey, entry);
      node.parent = oldParent;
      if (replaced === undefined) return;
      to.folder.entries.set(toKey, replaced);
      replaced.node.nlink += replaced.node.kind === "folder" ? 2 : 1;
    });
    if (replaced !== undefined) this.release(replaced.node);
    this.onChange(from);
    this.onChange({ folder: to.folder, name });
  }

  /** Give a file other bytes. */
  setBytes(node: Inode, bytes: Uint8Array): void {
    node.bytes = bytes;
    node.mtimeNs = this.nowNs();
    node.ctimeNs = node.mtimeNs;
    this.#durability.wrote(node, this.author === "user");
    this.onChange({ node });
  }

  sync(node: Inode): void {
    this.#durability.sync(node);
  }

  cutPower(rng: Rng): void {
    this.#durability.cut(rng);
  }

  #note(touched: readonly Inode[], undo: () => void): void {
    this.#durability.note({ touched: [...new Set(touched)], undo }, this.author === "user");
  }

  #touch(folder: Inode, node: Inode): void {
    const now = this.nowNs();
    folder.mtimeNs = now;
    folder.ctimeNs = now;
    node.ctimeNs = now;
  }

  #storedName(name: ByteText): ByteText {
    if (!this.settings.decomposes) return name;
    const form = textOf(name)?.normalize("NFD") ?? name;
    return Buffer.from(form, "utf8").toString("latin1");
  }

  /** @throws {DiskFailure} where the disk cannot hold a name */
  checkName(name: ByteText, syscall: string): void {
    if (name.length > nameBytesMax) throw new DiskFailure("ENAMETOOLONG", syscall, name);
    const { foldsCase, decomposes } = this.settings;
    if ((foldsCase || decomposes) && textOf(name) === undefined) {
      throw new DiskFailure("EILSEQ", syscall, name);
    }
  }
}
