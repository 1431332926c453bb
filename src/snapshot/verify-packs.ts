import type { PackEntry, PackFrame, PackIndex } from "../core/snapshot/pack-index.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { runnerFor } from "./choose-runner.ts";
import type { PutFailure } from "./copy-job.ts";
import { FrameRuns, type FrameRun } from "./copy-plan.ts";
import type { JobRunner } from "./copy-runner.ts";
import type { PackKind } from "./frame.ts";
import { mapInOrder } from "./in-order.ts";
import { checkRun } from "./frame-check.ts";
import { packSum, type PackSum } from "./pack-sum.ts";
import { packPath } from "./pack-writer.ts";
import type { PackTurn } from "./pack-turn.ts";
import type { Packs } from "./packs.ts";
import { isUnreadable } from "./store-error.ts";
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
  await using runner = runnerFor({ bytes: packBytes(job), files: 0 });
  const damage: Damage[] = [];
  const seen = new Set<string>();
  for (;;) {
    const fresh = packsInScope(job).filter(({ name }) => !seen.has(name));
    const chosen = job.turn?.inOrder(fresh) ?? fresh;
    if (chosen.length === 0) break;
    for (const { name } of chosen) seen.add(name);
    yield* verifyChosen({ ...job, damage, runner }, chosen);
  }
  for (const { kind, pieces, ...found } of damage) {
    const { index } = job.packs[kind].catalogue;
    job.findings.add(found, { pieces: pieces.filter((piece) => !index.has(piece)) });
  }
}

/** How much there is to decode. */
function packBytes(job: VerifyPacksJob): number {
  if (job.options.level < 2) return 0;
  return packsInScope(job).reduce((sum, { index }) => sum + index.packLength, 0);
}

type PacksJob = VerifyPacksJob & { readonly damage: Damage[]; readonly runner: JobRunner };

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
  const found = await sumOf(job, pack);
  if (found === undefined) return;
  const { catalogue } = job.packs[pack.kind];
  if (packPath(pack.kind, found.sha256) === pack.name) {
    catalogue.noteSound(pack.name, 1);
    yield { type: "checked", what: "pack", name: pack.name, bytes: found.bytes };
  } else {
    damagedPack(job, pack, "Its SHA-256 is not its name");
  }
  if (job.options.level < 2) return;
  const frames = framesOf(pack);
  const isAsked = (offset: number): boolean =>
    job.turn !== undefined || job.scope.hasFrame(pack.name, offset);
  const asked = frames.filter(([frame]) => isAsked(frame.offset));
  yield* verifyFrames(job, pack, asked);
  // Does nothing for a pack in which something was found.
  if (asked.length === frames.length) catalogue.noteSound(pack.name, 2);
}

async function sumOf(job: PacksJob, pack: PackToCheck): Promise<PackSum | undefined> {
  try {
    const sum = await packSum(job.files, pack.name, job.options.signal);
    if (sum === undefined) damagedPack(job, pack, "It is missing");
    return sum;
  } catch (error) {
    if (!isUnreadable(error) && !isSnapError(error, "not-found")) throw error;
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

/** Frames are decoded, and their blocks checked, some runs at once. */
async function* verifyFrames(
  job: PacksJob,
  pack: PackToCheck,
  asked: ReturnType<typeof framesOf>,
): AsyncGenerator<VerifyEvent> {
  const runs = new FrameRuns<undefined>();
  for (const [frame, entries] of asked) {
    for (const entry of entries) runs.add({ pack: pack.name, frame, entry }, undefined);
  }
  const { files, runner, options } = job;
  const check = async (run: FrameRun<undefined>): Promise<RunFindings> => ({
    run,
    failures: await checkRun({ files, runner }, run),
  });
  for await (const found of mapInOrder(runs.runs(), check, runner.atOnce)) {
    throwIfAborted(options.signal);
    yield* tellRun(job, pack, found);
  }
}

type RunFindings = {
  readonly run: FrameRun<undefined>;
  readonly failures: readonly PutFailure[];
};

function* tellRun(
  job: PacksJob,
  { kind, name: pack }: PackToCheck,
  { run, failures }: RunFindings,
): Generator<VerifyEvent> {
  const what = kind === "data" ? "block" : "page";
  const failed = new Map(failures.map((one) => [run.frames[one.frame]?.puts[one.put], one]));
  for (const put of run.frames.flatMap(({ puts }) => puts)) {
    const failure = failed.get(put);
    const { hash: name, length: bytes } = put;
    if (failure === undefined) {
      yield { type: "checked", what, name, bytes };
      continue;
    }
    const cause =
      failure.what === "frame" ? "its frame cannot be decoded" : "its content has another hash";
    job.packs[kind].catalogue.noteDamaged(pack, 2);
    lookElsewhere(job, { kind, hash: name });
    const reason = `In pack "${pack}", ${cause}`;
    job.damage.push({ what, name, reason, kind, pieces: [name] });
  }
}
