import { rawPathOf } from "../core/snapshot/disk-path.ts";
import { isSameTime } from "../core/snapshot/entry.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import type { Pair } from "../core/snapshot/manifest.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import { blockHashOf, contentHashOfBlocks } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { WholeFile } from "../core/tree/local-stat.ts";
import type { CaptureSource } from "../ports.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { AheadReader, isTroubleOfFile } from "./ahead-reader.ts";
import type { AheadFile, Others, Reading } from "./ahead-reader.ts";
import type { SourcePair } from "./capture-batch.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { KnownContents } from "./known-contents.ts";
import { readStable } from "./stable-read.ts";
import type { ReadBlock, ReadFile } from "./stable-read.ts";

/** What the capture of entries works with. */
export type EntryCaptureParts = {
  readonly source: Pick<CaptureSource, "open" | "readEach" | "noteContent">;
  readonly data: PackWriter;
  readonly known: KnownContents;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Told of every block that was read. */
  readonly onBlock: (path: string, bytes: number) => Promise<void> | undefined;
};

/** What became of one entry of the source. */
export type CapturedEntry = { readonly entry: SnapshotEntry; readonly left?: LeftAside };

/** Takes what became of an entry; the promise is there where that takes time. */
export type KeepCaptured = (captured: CapturedEntry, pair: SourcePair) => Promise<void> | undefined;

/** At once, or when it is stored. */
type Captured = CapturedEntry | Promise<CapturedEntry>;

/** What is known of the entries of a batch at its turn. */
type Found = Pick<BegunBatch, "taken"> & {
  readonly whole: ReadonlyMap<string, WholeFile>;
  readonly others: Others;
};

/** Entries whose files are being read ahead of their turn. */
export type BegunBatch = {
  readonly pairs: readonly SourcePair[];
  /** Those that need no reading. */
  readonly taken: ReadonlyMap<SnapshotEntry, CapturedEntry>;
  readonly unread: readonly SnapshotEntry[];
  readonly reading: Reading;
};

/**
 * Makes entries of a manifest of what the source says: known content is taken over by its block list and nothing is
 * opened (N35), everything else is read, and its new blocks go into packs, in path order whatever was read first: so equal
 * input gives equal packs.
 */
export class EntryCapture {
  readonly #parts: EntryCaptureParts;
  readonly #reader: AheadReader;
  /** A failure of the store itself, which ends the capture; one of the source concerns one file. */
  #storeFailure: unknown;

  constructor(parts: EntryCaptureParts) {
    this.#parts = parts;
    this.#reader = new AheadReader(parts);
  }

