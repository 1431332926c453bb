import type { RelPath } from "../../src/core/path/rel-path.ts";
import { comparePaths } from "../../src/core/path/rel-path.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { CaptureFacts, LeftAside } from "../../src/core/snapshot/root.ts";
import { contentHashOf, hashedContentOf } from "../../src/core/tree/content-hash.ts";
import type { LocalStat } from "../../src/core/tree/local-stat.ts";
import type { CaptureSource, LocalFile } from "../../src/ports.ts";
import { SnapError } from "../../src/std/error.ts";

/** One file of a memory source. */
export type MemoryFile = {
  content: Uint8Array;
  modifiedNs: string;
  mode: string;
  owner?: string;
  /** Reads during which it changes: that many openings end unstable. */
  unstableReads: number;
  /** What opening it throws. */
  trouble: SnapError | undefined;
};

export const memoryFacts: CaptureFacts = {
  workspace: { id: "w1", path: "/home/user/w", device: "box", host: "box" },
  side: "local",
  rules: "r1",
  sync: "clean",
};

/** A capture source in memory: a tree of files, folders and links that tests change between captures. */
export class MemorySource implements CaptureSource {
  captureFacts: CaptureFacts;
  readonly files: Map<string, MemoryFile> = new Map();
  readonly others: Map<string, SnapshotEntry> = new Map();
  /** Paths in the order they were opened. */
  readonly opened: string[] = [];
  /** Whether content hashes are given as trusted (N35). */
  isTrusted = false;
  /** Whether files come as thin entries of the remote side (N40). */
  isThin = false;
  left: LeftAside[] = [];
  /** Called before a file is opened. */
  onOpen: ((path: string) => void | Promise<void>) | undefined;
  #time = 1_700_000_000_000_000_000n;

  constructor(facts: CaptureFacts = memoryFacts) {
    this.captureFacts = facts;
  }

  /** Write a file, with the folders above it. */
  write(path: string, content: string | Uint8Array, facts: Partial<MemoryFile> = {}): this {
    this.#foldersAbove(path);
    this.#time += 1_000_000_001n;
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const plain = { mode: "644", unstableReads: 0, trouble: undefined };
    this.files.set(path, { content: bytes, modifiedNs: `${this.#time}`, ...plain, ...facts });
    return this;
  }

  folder(path: string, facts: Partial<SnapshotEntry> = {}): this {
    this.#foldersAbove(path);
    const plain: SnapshotEntry = { path, type: "folder", mode: "755", modifiedNs: "5", flags: [] };
    this.others.set(path, { ...plain, ...facts });
    return this;
  }

  link(path: string, linkTarget: string): this {
    this.#foldersAbove(path);
    this.others.set(path, { path, type: "symlink", linkTarget, flags: [] });
    return this;
  }

  /** Any entry, as a source gone wrong would give it. */
  entry(entry: SnapshotEntry): this {
    this.others.set(entry.path, entry);
    return this;
  }

  remove(path: string): this {
    this.files.delete(path);
    this.others.delete(path);
    return this;
  }

  facts(): Promise<CaptureFacts> {
    return Promise.resolve(this.captureFacts);
  }

  async *entries(onLeft: (left: LeftAside) => void): AsyncGenerator<readonly SnapshotEntry[]> {
    for (const left of this.left) onLeft(left);
    const paths = [...this.files.keys(), ...this.others.keys()].toSorted(comparePaths);
    for (const path of paths) {
      const file = this.files.get(path);
      const other = this.others.get(path);
      if (file !== undefined) yield [this.#fileEntry(path, file)];
      else if (other !== undefined) yield [other];
    }
  }

  async open(path: RelPath): Promise<LocalFile> {
    this.opened.push(path);
    await this.onOpen?.(path);
    const file = this.files.get(path);
    if (file === undefined) throw new SnapError("not-found", `No file "${path}"`);
    if (file.trouble !== undefined) throw file.trouble;
    return openFile(path, file);
  }

  #fileEntry(path: string, file: MemoryFile): SnapshotEntry {
    const hash = contentHashOf(file.content);
    const shared = { path, type: "file", size: file.content.length } as const;
    if (this.isThin) {
      const remote = { id: `id:${path}`, rev: hash.slice(0, 12), modified: 1_700_000_000_000 };
      return { ...shared, hash, remote, flags: ["thin"] };
    }
    const trusted = this.isTrusted ? { hash } : {};
    const owned = file.owner === undefined ? {} : { owner: file.owner };
    const { modifiedNs, mode } = file;
    return { ...shared, modifiedNs, mode, ...owned, ...trusted, flags: [] };
  }

  #foldersAbove(path: string): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (parent !== "" && !this.others.has(parent)) this.folder(parent);
  }
}

function openFile(path: string, file: MemoryFile): LocalFile {
  const isStable = file.unstableReads <= 0;
  file.unstableReads -= 1;
  const { content } = file;
  return {
    stat: statOf(path, file),
    read: (offset, lengthMax) => Promise.resolve(content.subarray(offset, offset + lengthMax)),
    hashOf: ({ from, to }) => Promise.resolve(hashedContentOf(content.subarray(from, to))),
    unchanged: () => Promise.resolve(isStable),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function statOf(path: string, file: MemoryFile): LocalStat {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    kind: "file",
    size: file.content.length,
    fileId: path,
    stamp: file.modifiedNs,
    mode: Number.parseInt(file.mode, 8),
    modifiedNs: file.modifiedNs,
    newestNs: file.modifiedNs,
  };
}
