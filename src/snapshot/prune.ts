import type { PruneOptions, PruneReport, PruneWorth } from "../core/snapshot/keep-request.ts";
import { isWorthPruning } from "../core/snapshot/prune-plan.ts";
import type { PackUse } from "../core/snapshot/prune-plan.ts";
import { throwIfAborted } from "../std/error.ts";
import { recordChecks } from "./checks.ts";
import { compactChecks } from "./compact-checks.ts";
import type { PackKind } from "./frame.ts";
import { stepOf } from "./keep-parts.ts";
import type { KeepParts } from "./keep-parts.ts";
import { sidecarPath } from "./pack-writer.ts";
import { loadPacks, newChecks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { isExpired, lengthOf, markLive, packKinds, planStore } from "./prune-look.ts";
import type { LiveBlocks, LookParts, StorePlan } from "./prune-look.ts";
import { damagedTwin, isLastResort } from "./prune-twins.ts";
import { repack } from "./repack.ts";
import { lastPruneMs, noteEnd, standingClock } from "./prune-moment.ts";
import { TrashCan, filesOfBatch, removeBatch, trashBatches } from "./trash.ts";
import type { StoreFiles } from "./store-files.ts";

/** N57: a prune that nobody asked for comes at most once in this time, ms. */
const autoEveryMs = 7 * 86_400_000;

type Amounts = { packs: number; bytes: number; into: number };

/**
 * Free the store of what nobody needs (N56). What waited in the trash long enough goes first, for good: nothing that this
 * prune throws away is gone before the grace time. Then packs are rewritten, and only then those that are not needed go to
 * the trash: damage that the rewriting finds may make another copy needed. May be killed anywhere.
 *
 * @throws {SnapError} `damaged` where it cannot be told what is needed; `disk-full`; `interrupted`
 */
export async function prune(parts: KeepParts, options: PruneOptions): Promise<PruneReport> {
  const look: LookParts = {
    ...parts,
    clock: await standingClock(parts),
    onStep: () => stepOf(parts.lock, options),
  };
  const emptied = await emptyTrash(look, options);
  const rewritten = { packs: 0, bytes: 0, into: 0 };
  const damaged: Record<PackKind, string[]> = { data: [], meta: [] };
  const can = new TrashCan(parts.files, parts.clock);
  const confirm = (): Promise<void> => parts.lock.confirm();
  // Each further round knows of one more damaged pack at least.
  for (;;) {
    const round = await pruneOnce({ look, confirm, can, options, rewritten, damaged });
    if (round === undefined) continue;
    await sweepSidecars(parts.files);
    await noteEnd(parts);
    await compactChecks(parts);
    return { emptied, rewritten, ...round };
  }
}

type PruneRound = {
  readonly look: LookParts;
  /** @throws {SnapError} `busy` when the lock was lost */
  readonly confirm: () => Promise<void>;
  readonly can: TrashCan;
  readonly options: PruneOptions;
  /** Grows, over all rounds. */
  readonly rewritten: Amounts;
  /** Packs that turned out to be damaged; grows. */
  readonly damaged: Record<PackKind, string[]>;
};

/** Undefined where damage was found: what is needed must be looked for once more. */
async function pruneOnce(
  round: PruneRound,
): Promise<Omit<PruneReport, "emptied" | "rewritten"> | undefined> {
  const { look, options, rewritten, damaged } = round;
  const packs = await loadPacks(look.files, look.logger);
  for (const kind of packKinds)
    for (const name of damaged[kind]) packs[kind].catalogue.noteDamaged(name, 2);
  try {
    const live = await markLive(look, packs, options);
    const plan = planStore(packs, live, leftOf(options, rewritten));
    const before = { ...rewritten };
    const job = { ...round, packs, live, written: new Set<string>() };
    if (!(await areTwinsSound(job, plan)) || !(await rewriteAll(job, plan))) return undefined;
    const dropped = await dropAll(job, plan);
    const gained = rewritten.bytes - before.bytes - (rewritten.into - before.into);
    const deadLeft = plan.data.deadLeft + plan.meta.deadLeft;
    return { dropped, deadLeft, stored: plan.stored - dropped.bytes - gained };
  } finally {
    await recordChecks(look, newChecks(packs));
  }
}

/** What a prune would do, by a look without a lock. @throws {SnapError} as `prune` */
export async function previewPrune(given: LookParts, options: PruneOptions): Promise<PruneReport> {
  const parts = { ...given, clock: await standingClock(given) };
  const emptied = await emptyTrash(parts, { ...options, dryRun: true });
  const packs = await loadPacks(parts.files, parts.logger);
  const { data, meta, stored } = planStore(
    packs,
    await markLive(parts, packs, options),
    options.maxRepack,
  );
  const drop = [...data.drop, ...meta.drop];
  const rewrite = [...data.rewrite, ...meta.rewrite];
  const dropped = { packs: drop.length, bytes: lengthOf(drop) };
  const into = lengthOf(rewrite) + dropped.bytes - data.freed - meta.freed;
  const rewritten = { packs: rewrite.length, bytes: lengthOf(rewrite), into };
  const deadLeft = data.deadLeft + meta.deadLeft;
  return { emptied, dropped, rewritten, deadLeft, stored: stored - data.freed - meta.freed };
}

/** Whether a prune is worth it that nobody asked for (N57). Within a week of the last one nothing is looked at. */
export async function pruneWorth(parts: LookParts, options: PruneOptions): Promise<PruneWorth> {
  const last = await lastPruneMs(parts.files);
  const ageMs = parts.clock.now() - (last ?? Number.NEGATIVE_INFINITY);
  if (ageMs >= 0 && ageMs < autoEveryMs) return { isWorth: false, freed: 0, stored: 0 };
  const { emptied, dropped, rewritten, stored } = await previewPrune(parts, options);
  const packs = dropped.bytes + rewritten.bytes - rewritten.into;
  const freed = packs + emptied.bytes;
  const before = stored + packs;
  return { isWorth: isWorthPruning(freed, before + emptied.bytes), freed, stored: before };
}

/** Remove what has waited long enough; with `dryRun` only count it. */
async function emptyTrash(
  parts: LookParts,
  { dryRun = false, signal }: PruneOptions,
): Promise<PruneReport["emptied"]> {
  let count = 0;
  let bytes = 0;
  for (const batch of await trashBatches(parts.files)) {
    throwIfAborted(signal);
    if (!isExpired(batch.timeMs, parts)) continue;
    const found = await filesOfBatch(parts.files, batch);
    count += found.files.length;
    bytes += found.files.reduce((sum, file) => sum + file.bytes, 0);
    if (!dryRun) await removeBatch(parts.files, batch);
    await parts.onStep();
  }
  return { files: count, bytes };
}

type PruneJob = PruneRound & {
  readonly packs: Packs;
  readonly live: LiveBlocks;
  /** New packs of this round. */
  readonly written: Set<string>;
};

function leftOf({ maxRepack }: PruneOptions, { bytes }: Amounts): number | undefined {
  return maxRepack === undefined ? undefined : Math.max(0, maxRepack - bytes);
}

/** False where the copy of a block that counts is damaged, and another one was to go. */
async function areTwinsSound(job: PruneJob, plan: StorePlan): Promise<boolean> {
  const { packs, live, look, options } = job;
  for (const kind of packKinds) {
    const going = [...plan[kind].drop, ...plan[kind].rewrite].map(({ name }) => name);
    const twins = { shelf: packs[kind], live: live[kind], going, onStep: look.onStep };
    const damaged = await damagedTwin({ ...twins, signal: options.signal });
    if (damaged === undefined) continue;
    job.damaged[kind].push(damaged);
    return false;
  }
  return true;
}

/** False where a pack turned out to be damaged: what is needed must be looked for once more. */
async function rewriteAll(job: PruneJob, plan: StorePlan): Promise<boolean> {
  for (const kind of packKinds)
    if (!(await rewriteKind(job, kind, plan[kind].rewrite))) return false;
  return true;
}

async function rewriteKind(
  job: PruneJob,
  kind: PackKind,
  rewrite: readonly PackUse[],
): Promise<boolean> {
  const { look, packs, live, rewritten, options } = job;
  const lengths = new Map(rewrite.map(({ name, length }) => [name, length]));
  const tell = rewriteProgress(options, kind, rewrite);
  const {
    bytes: into,
    written,
    damaged,
  } = await repack(
    {
      files: look.files,
      kind,
      catalogue: packs[kind].catalogue,
      live: live[kind],
      signal: options.signal,
      onStep: async (current, read) => {
        tell(current, read);
        await look.onStep();
      },
      onDone: async (names) => {
        for (const name of names) {
          await throwAway(job, name);
          rewritten.packs += 1;
          rewritten.bytes += lengths.get(name) ?? 0;
        }
      },
    },
    rewrite.map(({ name }) => name),
  );
  rewritten.into += into;
  for (const name of written) job.written.add(name);
  job.damaged[kind].push(...damaged);
  return damaged.length === 0;
}

/** Tells whoever watches of each frame that was read. */
function rewriteProgress(
  { onProgress }: PruneOptions,
  kind: PackKind,
  rewrite: readonly PackUse[],
): (current: string, read: number) => void {
  const bytesTotal = lengthOf(rewrite);
  const begun = new Set<string>();
  let bytes = 0;
  return (current, read) => {
    bytes += read;
    const done = begun.add(current).size - 1;
    const step = `repack ${kind}`;
    onProgress?.({ step, done, total: rewrite.length, bytes, bytesTotal, current });
  };
}

async function dropAll(job: PruneJob, plan: StorePlan): Promise<PruneReport["dropped"]> {
  // A new pack may have come out as one that nobody needed before.
  const drop = packKinds
    .flatMap((kind) =>
      plan[kind].drop.filter(({ name }) => !isLastResort(shelfOf(job, kind), name)),
    )
    .filter(({ name }) => !job.written.has(name));
  for (const { name } of drop) {
    throwIfAborted(job.options.signal);
    await job.look.onStep();
    await throwAway(job, name);
  }
  return { packs: drop.length, bytes: lengthOf(drop) };
}

function shelfOf({ packs, live }: PruneJob, kind: PackKind): Parameters<typeof isLastResort>[0] {
  return { shelf: packs[kind], live: live[kind] };
}

/** The pack first: a sidecar without one is swept, a pack without one has it made again. */
async function throwAway({ can, confirm }: PruneJob, name: string): Promise<void> {
  await confirm();
  await can.take(name);
  await can.take(sidecarPath(name));
}

/** Remove sidecars whose pack is gone: one is left where a prune was cut off, or by a reader that made it again. */
export async function sweepSidecars(files: StoreFiles): Promise<void> {
  for (const kind of packKinds) {
    for (const shard of await files.list(kind)) {
      const folder = `${kind}/${shard}`;
      const names = new Set(await files.list(folder));
      const lost = [...names].filter(
        (name) =>
          /^[0-9a-f]{64}\.idx$/.test(name) && !names.has(name.replace(/\.idx$/, ".tar.zst")),
      );
      for (const name of lost) await files.remove(`${folder}/${name}`);
    }
  }
}
