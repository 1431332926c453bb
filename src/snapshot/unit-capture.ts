import {
  isAtRest,
  isTopUnit,
  isUnitTop,
  unitReasonsMax,
  unitsMax,
  type UnitFacts,
} from "../core/snapshot/unit.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import {
  unitIdOf,
  unitPlaceAt,
  type UnitLook,
  type UnitPlace,
  type UnitReport,
  type UnitState,
} from "../core/repo/unit.ts";
import type { CaptureSource } from "../ports.ts";
import { inRuns, type Runs } from "../std/runs.ts";
import { isTroubleOfFile } from "./ahead-reader.ts";
import type { CapturePauses } from "./capture-pauses.ts";
import type { PackWriter } from "./pack-writer.ts";
import { UnitKeeper } from "./unit-keeper.ts";
import type { Clock } from "../std/time.ts";
import type { KnownUnits } from "./known-units.ts";
import { unitContent } from "./unit-content.ts";
import { UnitCollector, type CollectedUnit } from "./unit-collector.ts";

/** What the capture of units works with. */
export type UnitCaptureParts = {
  readonly source: Pick<CaptureSource, "units">;
  readonly data: PackWriter;
  readonly clock: Clock;
  readonly known: KnownUnits;
  readonly signal: AbortSignal | undefined;
  /** Told of every block that was read. */
  readonly onBlock: (path: string, bytes: number) => Promise<void> | undefined;
  readonly onLeft: (left: LeftAside) => void;
  /** `describe` is asked where a root is made that tells of the unit: what of it changes without the repository. */
  readonly onUnit: (unit: UnitFacts, describe?: () => Promise<UnitState>) => void;
  /** Between two packs of a unit another writer may go first, and a checkpoint is left (N30, N32). */
  readonly pauses: Pick<CapturePauses, "enterUnit" | "leaveUnit" | "pause">;
  /** Puts what stands before a unit into the manifest: the blocks of the unit are stored as soon as it is reached. */
  readonly beforeUnit: () => Promise<void>;
};

/**
 * The entries of a source with those of its units behind their folders (N43). One that is as it was is taken over (N5); else it is
 * captured whole before its folder is handed on: its blocks are in packs by then, or on their way.
 */
export async function* withUnits(
  entries: Runs<SnapshotEntry>,
  parts: UnitCaptureParts,
): AsyncGenerator<readonly SnapshotEntry[]> {
  let count = 0;
  for await (const run of entries) {
    let first = 0;
    for (const [at, entry] of run.entries()) {
      if (!isUnitTop(entry) || entry.type !== "folder") continue;
      if (at > first) yield run.slice(first, at);
      first = at + 1;
      count += 1;
      using unit = count > unitsMax ? tooMany(entry, parts) : await takeOrCapture(entry, parts);
      if (unit === undefined) yield [{ ...entry, flags: [...entry.flags, "unreadable"] }];
      else yield* inRuns(withTop(entry, unit.entries()));
    }
    if (first < run.length) yield first === 0 ? run : run.slice(first);
  }
}

async function* withTop(top: SnapshotEntry, unit: Entries): AsyncGenerator<SnapshotEntry> {
  if (!isTopUnit(top)) yield top;
  for await (const part of unit) yield { ...part, flags: flagsIn(top, part) };
}

/** All of a unit is ignored where its folder is. */
function flagsIn(top: SnapshotEntry, { flags }: SnapshotEntry): readonly EntryFlag[] {
  return top.flags.includes("ignored") ? [...flags, "ignored"] : flags;
}

function tooMany({ path }: SnapshotEntry, { onLeft }: UnitCaptureParts): undefined {
  onLeft({ path, reason: `More than ${unitsMax} repositories` });
  return undefined;
}

type Entries = AsyncIterable<SnapshotEntry> | Iterable<SnapshotEntry>;

/** What a unit has, until it is let go. */
interface UnitEntries extends Disposable {
  entries(): Entries;
}

/** Undefined where the repository cannot be captured at all: the snapshot has a gap there (N37). */
async function takeOrCapture(
  { path }: SnapshotEntry,
  parts: UnitCaptureParts,
): Promise<UnitEntries | undefined> {
  const id = parseRelPath(path);
  const place = unitPlaceAt(id);
  const startedAt = parts.clock.now();
  const look = await lookAt(place, parts);
  const same = look && (await parts.known.find(place, look));
  if (look !== undefined && same !== undefined) {
    leaveOut(id, look.leftOut, parts);
    parts.onUnit(same.facts, same.describe);
    return { entries: () => same.entries(), [Symbol.dispose]: () => {} };
  }
  await parts.beforeUnit();
  const captured = await captureOne(place, parts);
  if (captured === undefined) return undefined;
  if (look !== undefined && isAtRest(captured.facts) && isSame(look, await lookAt(place, parts))) {
    const content = await unitContent(captured.unit.entries());
    parts.source.units?.knowledge?.note(id, { ...look, startedAt, content });
  }
  return captured.unit;
}

/** Nothing is known of one that cannot be looked at: its capture tells why. */
async function lookAt(
  place: UnitPlace,
  { source, signal }: UnitCaptureParts,
): Promise<UnitLook | undefined> {
  try {
    return await source.units?.knowledge?.look(place, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!isTroubleOfFile(error)) throw error;
    return undefined;
  }
}

/** Nothing was written while it was captured. */
function isSame(before: UnitLook, after: UnitLook | undefined): boolean {
  return before.stamp === after?.stamp;
}

function leaveOut(unit: RelPath, names: readonly string[], { onLeft }: UnitCaptureParts): void {
  for (const name of names) {
    onLeft({
      path: unit === topPath ? name : `${unit}/${name}`,
      reason: "It is not a file, folder or link",
    });
  }
}

type CapturedUnit = { readonly facts: UnitFacts; readonly unit: CollectedUnit };

async function captureOne(
  place: UnitPlace,
  parts: UnitCaptureParts,
): Promise<CapturedUnit | undefined> {
  const { source, signal, onLeft, onUnit, pauses } = parts;
  const { path } = place;
  if (source.units === undefined) throw new TypeError("a source of units captures them");
  const keeper = new UnitKeeper(path, parts);
  const { makeSpool, keepsOwners = false } = source.units;
  using collector = new UnitCollector((block) => keeper.keep(block), { keepsOwners, makeSpool });
  pauses.enterUnit(() => collector.stored(path));
  try {
    const work = signal === undefined ? {} : { signal };
    const report = await source.units.capture(place, collector, work);
    const unit = await collector.finish(path);
    pauses.leaveUnit();
    leaveOut(path, report.leftOut, parts);
    const facts = factsOf(place, report, unit.troubles);
    onUnit(facts);
    return { facts, unit };
  } catch (error) {
    // Without the repository that a workspace is, there is nothing to make a snapshot of.
    if (keeper.failed(error) || !isTroubleOfFile(error) || path === topPath) throw error;
    pauses.leaveUnit();
    onLeft({ path, reason: `${error.code}: ${error.message}` });
    return undefined;
  }
}

/** What could not be kept is missing in it: then it is not whole. */
function factsOf(
  { path, vcs }: UnitPlace,
  { word, reasons, movedDuring, state }: UnitReport,
  troubles: readonly string[],
): UnitFacts {
  return {
    ...state,
    id: unitIdOf(path),
    vcs,
    consistency: troubles.length > 0 ? "torn" : word,
    reasons: [...troubles, ...reasons].slice(0, unitReasonsMax),
    movedDuring,
  };
}
