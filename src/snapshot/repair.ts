import type {
  MissingPiece,
  OfferedBlock,
  RepairOptions,
  RepairReport,
  RepairSources,
} from "../core/snapshot/repair-request.ts";
import { throwIfAborted } from "../std/error.ts";
import { recordChecks } from "./checks.ts";
import { Mender } from "./mender.ts";
import { sidecarPath } from "./pack-writer.ts";
import { readNotes } from "./note-files.ts";
import { loadPacks, newChecks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import type { LookParts } from "./prune-look.ts";
import { sweepSidecars } from "./prune.ts";
import { mendReadme, rootsMended, unsoundSidecars } from "./repair-files.ts";
import { Needs } from "./repair-needs.ts";
import type { Need } from "./repair-needs.ts";
import { damagedPacks, salvage } from "./repair-salvage.ts";
import type { DamagedPack } from "./repair-salvage.ts";
import type { FoundRoot } from "./root-files.ts";
import { TrashCan } from "./trash.ts";
import { damagedNotes } from "./verify-recorded.ts";
import { VerifyFindings } from "./verify-findings.ts";
import { verifyPacks } from "./verify-packs.ts";
import { VerifyScope } from "./verify-scope.ts";

/** What a repair works with; the caller holds the writer's lock, but for a dry run. */
export type RepairParts = LookParts & { readonly sources: RepairSources };

type Job = RepairParts & {
  readonly options: RepairOptions;
  readonly packs: Packs;
  readonly mender: Mender;
};

type Healed = { packs: number; workspace: number; dropbox: number };

/**
 * Make whole what can be made whole (N53). New packs are in place before anything goes to the trash, so that it may be killed
 * anywhere; the next repair goes on. A damaged pack in which something is needed that was found nowhere stays where it is.
 *
 * @throws {SnapError} `disk-full`, `interrupted`; never for damage
 */
export async function repair(parts: RepairParts, options: RepairOptions): Promise<RepairReport> {
  const { files, logger } = parts;
  const isReal = options.dryRun !== true;
  const sidecars = await unsoundSidecars(files);
  const packs = await loadPacks(files, logger);
  try {
    await using mender = new Mender(packs, isReal ? files : undefined);
    const job: Job = { ...parts, options, packs, mender };
    await prove(job);
    const damaged = damagedPacks(packs);
    const healed: Healed = { packs: 0, workspace: 0, dropbox: 0 };
    for (const pack of damaged) {
      await parts.onStep();
      healed.packs += await salvage(job, pack, options);
    }
    const mended = await rootsMended(job);
    const needs = await needsOf(job, mended.roots);
    await prepare(job, needs.all());
    const missing = await lookElsewhere(job, needs.all(), healed);
    await mender.flush();
    const isLost = lostIn({ ...job, needs, missing });
    const [kept, gone] = [damaged.filter(isLost), damaged.filter((pack) => !isLost(pack))];
    const trashed = isReal ? await throwAway(job, gone) : gone.map(({ name }) => name);
    return {
      sidecars: sidecars.length,
      roots: mended.names,
      readme: await mendReadme(files, isReal),
      healed: { ...healed, bytes: mender.bytes },
      trashed,
      kept: kept.map(({ name }) => name),
      missing: [...missing.map(pieceOf), ...(await lostNotes(parts, mended.roots))],
    };
  } finally {
    if (isReal) await recordChecks(parts, newChecks(packs));
  }
}

/** Level 2 over every pack: afterwards only sound ones are trusted. */
async function prove({ files, packs, options, onStep }: Job): Promise<void> {
  const findings = new VerifyFindings();
  const scope = VerifyScope.everything();
  const job = { files, packs, scope, findings, options: { ...options, level: 2 as const } };
  for await (const event of verifyPacks(job)) {
    if (event.type === "checked" && event.what === "pack") await onStep();
  }
}

async function needsOf(job: Job, roots: readonly FoundRoot[]): Promise<Needs> {
  const { packs, mender, onStep, options } = job;
  return await Needs.of({ packs, mender, roots, onStep, signal: options.signal });
}

async function prepare({ sources }: Job, needs: readonly Need[]): Promise<void> {
  const files = needs.flatMap(({ places }) => places.map(({ file }) => file));
  const contents = new Set(files.flatMap(({ hash }) => hash ?? []));
  if (contents.size > 0) await sources.prepare(contents);
}

/** Ask the sources for blocks; what none of them has. */
async function lookElsewhere(
  job: Job,
  needs: readonly Need[],
  healed: Healed,
): Promise<readonly Need[]> {
  const missing: Need[] = [];
  const blocks = needs.filter(({ what }) => what === "block").length;
  let done = 0;
  for (const need of needs) {
    throwIfAborted(job.options.signal);
    await job.onStep();
    const from = await foundAt(job, need);
    if (from === undefined) missing.push(need);
    else healed[from] += 1;
    if (need.what === "block") done += 1;
    const [total, bytes] = [blocks, job.mender.bytes];
    const current = [...need.paths][0] ?? need.name;
    const step = { step: "look elsewhere", done, total, bytes, bytesTotal: undefined };
    job.options.onProgress?.({ ...step, current });
  }
  return missing;
}

async function foundAt(job: Job, need: Need): Promise<OfferedBlock["from"] | undefined> {
  for (const place of need.places) {
    for await (const { from, bytes } of job.sources.offers(place, job.options)) {
      if (await job.mender.take("data", need.name, bytes)) return from;
    }
  }
  return undefined;
}

type Outcome = Job & { readonly needs: Needs; readonly missing: readonly Need[] };

/**
 * Whether a damaged pack holds something that is needed, or may be, and that no sound pack has. Of one without a whole index
 * nobody knows what it holds.
 */
function lostIn({ needs, missing, mender }: Outcome): (pack: DamagedPack) => boolean {
  const lost = new Set(missing.map(({ name }) => name));
  const { isUncertain } = needs;
  return ({ kind, index }) => {
    if (!index.isWhole && lost.size > 0) return true;
    for (let place = 0; place < index.entryCount; place += 1) {
      const { hash } = index.entry(place);
      if (lost.has(hash) || (isUncertain && !mender.has(kind, hash))) return true;
    }
    return false;
  };
}

/** The pack first: a sidecar without one is swept, a pack without one has it made again. */
async function throwAway(job: Job, damaged: readonly DamagedPack[]): Promise<readonly string[]> {
  const can = new TrashCan(job.files, job.clock);
  const names: string[] = [];
  for (const { kind, name } of damaged) {
    // A new pack of the same blocks has the same name, and has taken its place.
    if (job.packs[kind].catalogue.index.isTrusted(name)) continue;
    await job.onStep();
    await can.take(name);
    await can.take(sidecarPath(name));
    names.push(name);
  }
  await sweepSidecars(job.files);
  return names;
}

/** What a note said is nowhere else (N25). */
async function lostNotes(
  { files, logger }: Pick<Job, "files" | "logger">,
  roots: readonly FoundRoot[],
): Promise<readonly MissingPiece[]> {
  const whole = roots.flatMap(({ root }) => root ?? []);
  const told = [...damagedNotes(await readNotes(files, logger), whole)];
  return told.flatMap((event) =>
    event.type === "damaged"
      ? [
          {
            what: "note" as const,
            name: event.name,
            reason: event.reason,
            snapshots: [],
            paths: [],
          },
        ]
      : [],
  );
}

function pieceOf({ what, name, reason, snapshots, paths }: Need): MissingPiece {
  return { what, name, reason, snapshots: [...snapshots], paths: [...paths].toSorted() };
}
