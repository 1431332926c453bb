import type { PackEntry, PackFrame, PackIndex } from "../core/snapshot/pack-index.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { hashBlock } from "./block-hash.ts";
import { decodeFrame } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import { mapInOrder } from "./in-order.ts";
import { packBytesMax } from "./pack-catalogue.ts";
import { packPath } from "./pack-writer.ts";
import type { PackTurn } from "./pack-turn.ts";
import type { Packs } from "./packs.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { getEvenFromTrash } from "./trash.ts";
import type { VerifyFindings } from "./verify-findings.ts";
import type { VerifyScope } from "./verify-scope.ts";

/** Frames of a pack that are decoded ahead of the one that is checked. */
const framesAhead = 4;

/** What levels 1 and 2 look at and where they note what they find. */
export type VerifyPacksJob = {
  readonly files: StoreFiles;
  readonly packs: Packs;
  readonly scope: VerifyScope;
  readonly findings: VerifyFindings;
  readonly options: VerifyOptions;
  /** The order, the end and the record of a verification with a budget. */
  readonly turn?: PackTurn | undefined;
};

type PackToCheck = { readonly kind: PackKind; readonly name: string; readonly index: PackIndex };

/** Something damaged, until it is known which of its pieces no sound pack has. */
type Damage = {
  readonly what: "pack" | "block" | "page";
  readonly name: string;
  readonly reason: string;
  readonly kind: PackKind;
  readonly pieces: readonly string[];
};

/**
 * Levels 1 and 2 in one pass over the packs: each has the hash it is named by; each block decodes and has its own. What a
 * damaged pack holds is looked for in other packs, which are then in scope too.
 */
export async function* verifyPacks(job: VerifyPacksJob): AsyncGenerator<VerifyEvent> {
  const damage: Damage[] = [];
  const seen = new Set<string>();
  for (;;) {
    const fresh = packsInScope(job).filter(({ name }) => !seen.has(name));
    const chosen = job.turn?.inOrder(fresh) ?? fresh;
    if (chosen.length === 0) break;
    for (const { name } of chosen) seen.add(name);
    yield* verifyChosen({ ...job, damage }, chosen);
  }
  for (const { kind, pieces, ...found } of damage) {
    const { index } = job.packs[kind].catalogue;
    job.findings.add(found, { pieces: pieces.filter((piece) => !index.has(piece)) });
  }
}

type PacksJob = VerifyPacksJob & { readonly damage: Damage[] };

async function* verifyChosen(
  job: PacksJob,
  chosen: readonly PackToCheck[],
): AsyncGenerator<VerifyEvent> {
  const bytesTotal = chosen.reduce((sum, { index }) => sum + index.packLength, 0);
  let bytes = 0;
  for (const [done, pack] of chosen.entries()) {
    throwIfAborted(job.options.signal);
    if (job.turn?.isOver === true && done > 0) {
      job.options.onLeft?.({ packs: chosen.length - done, bytes: bytesTotal - bytes });
      return;
    }
    const step = { step: "verify", done, total: chosen.length, bytes, bytesTotal };
    job.options.onProgress?.({ ...step, current: pack.name });
    yield* verifyPack(job, pack);
    const level = job.options.level === 1 ? 1 : 2;
    await job.turn?.take(job.packs[pack.kind].catalogue.checkOf(pack.name, level));
    bytes += pack.index.packLength;
  }
}

function packsInScope({ packs, scope }: VerifyPacksJob): readonly PackToCheck[] {
  const kinds: readonly PackKind[] = ["meta", "data"];
  return kinds.flatMap((kind) =>
    packs[kind].catalogue.index
      .packs()
      .map(([name, index]) => ({ kind, name, index }))
      .filter(({ name }) => scope.hasPack(name)),
  );
}

