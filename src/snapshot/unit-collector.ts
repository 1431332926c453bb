import type { RelPath } from "../core/path/rel-path.ts";
import {
  keyOf,
  type UnitFileEntry,
  type UnitFileWriter,
  type UnitPlainEntry,
  type UnitSink,
} from "../core/repo/unit.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { unitReasonsMax } from "../core/snapshot/unit.ts";
import { blockBytes, type BlockHash } from "../core/tree/content-hash.ts";
import type { MakeSpool } from "../std/line-sorter.ts";
import { turn } from "../std/turn.ts";
import { hashBlock } from "./block-hash.ts";
import type { ReadBlock } from "./stable-read.ts";
import { unitEntries, type UnitEntriesParts } from "./unit-entries.ts";
import { UnitLog, type UnitPart } from "./unit-log.ts";

/** Entries that are judged between two turns of everything else. */
const entriesInARow = 256;

/** Keeps a block of a file of a unit. */
export type KeepBlock = (block: ReadBlock, file: UnitFileEntry) => Promise<void>;

/** What is kept of a file. */
type KeptFile = { readonly size: number; readonly blocks: readonly BlockHash[] };

/** The entries of a unit, which may be gone through again until they are let go. */
export interface CollectedUnit extends Disposable {
  /** In path order, each below a folder of its unit. */
  entries(): Iterable<SnapshotEntry>;
  readonly count: number;
  /** What of it could not become an entry; some of that. */
  readonly troubles: readonly string[];
}

/** How a unit is collected. */
export type UnitCollectorOptions = {
  readonly keepsOwners: boolean;
  readonly makeSpool: MakeSpool;
};

/**
 * Takes a repository as it comes (N44): contents go into packs at once, entries wait on the disk for the end, since only then it is
 * known which of them count, and in which order they stand.
 */
export class UnitCollector implements UnitSink, Disposable {
  readonly #keep: KeepBlock;
  readonly #keepsOwners: boolean;
  readonly #log: UnitLog;
  /** Files that are being taken. */
  readonly #open = new Map<string, BlockCutter>();

  /** @param keep may fail, which ends the capture */
  constructor(keep: KeepBlock, { keepsOwners, makeSpool }: UnitCollectorOptions) {
    this.#keep = keep;
    this.#keepsOwners = keepsOwners;
    this.#log = new UnitLog(makeSpool);
  }

  file(entry: UnitFileEntry): Promise<UnitFileWriter> {
    const cutter = new BlockCutter(entry, this.#keep);
    const key = keyOf(entry.path);
    this.#open.set(key, cutter);
    return Promise.resolve({
      write: (piece) => cutter.write(piece),
      done: async () => {
        await cutter.end();
        this.#open.delete(key);
        this.#log.add(key, { type: "file", ...this.#keptOf(entry), ...cutter.kept });
      },
      drop: () => {
        // What was replaced counts for nothing any more.
        this.#open.delete(key);
        return Promise.resolve(this.#log.remove(key));
      },
    });
  }

  plain(entry: UnitPlainEntry): Promise<void> {
    const target = entry.kind === "symlink" ? { target: Buffer.from(entry.target) } : {};
    const part = { type: entry.kind, ...this.#keptOf(entry), ...target };
    return Promise.resolve(this.#log.add(keyOf(entry.path), part));
  }

  remove(path: Buffer): Promise<void> {
    return Promise.resolve(this.#log.remove(keyOf(path)));
  }

  /** The files kept so far, for a checkpoint (N32): those that are being taken up to the last whole block. */
  async stored(unit: RelPath): Promise<CollectedUnit> {
    const open = this.#open.entries().map(([key, { kept }]) => filePart(key, kept));
    return await this.#collected(unit, open, isFile);
  }

  /** All entries. */
  async finish(unit: RelPath): Promise<CollectedUnit> {
    return await this.#collected(unit, [], () => true);
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }

  async #collected(
    unit: RelPath,
    more: Iterable<readonly [string, UnitPart]>,
    isKept: (entry: SnapshotEntry) => boolean,
  ): Promise<CollectedUnit> {
    const sorted = await this.#log.sorted(more);
    const parts = { unit, sorted, names: this.#log.names };
    return {
      ...(await judge(parts, isKept)),
      entries: () => soundEntries(parts, isKept),
      [Symbol.dispose]: () => sorted[Symbol.dispose](),
    };
  }

  #keptOf({
    mode,
    mtimeNs,
    owner,
  }: UnitFileEntry | UnitPlainEntry): Pick<UnitPart, "mode" | "modifiedNs" | "owner"> {
    const owned = this.#keepsOwners && owner !== undefined ? { owner } : {};
    return { mode: mode.toString(8), modifiedNs: String(mtimeNs), ...owned };
  }
}

async function judge(
  parts: UnitEntriesParts,
  isKept: (entry: SnapshotEntry) => boolean,
): Promise<Pick<CollectedUnit, "count" | "troubles">> {
  const troubles: string[] = [];
  let [count, judged] = [0, 0];
  for (const one of unitEntries(parts)) {
    judged += 1;
    if (judged % entriesInARow === 0) await turn();
    if ("entry" in one) count += isKept(one.entry) ? 1 : 0;
    else if (troubles.length < unitReasonsMax) troubles.push(one.trouble);
  }
  return { count, troubles };
}

function* soundEntries(
  parts: UnitEntriesParts,
  isKept: (entry: SnapshotEntry) => boolean,
): Generator<SnapshotEntry> {
  for (const one of unitEntries(parts)) {
    if ("entry" in one && isKept(one.entry)) yield one.entry;
  }
}

function isFile({ type }: SnapshotEntry): boolean {
  return type === "file";
}

function filePart(key: string, kept: KeptFile): readonly [string, UnitPart] {
  return [key, { type: "file", ...kept }];
}

/** Cuts what is written into blocks (N20). */
class BlockCutter {
  readonly #file: UnitFileEntry;
  readonly #keep: KeepBlock;
  readonly #room: Buffer;
  readonly #blocks: BlockHash[] = [];
  #filled = 0;
  #size = 0;

  /** @param file whose size says how much room is made; one that is shorter than a block must not turn out longer */
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