  /** Begin to read the small files among some entries; nothing is stored before their turn. */
  async begin(pairs: readonly SourcePair[]): Promise<BegunBatch> {
    const taken = await this.takeOver(pairs);
    const unread = pairs.map(({ left }) => left).filter((entry) => !taken.has(entry));
    return { pairs, taken, unread, reading: this.#reader.begin(unread) };
  }

  /**
   * It is the turn of a batch: what becomes of each of its entries is handed over, in their order. Where there is nothing to wait for
   * nothing waits: a thousand small files are worth more than the promises they would cost.
   */
  async finish({ pairs, taken, unread, reading }: BegunBatch, keep: KeepCaptured): Promise<void> {
    let others: Others | undefined;
    try {
      throwIfAborted(this.#parts.signal);
      const whole = await reading.whole;
      others = this.#reader.readOthers(unread.filter(({ path }) => !whole.has(path)));
      for (const pair of pairs) {
        throwIfAborted(this.#parts.signal);
        const captured = this.#capture(pair.left, { whole, taken, others });
        const kept = keep(captured instanceof Promise ? await captured : captured, pair);
        if (kept !== undefined) await kept;
      }
    } finally {
      await reading.end();
      await others?.end();
    }
  }

  /** What becomes of the entries that need no reading. */
  async takeOver(pairs: readonly SourcePair[]): Promise<ReadonlyMap<SnapshotEntry, CapturedEntry>> {
    throwIfAborted(this.#parts.signal);
    const taken = new Map<SnapshotEntry, CapturedEntry>();
    for (const { left, right, also } of pairs) {
      const entry = this.#withoutReading(left, [right, also]) ?? (await this.#thinEntry(left));
      if (entry !== undefined) taken.set(left, { entry });
    }
    return taken;
  }

  #withoutReading(
    source: SnapshotEntry,
    before: readonly (SnapshotEntry | undefined)[],
  ): SnapshotEntry | undefined {
    if (source.type !== "file" || source.flags.includes("unreadable")) return withoutBlocks(source);
    const given = this.#ifStored(source.blocks);
    if (given !== undefined) {
      return { ...source, blocks: given, flags: without(source.flags, "thin") };
    }
    if (source.hash === undefined) return undefined;
    // N35: the hash is trusted; that of an earlier entry was derived from its blocks.
    const same = before.find((entry) => isSameContent(entry, source));
    const blocks = this.#ifStored(same?.blocks);
    if (blocks === undefined) return undefined;
    return { ...source, blocks, flags: without(source.flags, "thin") };
  }

  /** N40: content of another file, or of an earlier snapshot. */
  async #thinEntry(source: SnapshotEntry): Promise<SnapshotEntry | undefined> {
    const { hash, size, flags } = source;
    if (!flags.includes("thin")) return undefined;
    const isTold = hash !== undefined && size !== undefined;
    const known = isTold ? await this.#parts.known.blocksOf(hash, size) : undefined;
    const blocks = this.#ifStored(known);
    if (blocks === undefined) return withoutBlocks(source);
    return { ...source, blocks, flags: without(flags, "thin") };
  }

  /** A list of the past is worth nothing when one of its blocks is gone: reading again heals that (N27). */
  #ifStored(blocks: readonly BlockHash[] | undefined): readonly BlockHash[] | undefined {
    return blocks?.every((block) => this.#parts.data.has(block)) ? blocks : undefined;
  }

  /** At once where nothing is to be waited for. */
  #capture(entry: SnapshotEntry, { whole, taken, others }: Found): Captured {
    const small = whole.get(entry.path);
    if (small !== undefined) return this.#storeWhole(entry, small);
    return taken.get(entry) ?? others.of(entry).then((ahead) => this.#storeFile(entry, ahead));
  }

  #storeWhole(source: SnapshotEntry, file: WholeFile): Captured {
    const { stat, bytes, startedAt } = file;
    const hash = bytes.length === 0 ? undefined : (file.hash ?? blockHashOf(bytes));
    const stored = hash === undefined ? undefined : this.#store(source.path, { hash, bytes });
    const blocks = hash === undefined ? [] : [hash];
    const read = { stat, size: bytes.length, blocks, isStable: true, startedAt };
    if (stored === undefined) return this.#captured(source, read);
    return stored.then(() => this.#captured(source, read));
  }

  async #storeFile(
    entry: SnapshotEntry,
    ahead: AheadFile | SnapError | undefined,
  ): Promise<CapturedEntry> {
    if (ahead instanceof SnapError) return unreadableFile(entry, ahead);
    if (ahead === undefined) return await this.#storeLong(entry);
    for (const block of ahead.blocks) await this.#store(entry.path, block);
    return this.#captured(entry, ahead.read);
  }

  /** A file of several blocks is stored while it is read. */
  async #storeLong(entry: SnapshotEntry): Promise<CapturedEntry> {
    try {
      const keep = (block: ReadBlock): Promise<void> => this.#storeOfLong(entry.path, block);
      const { source, clock, signal } = this.#parts;
      const open = (): ReturnType<typeof source.open> => source.open(rawPathOf(entry));
      return this.#captured(entry, await readStable({ open, keep, clock, signal }));
    } catch (error) {
      if (error === this.#storeFailure || !isTroubleOfFile(error)) throw error;
      return unreadableFile(entry, error);
    }
  }

  async #storeOfLong(path: string, block: ReadBlock): Promise<void> {
    try {
      await this.#store(path, block);
    } catch (error) {
      this.#storeFailure = error;
      throw error;
    }
  }

