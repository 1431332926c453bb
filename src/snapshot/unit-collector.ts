import { comparePaths, topPath, type RelPath } from "../core/path/rel-path.ts";
import {
  keyOf,
  unitIdOf,
  type UnitFileEntry,
  type UnitFileWriter,
  type UnitPlainEntry,
  type UnitSink,
} from "../core/repo/unit.ts";
import { entryTrouble, type SnapshotEntry } from "../core/snapshot/entry.ts";
import { blockBytes, contentHashOfBlocks, type BlockHash } from "../core/tree/content-hash.ts";
import { mapInTurns, sortInTurns } from "../std/in-turns.ts";
import { turn } from "../std/turn.ts";
import { hashBlock } from "./block-hash.ts";
import type { ReadBlock } from "./stable-read.ts";
import { UnitNames } from "./unit-names.ts";

/** Paths that are looked at between two turns of everything else. */
const keysInARow = 4096;

/** Keeps a block of a file of a unit. */
export type KeepBlock = (block: ReadBlock, file: UnitFileEntry) => Promise<void>;

/** Everything of an entry but its names. */
type Part = Pick<SnapshotEntry, "type" | "mode" | "modifiedNs" | "owner"> & {
  readonly size?: number;
  readonly blocks?: readonly BlockHash[];
  readonly target?: Buffer;
};

/** What is kept of a file. */
type KeptFile = { readonly size: number; readonly blocks: readonly BlockHash[] };

/** The entries of a unit, and what of it could not become one. */
export type CollectedUnit = {
  readonly entries: readonly SnapshotEntry[];
  readonly troubles: readonly string[];
};

/**
 * Takes a repository as it comes (N44): contents go into packs at once, entries wait for the end, since only then it is known which
 * of them count, and in which order they stand.
 */
export class UnitCollector implements UnitSink {
  readonly #keep: KeepBlock;
  readonly #keepsOwners: boolean;
  readonly #parts = new Map<string, Part>();
  /** Files that are being taken. */
  readonly #open = new Map<string, BlockCutter>();

  /** @param keep may fail, which ends the capture */
  constructor(keep: KeepBlock, { keepsOwners }: { readonly keepsOwners: boolean }) {
    this.#keep = keep;
    this.#keepsOwners = keepsOwners;
  }

