import type { PackEntry, PackFrame, PackIndex } from "../core/snapshot/pack-index.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { hashBlock } from "./block-hash.ts";
import { decodeFrame } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import { packBytesMax } from "./pack-catalogue.ts";
import { packPath } from "./pack-writer.ts";
import type { Packs } from "./packs.ts";
import type { StoreFiles } from "./store-files.ts";
import type { VerifyFindings } from "./verify-findings.ts";
import type { VerifyScope } from "./verify-scope.ts";

/** What levels 1 and 2 look at and where they note what they find. */
export type VerifyPacksJob = {
  readonly files: StoreFiles;
  readonly packs: Packs;
  readonly scope: VerifyScope;
  readonly findings: VerifyFindings;
  readonly options: VerifyOptions;
};

type PackToCheck = { readonly kind: PackKind; readonly name: string; readonly index: PackIndex };

/** Levels 1 and 2 in one pass over the packs: each has the hash it is named by; each block decodes and has its own. */
export async function* verifyPacks(job: VerifyPacksJob): AsyncGenerator<VerifyEvent> {
  const chosen = packsInScope(job);
  const bytesTotal = chosen.reduce((sum, { index }) => sum + index.packLength, 0);
  let bytes = 0;
  for (const [done, pack] of chosen.entries()) {
    throwIfAborted(job.options.signal);
    const step = { step: "verify", done, total: chosen.length, bytes, bytesTotal };
    job.options.onProgress?.({ ...step, current: pack.name });
    yield* verifyPack(job, pack);
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

async function* verifyPack(job: VerifyPacksJob, pack: PackToCheck): AsyncGenerator<VerifyEvent> {
  const bytes = await readPack(job, pack);
  if (bytes === undefined) return;
  if (packPath(pack.kind, await hashBlock(bytes)) === pack.name) {
    yield { type: "checked", what: "pack", name: pack.name, bytes: bytes.length };
  } else {
    const reason = "Its SHA-256 is not its name";
    job.findings.add({ what: "pack", name: pack.name, reason }, { blocks: dataBlocksOf(pack) });
  }
  if (job.options.level < 2) return;
  for (const [frame, entries] of framesInScope(job, pack)) {
    throwIfAborted(job.options.signal);
    yield* verifyFrame(job, { pack, bytes, frame, entries });
  }
}

async function readPack(job: VerifyPacksJob, pack: PackToCheck): Promise<Buffer | undefined> {
  try {
    const bytes = await job.files.get(pack.name, packBytesMax);
    if (bytes !== undefined) return bytes;
    job.findings.add(
      { what: "pack", name: pack.name, reason: "It is missing" },
      { blocks: dataBlocksOf(pack) },
    );
  } catch (error) {
    if (!isSnapError(error, "damaged", "disk-error")) throw error;
    job.findings.add(
      { what: "pack", name: pack.name, reason: error.message },
      { blocks: dataBlocksOf(pack) },
    );
  }
  return undefined;
}

function dataBlocksOf({ kind, index }: PackToCheck): readonly string[] {
  return kind === "data" ? entriesOf(index).map(({ hash }) => hash) : [];
}

function entriesOf(index: PackIndex): readonly PackEntry[] {
  return Array.from({ length: index.entryCount }, (_, position) => index.entry(position));
}

function framesInScope(
  { scope }: VerifyPacksJob,
  { name, index }: PackToCheck,
): readonly (readonly [PackFrame, readonly PackEntry[]])[] {
  const byFrame = Map.groupBy(entriesOf(index), ({ frame }) => frame);
  return [...byFrame]
    .map(([number, entries]) => [index.frame(number), entries] as const)
    .filter(([frame]) => scope.hasFrame(name, frame.offset));
}

type FrameToCheck = {
  readonly pack: PackToCheck;
  readonly bytes: Buffer;
  readonly frame: PackFrame;
  readonly entries: readonly PackEntry[];
};

async function* verifyFrame(
  job: VerifyPacksJob,
  { pack, bytes, frame, entries }: FrameToCheck,
): AsyncGenerator<VerifyEvent> {
  const what = pack.kind === "data" ? "block" : "page";
  const raw = await decodeFrame(
    bytes.subarray(frame.offset, frame.offset + frame.length),
    frame.rawLength,
  ).catch((error: unknown) => {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  });
  for (const { hash, offset, length } of entries) {
    const content = raw?.subarray(offset, offset + length);
    if (content !== undefined && (await hashBlock(content)) === hash) {
      yield { type: "checked", what, name: hash, bytes: length };
      continue;
    }
    const cause =
      raw === undefined ? "its frame cannot be decoded" : "its content has another hash";
    const reason = `In pack "${pack.name}", ${cause}`;
    job.findings.add({ what, name: hash, reason }, { blocks: what === "block" ? [hash] : [] });
  }
}
