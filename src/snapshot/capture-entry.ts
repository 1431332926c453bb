import { isSameTime } from "../core/snapshot/entry.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import type { Pair } from "../core/snapshot/manifest.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { LocalFile } from "../ports.ts";
import { SnapError, isSnapError, throwIfAborted } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { hashBlock } from "./block-hash.ts";
import type { Gate } from "./in-order.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { KnownContents } from "./parent.ts";
import { readStable } from "./stable-read.ts";
import type { ReadFile } from "./stable-read.ts";

/** What the capture of entries works with. */
export type EntryCaptureParts = {
  readonly open: (path: ReturnType<typeof parseRelPath>) => Promise<LocalFile>;
  readonly data: PackWriter;
  readonly known: KnownContents;
  /** Lets four files be read at once (N36). */
  readonly gate: Gate;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Told of every block that was read. */
  readonly onBlock: (path: string, bytes: number) => Promise<void>;
};

/** What became of one entry of the source. */
export type CapturedEntry = { readonly entry: SnapshotEntry; readonly left?: LeftAside };

/**
 * Makes entries of a manifest of what the source says: known content is taken over by its block list and nothing is
 * opened (N35), everything else is read, and its new blocks go into packs.
 */
export class EntryCapture {
  readonly #parts: EntryCaptureParts;
  /** A failure of the store itself, which ends the capture; one of the source concerns one file. */
  #storeFailure: unknown;

  constructor(parts: EntryCaptureParts) {
    this.#parts = parts;
  }

  /** `before` is the entry of the parent at the same path. Safe to call for many entries at once. */
  async capture(source: SnapshotEntry, before: Pair["right"]): Promise<CapturedEntry> {
    throwIfAborted(this.#parts.signal);
    const { blocks: given, ...entry } = source;
    if (entry.type !== "file" || entry.flags.includes("unreadable")) return { entry };
    const blocks =
      this.#ifStored(given) ??
      this.#blocksOfParent(entry, before) ??
      (await this.#blocksOfThin(entry));
    if (blocks !== undefined)
      return { entry: { ...entry, blocks, flags: without(entry.flags, "thin") } };
    if (entry.flags.includes("thin")) return { entry };
    return await this.#parts.gate.run(() => this.#read(entry));
  }

  /** N35: the index trusts the hash, and the parent derived the same one from its blocks. */
  #blocksOfParent(entry: SnapshotEntry, before: Pair["right"]): readonly BlockHash[] | undefined {
    const isSame =
      entry.hash !== undefined && before?.type === "file" && before.hash === entry.hash;
    return isSame ? this.#ifStored(before.blocks) : undefined;
  }

  /** N40: content of another file, or of an earlier snapshot. */
  async #blocksOfThin(entry: SnapshotEntry): Promise<readonly BlockHash[] | undefined> {
    if (!entry.flags.includes("thin") || entry.hash === undefined) return undefined;
    return this.#ifStored(await this.#parts.known.blocksOf(entry.hash));
  }

  /** A list of the past is worth nothing when one of its blocks is gone: reading again heals that (N27). */
  #ifStored(blocks: readonly BlockHash[] | undefined): readonly BlockHash[] | undefined {
    return blocks?.every((block) => this.#parts.data.has(block)) ? blocks : undefined;
  }

  async #read(entry: SnapshotEntry): Promise<CapturedEntry> {
    const { open, clock, signal } = this.#parts;
    try {
      const read = await readStable({
        open: () => open(parseRelPath(entry.path)),
        keep: (block) => this.#keep(entry.path, block),
        clock,
        signal,
      });
      return capturedFile(entry, read);
    } catch (error) {
      if (error === this.#storeFailure || !isTroubleOfFile(error)) throw error;
      return unreadableFile(entry, error);
    }
  }

  async #keep(path: string, block: Uint8Array): Promise<BlockHash> {
    try {
      const { data, onBlock } = this.#parts;
      const hash = await hashBlock(block);
      await data.add(hash, block);
      if (data.isFull) await data.flush();
      await onBlock(path, block.length);
      return hash;
    } catch (error) {
      this.#storeFailure = error;
      throw error;
    }
  }
}

/**
 * The entry with the time of an earlier one of its kind, where the two times are equal but for what cannot be set: so a
 * file that was just restored is unchanged (T11, N39).
 */
export function withTimeOf(entry: SnapshotEntry, before: Pair["right"]): SnapshotEntry {
  if (before?.type !== entry.type || before.modifiedNs === undefined) return entry;
  if (entry.modifiedNs === undefined || !isSameTime(entry.modifiedNs, before.modifiedNs))
    return entry;
  return { ...entry, modifiedNs: before.modifiedNs };
}

/** N37: whatever the source says of one file, unless the whole source is gone. */
function isTroubleOfFile(error: unknown): error is SnapError {
  return isSnapError(error) && !["interrupted", "workspace-missing"].includes(error.code);
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
