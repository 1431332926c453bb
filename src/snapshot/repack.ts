import type { BlockSet } from "../core/snapshot/block-set.ts";
import { BlockIndex } from "../core/snapshot/block-index.ts";
import { damagedError } from "../core/snapshot/checked-json.ts";
import type { PackEntry, PackFrame, PackIndex } from "../core/snapshot/pack-index.ts";
import { assert } from "../std/assert.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { SnapError } from "../std/error.ts";
import { hashBlock } from "./block-hash.ts";
import { decodeFrame, tarEntries } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import type { PackCatalogue } from "./pack-catalogue.ts";
import { PackWriter } from "./pack-writer.ts";
import type { StoreFiles } from "./store-files.ts";

/** N56: a frame of which this share is needed goes over as it is. */
const verbatimShareMin = 0.7;

/** Packs of one kind to be rewritten, and what is needed of them. */
export type RepackJob = {
  readonly files: StoreFiles;
  readonly kind: PackKind;
  readonly catalogue: PackCatalogue;
  readonly live: BlockSet;
  /** Called at every step. */
  readonly onStep: (pack: string, bytes: number) => Promise<void>;
  /** Old packs of which all that is needed is in new packs, in place and durable. */
  readonly onDone: (packs: readonly string[]) => Promise<void>;
  readonly signal: AbortSignal | undefined;
};

/** How a rewriting ended. */
export type RepackResult = {
  /** Bytes of the new packs and their sidecars. */
  readonly bytes: number;
  /** The new packs; one of them may have the name of an old one. */
  readonly written: readonly string[];
  /** Packs that turned out to be damaged: nothing of them was changed. */
  readonly damaged: readonly string[];
};

/**
 * Put what is needed of some packs into new ones. Every block that goes over is decoded and hashed: damage must never get a
 * sound name. A pack in which damage is found stays where it is, and is not trusted any more.
 */
export async function repack(job: RepackJob, names: readonly string[]): Promise<RepackResult> {
  const fresh = new BlockIndex();
  const writer = new PackWriter({ files: job.files, kind: job.kind, index: fresh });
  const packs = new Map(
    job.catalogue.index.packs().map(([name, index], number) => [name, { name, index, number }]),
  );
  const damaged: string[] = [];
  let finished: OldPack[] = [];
  const settle = async (): Promise<void> => {
    await writer.flush();
    for (const pack of finished) requireAll(job, pack, fresh);
    // A pack may come out as it was, under its own name.
    const replaced = finished.map(({ name }) => name).filter((name) => !fresh.hasPack(name));
    finished = [];
    await job.onDone(replaced);
  };
  try {
    for (const name of names) {
      const pack = packs.get(name);
      if (pack === undefined) continue;
      if (await copyPack({ ...job, writer }, pack)) finished.push(pack);
      else damaged.push(name);
      if (writer.isFull) await settle();
    }
    await settle();
    const written = fresh.packs().map(([name]) => name);
    return { bytes: writer.storedBytes, written, damaged };
  } finally {
    await writer.discard();
  }
}

type CopyJob = RepackJob & { readonly writer: PackWriter };

type OldPack = { readonly name: string; readonly number: number; readonly index: PackIndex };

/** The last look before an old pack goes. */
function requireAll({ live }: RepackJob, { number, index }: OldPack, fresh: BlockIndex): void {
  for (let position = 0; position < index.entryCount; position += 1) {
    if (!live.hasAt(number, position)) continue;
    assert(fresh.has(index.entry(position).hash), "what is needed of a pack is in a new one");
  }
}

/** A block of a frame; `isLive`: somebody needs this very copy. */
type OldEntry = PackEntry & { readonly isLive: boolean };

/** Whether the pack was sound as far as it is needed. */
async function copyPack(job: CopyJob, pack: OldPack): Promise<boolean> {
  try {
    for (const [number, entries] of framesToCopy(job, pack)) {
      throwIfAborted(job.signal);
      const frame = pack.index.frame(number);
      await copyFrame(job, { pack: pack.name, frame, entries });
      await job.onStep(pack.name, frame.length);
    }
    return true;
  } catch (error) {
    if (!isSnapError(error, "damaged", "not-found")) throw error;
    job.catalogue.noteDamaged(pack.name, 2);
    return false;
  }
}

/** The frames in which something is needed, in their order. */
function framesToCopy(
  { live }: CopyJob,
  { number, index }: OldPack,
): readonly (readonly [number, readonly OldEntry[]])[] {
  const entries = Array.from({ length: index.entryCount }, (_, position) => ({
    ...index.entry(position),
    isLive: live.hasAt(number, position),
  }));
  return [...Map.groupBy(entries, ({ frame }) => frame)]
    .filter(([, inFrame]) => inFrame.some(({ isLive }) => isLive))
    .toSorted(([a], [b]) => a - b);
}

type OldFrame = {
  readonly pack: string;
  readonly frame: PackFrame;
  readonly entries: readonly OldEntry[];
};

/** @throws {SnapError} `damaged` where a block that is needed is not sound */
async function copyFrame({ files, writer }: CopyJob, old: OldFrame): Promise<void> {
  const { pack, frame, entries } = old;
  const bytes = await files.range(pack, frame);
  const raw = await decodeFrame(bytes, frame.rawLength);
  if (
    isWorthWhole(old) &&
    isPlainRun(raw, entries) &&
    !entries.some(({ hash }) => writer.has(hash))
  ) {
    const areSound = await Promise.all(entries.map((entry) => isSound(raw, entry)));
    if (areSound.every(Boolean)) {
      await writer.copy(bytes, { rawLength: frame.rawLength, entries });
      return;
    }
  }
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (!entry.isLive) continue;
    if (!(await isSound(raw, entry))) throw damagedIn(pack, entry);
    await writer.add(entry.hash, contentIn(raw, entry));
  }
}

function isWorthWhole({ entries }: OldFrame): boolean {
  const all = entries.reduce((sum, { length }) => sum + length, 0);
  const live = entries.reduce((sum, { length, isLive }) => sum + (isLive ? length : 0), 0);
  return live >= all * verbatimShareMin;
}

/** Whether a frame holds these entries and nothing else: the end of an archive in the middle would hide what follows. */
function isPlainRun(raw: Buffer, entries: readonly OldEntry[]): boolean {
  const found = [...tarEntries(raw)];
  const end = found.reduce((at, { offset, length }) => Math.max(at, offset + padded(length)), 0);
  return end === raw.length && found.length === entries.length;
}

function padded(length: number): number {
  return Math.ceil(length / 512) * 512;
}

async function isSound(raw: Buffer, entry: PackEntry): Promise<boolean> {
  return (await hashBlock(contentIn(raw, entry))) === entry.hash;
}

function contentIn(raw: Buffer, { offset, length }: PackEntry): Uint8Array {
  return raw.subarray(offset, offset + length);
}

function damagedIn(pack: string, { hash }: PackEntry): SnapError {
  return damagedError(`Block ${hash} in pack "${pack}" is damaged`);
}