  #store(path: string, { hash, bytes }: ReadBlock): Promise<void> | undefined {
    const { data, onBlock } = this.#parts;
    const added = data.add(hash, bytes);
    if (added === undefined && !data.isFull) return onBlock(path, bytes.length);
    return this.#storeSlowly(added, () => onBlock(path, bytes.length));
  }

  async #storeSlowly(
    added: Promise<void> | undefined,
    told: () => Promise<void> | undefined,
  ): Promise<void> {
    await added;
    const { data } = this.#parts;
    if (data.isFull) await data.rotate();
    await told();
  }

  #captured(source: SnapshotEntry, read: ReadFile): CapturedEntry {
    const { blocks, isStable, stat, startedAt } = read;
    if (isStable) {
      this.#parts.source.noteContent?.({
        path: parseRelPath(source.path),
        stat,
        startedAt,
        hash: contentHashOfBlocks(blocks),
      });
    }
    return capturedFile(source, read);
  }
}

function isSameContent(entry: SnapshotEntry | undefined, { hash, size }: SnapshotEntry): boolean {
  return entry?.blocks !== undefined && entry.hash === hash && entry.size === size;
}

function withoutBlocks({ blocks: _blocks, ...entry }: SnapshotEntry): SnapshotEntry {
  return entry;
}

/**
 * The entry with the time of an earlier one of its kind, where the two times are equal but for what cannot be set: so a
 * file that was just restored is unchanged (T11, N39).
 */
export function withTimeOf(entry: SnapshotEntry, before: Pair["right"]): SnapshotEntry {
  if (before?.type !== entry.type || before.modifiedNs === undefined) return entry;
  if (isSameInUnit(entry, before)) return { ...entry, modifiedNs: before.modifiedNs };
  if (entry.modifiedNs === undefined || !isSameTime(entry.modifiedNs, before.modifiedNs))
    return entry;
  return { ...entry, modifiedNs: before.modifiedNs };
}

/** In a unit a time that alone is another tells nothing (N39): looking at a repository changes times of its folders and index. */
function isSameInUnit(entry: SnapshotEntry, before: SnapshotEntry): boolean {
  return entry.unit !== undefined && entry.unit === before.unit && entry.hash === before.hash;
}

function unreadableFile(source: SnapshotEntry, error: SnapError): CapturedEntry {
  const { hash: _hash, remote: _remote, ...entry } = source;
  return {
    entry: { ...entry, flags: [...entry.flags, "unreadable"] },
    left: { path: entry.path, reason: `${error.code}: ${error.message}` },
  };
}

function capturedFile(source: SnapshotEntry, read: ReadFile): CapturedEntry {
  const { hash: _hash, remote, ...entry } = source;
  const { size, blocks, stat } = read;
  const captured = {
    ...entry,
    size,
    blocks,
    modifiedNs: stat.modifiedNs,
    mode: modeOf(entry, stat.mode),
  };
  if (!read.isStable) {
    return {
      entry: { ...captured, flags: [...entry.flags, "changing"] },
      left: { path: entry.path, reason: "It changed while it was read and may be torn" },
    };
  }
  // What was said of the cloud was said of the file as the source saw it.
  const isAsSeen = source.size === size && source.modifiedNs === stat.modifiedNs;
  return { entry: remote !== undefined && isAsSeen ? { ...captured, remote } : captured };
}

/** The digits of the source where they say the same, so that equal modes are equal texts. */
function modeOf(entry: SnapshotEntry, mode: number): string {
  const isSame = entry.mode !== undefined && Number.parseInt(entry.mode, 8) === mode;
  return isSame && entry.mode !== undefined ? entry.mode : mode.toString(8);
}

function without(flags: readonly EntryFlag[], flag: EntryFlag): readonly EntryFlag[] {
  return flags.filter((one) => one !== flag);
}
