import { topPath } from "../path/rel-path.ts";
import { topUnit, type UnitState, type UnitWord } from "../repo/unit.ts";
import { damagedError, type CheckedRecord } from "./checked-json.ts";
import { pathTrouble, type SnapshotEntry } from "./entry.ts";

/** What a root tells of a repository that it holds as one unit (N24). */
export type UnitFacts = UnitState & {
  /** Path of its folder in the snapshot, or `topUnit`; its entries name it as `g` (N23). */
  readonly id: string;
  readonly vcs: "git" | "hg";
  /** How sure it is that it was captured whole (N45). */
  readonly consistency: UnitWord;
  /** Why it is no better word; some of the reasons. */
  readonly reasons: readonly string[];
  /** It was written to meanwhile: it stands elsewhere by now. */
  readonly movedDuring: boolean;
};

/** So many repositories are captured in one snapshot; more are left aside, and told. */
export const unitsMax = 10_000;

/** Reasons that a root lists of one repository. */
export const unitReasonsMax = 10;

const words = ["verified", "unverified", "torn"] as const;

/** Read what a root tells of its units. @throws {SnapError} `damaged`, also for one at no path of a snapshot (X12) */
export function decodeUnits(root: CheckedRecord): readonly UnitFacts[] {
  return root.records("git").slice(0, unitsMax).map(decodeUnit);
}

function decodeUnit(record: CheckedRecord): UnitFacts {
  const head = record.optionalText("head");
  const branch = record.optionalText("branch");
  const stashes = record.optionalCount("stashes");
  const operation = record.optionalText("operation");
  const dirty = record.optionalFlag("dirty");
  const id = record.text("id");
  const trouble = id === topUnit ? undefined : pathTrouble(id);
  if (trouble !== undefined)
    throw damagedError(`A repository of a snapshot is refused: ${trouble}`);
  return {
    id,
    vcs: record.choice("vcs", ["git", "hg"] as const),
    consistency: record.choice("consistency", words),
    reasons: record.texts("reasons"),
    movedDuring: record.optionalFlag("movedDuring") ?? false,
    ...(head === undefined ? {} : { head }),
    ...(branch === undefined ? {} : { branch }),
    ...(dirty === undefined ? {} : { dirty }),
    ...(stashes === undefined ? {} : { stashes }),
    ...(operation === undefined ? {} : { operation }),
  };
}

/** The repositories that may not be whole (N45). */
export function tornUnits(units: readonly UnitFacts[]): readonly UnitFacts[] {
  return units.filter(({ consistency }) => consistency === "torn");
}

/** Whether what was captured of a repository is all that could be had of it: it stood still, and nothing was missing (N45). */
export function isAtRest({ consistency, movedDuring }: UnitFacts): boolean {
  return consistency !== "torn" && !movedDuring;
}

/** Whether an entry is the folder of a unit, or what stands for it. */
export function isUnitTop(entry: SnapshotEntry): boolean {
  return entry.unit === entry.path || isTopUnit(entry);
}

/**
 * Whether an entry stands for the top of a workspace that is itself a repository. Sources hand on such a one; no snapshot has it, as none
 * has an entry for its top.
 */
export function isTopUnit({ unit, path }: SnapshotEntry): boolean {
  return unit === topUnit && path === topPath;
}

/** Entries without what is in a unit: of each only its folder is left. */
export async function* withoutUnitParts(
  entries: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of entries) {
    if (entry.unit === undefined || isUnitTop(entry)) yield entry;
  }
}

/** Entries without units: what a sync and a restore of files deal with. */
export async function* withoutUnits(
  entries: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of entries) {
    if (entry.unit === undefined) yield entry;
  }
}