async function* verifyPack(job: PacksJob, pack: PackToCheck): AsyncGenerator<VerifyEvent> {
  const bytes = await readPack(job, pack);
  if (bytes === undefined) return;
  const { catalogue } = job.packs[pack.kind];
  if (packPath(pack.kind, await hashBlock(bytes)) === pack.name) {
    catalogue.noteSound(pack.name, 1);
    yield { type: "checked", what: "pack", name: pack.name, bytes: bytes.length };
  } else {
    damagedPack(job, pack, "Its SHA-256 is not its name");
  }
  if (job.options.level < 2) return;
  const frames = framesOf(pack);
  const isAsked = (offset: number): boolean =>
    job.turn !== undefined || job.scope.hasFrame(pack.name, offset);
  const asked = frames.filter(([frame]) => isAsked(frame.offset));
  const decoded = mapInOrder(asked, (one) => decodeAhead(bytes, one), framesAhead);
  for await (const { raw, entries } of decoded) {
    throwIfAborted(job.options.signal);
    yield* verifyFrame(job, { pack, raw, entries });
  }
  // Does nothing for a pack in which something was found.
  if (asked.length === frames.length) catalogue.noteSound(pack.name, 2);
}

async function readPack(job: PacksJob, pack: PackToCheck): Promise<Buffer | undefined> {
  try {
    const bytes = await getEvenFromTrash(job.files, pack.name, packBytesMax);
    if (bytes === undefined) damagedPack(job, pack, "It is missing");
    return bytes;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    damagedPack(job, pack, error.message);
    return undefined;
  }
}

/** From here on its blocks are looked for elsewhere. */
function damagedPack(job: PacksJob, pack: PackToCheck, reason: string): void {
  const { kind, name } = pack;
  const { catalogue } = job.packs[kind];
  catalogue.noteDamaged(name, 1);
  const entries = framesOf(pack)
    .filter(([frame]) => job.scope.hasFrame(name, frame.offset))
    .flatMap(([, inFrame]) => inFrame);
  for (const { hash } of entries) lookElsewhere(job, { kind, hash });
  const pieces = entries.map(({ hash }) => hash);
  job.damage.push({ what: "pack", name, reason, kind, pieces });
}

function lookElsewhere({ packs, scope }: PacksJob, piece: { kind: PackKind; hash: string }): void {
  const { index } = packs[piece.kind].catalogue;
  const place = index.find(piece.hash);
  if (place !== undefined && index.isTrusted(place.pack)) scope.include(place);
}

/** The frames of a pack with what they hold. */
function framesOf({ index }: PackToCheck): readonly (readonly [PackFrame, readonly PackEntry[]])[] {
  const entries = Array.from({ length: index.entryCount }, (_, position) => index.entry(position));
  const byFrame = Map.groupBy(entries, ({ frame }) => frame);
  return [...byFrame].map(([number, inFrame]) => [index.frame(number), inFrame] as const);
}

type FrameToCheck = {
  readonly pack: PackToCheck;
  /** Absent where it cannot be decoded. */
  readonly raw: Buffer | undefined;
  readonly entries: readonly PackEntry[];
};

async function decodeAhead(
  bytes: Buffer,
  [frame, entries]: readonly [PackFrame, readonly PackEntry[]],
): Promise<Omit<FrameToCheck, "pack">> {
  const compressed = bytes.subarray(frame.offset, frame.offset + frame.length);
  const raw = await decodeFrame(compressed, frame.rawLength).catch((error: unknown) => {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  });
  return { raw, entries };
}

async function* verifyFrame(
  job: PacksJob,
  { pack, raw, entries }: FrameToCheck,
): AsyncGenerator<VerifyEvent> {
  const { kind } = pack;
  const what = kind === "data" ? "block" : "page";
  for (const { hash, offset, length } of entries) {
    const content = raw?.subarray(offset, offset + length);
    if (content !== undefined && (await hashBlock(content)) === hash) {
      yield { type: "checked", what, name: hash, bytes: length };
      continue;
    }
    const cause =
      raw === undefined ? "its frame cannot be decoded" : "its content has another hash";
    const reason = `In pack "${pack.name}", ${cause}`;
    job.packs[kind].catalogue.noteDamaged(pack.name, 2);
    lookElsewhere(job, { kind, hash });
    job.damage.push({ what, name: hash, reason, kind, pieces: [hash] });
  }
}