  file(entry: UnitFileEntry): Promise<UnitFileWriter> {
    const cutter = new BlockCutter(entry, this.#keep);
    // What is replaced counts for nothing any more, however this file ends.
    const key = keyOf(entry.path);
    this.#parts.delete(key);
    this.#open.set(key, cutter);
    return Promise.resolve({
      write: (piece) => cutter.write(piece),
      done: async () => {
        await cutter.end();
        this.#open.delete(key);
        this.#parts.set(key, { type: "file", ...this.#keptOf(entry), ...cutter.kept });
      },
      drop: () => Promise.resolve(void this.#open.delete(key)),
    });
  }

  plain(entry: UnitPlainEntry): Promise<void> {
    const target = entry.kind === "symlink" ? { target: Buffer.from(entry.target) } : {};
    this.#parts.set(keyOf(entry.path), { type: entry.kind, ...this.#keptOf(entry), ...target });
    return Promise.resolve();
  }

  remove(path: Buffer): Promise<void> {
    this.#parts.delete(keyOf(path));
    return Promise.resolve();
  }

  /**
   * What is kept so far, as entries in path order that name all of its blocks, for a checkpoint (N32): files that are being taken up to
   * the last whole block.
   */
  async stored(unit: RelPath): Promise<readonly SnapshotEntry[]> {
    const open = this.#open.entries().map(([key, { kept }]) => filePart(key, kept));
    const files = [...this.#parts, ...open];
    const names = new UnitNames(files.map(([key]) => key));
    const entries = await mapInTurns(files, ([key, part]) => entryOf({ unit, key, part }, names));
    const sound = entries.filter(
      (entry) => entry.type === "file" && entryTrouble(entry) === undefined,
    );
    return await sortInTurns(sound, inPathOrder);
  }

  /** The entries in path order, each below a folder of its unit. */
  async finish(unit: RelPath): Promise<CollectedUnit> {
    await this.#addParents();
    const names = new UnitNames(this.#parts.keys());
    const troubles: string[] = [];
    const all = await mapInTurns(this.#parts, ([key, part]) => {
      const entry = entryOf({ unit, key, part }, names);
      const trouble = this.#placeTrouble(key) ?? entryTrouble(entry);
      if (trouble !== undefined) troubles.push(trouble);
      return trouble === undefined ? entry : undefined;
    });
    this.#parts.clear();
    const entries = all.filter((entry) => entry !== undefined);
    return { entries: await sortInTurns(entries, inPathOrder), troubles };
  }

  /** Folders of objects that went while they were captured: what was in them stays. */
  async #addParents(): Promise<void> {
    for (const [at, key] of [...this.#parts.keys()].entries()) {
      if (at % keysInARow === 0) await turn();
      for (let parent = parentOf(key); parent !== undefined; parent = parentOf(parent)) {
        if (this.#parts.has(parent)) break;
        this.#parts.set(parent, { type: "folder", mode: "700" });
      }
    }
  }

  #keptOf({
    mode,
    mtimeNs,
    owner,
  }: UnitFileEntry | UnitPlainEntry): Pick<Part, "mode" | "modifiedNs" | "owner"> {
    const owned = this.#keepsOwners && owner !== undefined ? { owner } : {};
    return { mode: mode.toString(8), modifiedNs: String(mtimeNs), ...owned };
  }

  #placeTrouble(key: string): string | undefined {
    const parent = parentOf(key);
    if (parent === undefined || this.#parts.get(parent)?.type === "folder") return undefined;
    return `"${Buffer.from(key, "latin1").toString("utf8")}" is in no folder`;
  }
}

function inPathOrder(a: SnapshotEntry, b: SnapshotEntry): number {
  return comparePaths(a.path, b.path);
}

function filePart(key: string, kept: KeptFile): readonly [string, Part] {
  return [key, { type: "file", ...kept }];
}

function parentOf(key: string): string | undefined {
  const end = key.lastIndexOf("/");
  return end < 0 ? undefined : key.slice(0, end);
}

type Named = { readonly unit: RelPath; readonly key: string; readonly part: Part };

function entryOf({ unit, key, part }: Named, names: UnitNames): SnapshotEntry {
  const { target, mode, modifiedNs, owner, type, size, blocks } = part;
  const { text, bytes } = names.textOf(key);
  const above = unit === topPath ? "" : `${unit}/`;
  const whole = Buffer.concat([Buffer.from(above), Buffer.from(key, "latin1")]);
  return {
    path: `${above}${text}`,
    ...(bytes === undefined ? {} : { pathBytes: whole.toString("base64") }),
    type,
    ...(size === undefined ? {} : { size }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(mode === undefined || type === "symlink" ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(blocks === undefined ? {} : { blocks, hash: contentHashOfBlocks(blocks) }),
    ...(target === undefined ? {} : linkOf(target, names)),
    unit: unitIdOf(unit),
    flags: [],
  };
}

function linkOf(target: Buffer, names: UnitNames): Pick<SnapshotEntry, "linkTarget" | "linkBytes"> {
  const { text, bytes } = names.textOf(target.toString("latin1"));
  return { linkTarget: text, ...(bytes === undefined ? {} : { linkBytes: bytes }) };
}

/** Cuts what is written into blocks (N20). */
class BlockCutter {
  readonly #file: UnitFileEntry;
  readonly #keep: KeepBlock;
  readonly #room: Buffer;
  readonly #blocks: BlockHash[] = [];
  #filled = 0;
  #size = 0;

  /** @param file whose size is expected; more may come */
  constructor(file: UnitFileEntry, keep: KeepBlock) {
    this.#file = file;
    this.#keep = keep;
    this.#room = Buffer.allocUnsafe(blockBytes < file.size ? blockBytes : Math.max(1, file.size));
  }

  async write(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length;) {
      const count = piece.copy(this.#room, this.#filled, at);
      at += count;
      this.#filled += count;
      if (this.#filled === this.#room.length && this.#filled === blockBytes) await this.#cut();
      else if (count === 0) throw new RangeError("a file is longer than it was said to be");
    }
  }

  async end(): Promise<void> {
    if (this.#filled > 0) await this.#cut();
  }

  get kept(): KeptFile {
    return { size: this.#size, blocks: [...this.#blocks] };
  }

  async #cut(): Promise<void> {
    const bytes = this.#room.subarray(0, this.#filled);
    const hash = await hashBlock(bytes);
    // A pause right after it was kept counts it in already.
    this.#blocks.push(hash);
    this.#size += this.#filled;
    this.#filled = 0;
    await this.#keep({ hash, bytes }, this.#file);
  }
}
