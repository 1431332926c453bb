import { localStat } from "../../../src/local/stat-facts.ts";
import type { Dice } from "./dice.ts";
import { DiskFailure } from "./disk-error.ts";
import { textOf } from "./disk-names.ts";
import type { Inode } from "./inode.ts";
import type { Ledger } from "./ledger.ts";
import { shown, type MemoryDisk } from "./memory-disk.ts";

/** Something that stands in a workspace, by its path below the top. */
export type Standing = { readonly path: string; readonly node: Inode };

/** A side that is emptied is held by a guard; rules that are no file stop everything, as they should. */
export const untouched: readonly string[] = ["keep.txt", ".mignore"];

/** Users and their programs at one workspace: what they do lasts at once, and the ledger knows of it. */
export class DiskUser {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly top: string;
  readonly dice: Dice;
  readonly ledger: Ledger;
  /** Handles of programs that keep them. */
  readonly open: { fd: number; path: string }[] = [];
  /** What is done now is done while the engine is about it. */
  isRacing = false;
  /** The place at which the next act is to happen, where it can. */
  aim: string | undefined;
  /** What has no permissions at the moment. */
  readonly closed: Standing[] = [];

  constructor(options: {
    readonly name: string;
    readonly disk: MemoryDisk;
    readonly top: string;
    readonly dice: Dice;
    readonly ledger: Ledger;
  }) {
    this.name = options.name;
    this.disk = options.disk;
    this.top = options.top;
    this.dice = options.dice;
    this.ledger = options.ledger;
  }

  /** Everything is put right that keeps a workspace from being synced. */
  tidy(): void {
    for (const { fd } of this.open.splice(0)) this.disk.close(fd);
    const open = (node: Inode): void => void (node.mode = node.kind === "folder" ? 0o755 : 0o644);
    for (const { node } of this.closed.splice(0)) open(node);
    for (const { path, node } of this.standing()) {
      // What took over the mode of a file that it replaced (S64); an empty file may hold a place for us.
      if (node.mode === 0 && (node.kind === "folder" || node.size > 0)) open(node);
      const isOdd =
        textOf(Buffer.from(path, "utf8").toString("latin1")) === undefined ||
        path.includes("\ufffd");
      if (node.kind === "symlink" || node.kind === "fifo" || isOdd) this.disk.unlink(this.at(path));
    }
  }

  /** What is in the workspace, those above first; ours left out. */
  standing(below = this.#folder("")): Standing[] {
    if (below === undefined) return [];
    const found: Standing[] = [];
    const visit = (folder: Inode, prefix: string): void => {
      for (const { name, node } of folder.entries.values()) {
        if (prefix === "" && name === ".snap") continue;
        const path = prefix + shown(name);
        found.push({ path, node });
        if (node.kind === "folder") visit(node, `${path}/`);
      }
    };
    visit(below, "");
    return found;
  }

  /** Everything that a sync which has nothing to do may not touch: names, inodes, times. */
  picture(): string {
    return this.standing()
      .map(({ path, node }) => `${path} ${node.ino} ${node.mtimeNs} ${node.ctimeNs}`)
      .join("\n");
  }

  /** A path of the workspace, absolute. */
  at(path: string): string {
    return path === "" ? this.top : `${this.top}/${path}`;
  }

  #folder(path: string): Inode | undefined {
    return this.disk.find(this.at(path), "look").node;
  }

  /** A place for a name, in a folder that is there. */
  place(names: readonly string[]): string {
    if (this.aim !== undefined) return this.aim;
    const folders = this.standing().filter(
      ({ path, node }) => node.kind === "folder" && path.split("/").length < 3,
    );
    const folder =
      this.dice.chance(0.4) || folders.length === 0 ? "" : `${this.dice.pick(folders).path}/`;
    return folder + this.dice.pick(names);
  }

  /** Something that stands there, of one kind or any. */
  any(kind?: Inode["kind"]): Standing | undefined {
    const fit = this.standing().filter(
      ({ path, node }) => !untouched.includes(path) && (kind === undefined || node.kind === kind),
    );
    const aimed = fit.find(({ path }) => path === this.aim);
    return aimed ?? (fit.length === 0 ? undefined : this.dice.pick(fit));
  }

  /** New content. */
  token(): Uint8Array {
    return this.ledger.token(8 + this.dice.below(12));
  }

  /** Write a file as a program does, and tell the ledger. @throws {DiskFailure} */
  write(path: string, bytes: Uint8Array, flags: number): void {
    const before = this.disk.lstat(this.at(path));
    if (before !== undefined && !before.isFile()) throw new DiskFailure("EISDIR", "open");
    const old = this.bytesAt(path);
    const fd = this.disk.open(this.at(path), flags, 0o644);
    this.disk.writeNow(fd, bytes);
    this.disk.close(fd);
    this.ledger.wrote(`${this.name} ${path}`, bytes, old);
  }

  /** How the program knows what stands at a place; "" where it does not. */
  fileIdAt(path: string): string {
    const stats = this.disk.lstat(this.at(path));
    return stats === undefined
      ? ""
      : localStat({ name: path, stats, linkTarget: undefined }).fileId;
  }

  /** Content of the file at a place. */
  bytesAt(path: string): Uint8Array | undefined {
    const { node } = this.disk.find(this.at(path), "look");
    return node?.kind === "file" ? node.bytes : undefined;
  }
}
