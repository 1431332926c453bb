import { topPath } from "../core/path/rel-path.ts";
import { unitIdOf } from "../core/repo/unit.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { UnitDifference } from "../core/snapshot/unit-changes.ts";
import type { SnapshotStore } from "../ports.ts";
import type { LeftPacks } from "../core/snapshot/store-request.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { compareWith, type Comparison } from "./compare.ts";
import type { PresentChange } from "./compare-units.ts";
import { fireDrill, type DrillReport } from "./drill.ts";
import type { Environment } from "./environment.ts";
import { KeptRevisions } from "./kept-revisions.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** What is to be proved: levels 0 to 5, each with those below it (N50). */
export type VerifyRequest = {
  readonly place: string;
  /** All snapshots of the store if absent; levels 3 and 4 need one. */
  readonly reference: string | undefined;
  readonly level: number;
  /** Read every file of the workspace instead of trusting the index; level 3 and above. */
  readonly rehash?: boolean;
  /** Restore everything instead of a sample; level 5. */
  readonly all?: boolean;
  /** Time for the packs, ms; levels 1 and 2 (N51). */
  readonly budgetMs?: number | undefined;
};

/** Something in the store that is not as it should be, with the paths that need it. */
export type Damage = {
  readonly what: string;
  readonly name: string;
  readonly reason: string;
  readonly paths: readonly string[];
};

/** A path at which workspace, cloud, or what was restored for practice is not what the snapshot holds. */
export type Difference = {
  readonly side: "workspace" | "cloud" | "restored";
  readonly path: string;
  readonly reason: string;
  /** How, where it is a repository of the workspace. */
  readonly repository?: UnitDifference;
};

/** What a verification found. */
export type VerifyReport = {
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: readonly Damage[];
  readonly different: readonly Difference[];
  /** Paths whose content Dropbox holds only as an older revision; level 4. */
  readonly held: readonly string[];
  /** What a budget was too short for. */
  readonly left?: LeftPacks;
  /** What was restored for practice; level 5. */
  readonly drill?: Omit<DrillReport, "faults">;
};

/** @throws {SnapError} `snapshot-not-found`, `usage`; for levels 3 and 4 what opening the workspace or the account can throw */
export async function verifySnapshots(
  environment: Environment,
  request: VerifyRequest,
  work: Work,
): Promise<VerifyReport> {
  checkWords(request);
  const store = await openSnapshotStore(environment);
  const root = await namedRoot(environment, store, request);
  const proof = await proveStore(store, { ...request, root }, work);
  const nothing = { ...proof, different: [], held: [] };
  if (root === undefined || proof.damaged.length > 0) return nothing;
  if (request.level < 5)
    return { ...proof, ...(await comparedWith(environment, { store, root, request }, work)) };
  const { all = false } = request;
  const drill = { store, root, all };
  const { faults, ...done } = await fireDrill(environment, drill, work);
  const different = faults.map((fault) => ({ side: "restored" as const, ...fault }));
  return { ...nothing, different, drill: done };
}

function checkWords({ level, rehash, all, budgetMs }: VerifyRequest): void {
  if (budgetMs !== undefined && level !== 1 && level !== 2)
    throw wrongWords("--budget is for levels 1 and 2", "snap verify --budget 5m");
  if (rehash === true && level !== 3 && level !== 4)
    throw wrongWords("--rehash is for levels 3 and 4", "snap verify latest --level 3 --rehash");
  if (all === true && level !== 5)
    throw wrongWords("--all is for level 5", "snap verify latest --level 5 --all");
}

function wrongWords(message: string, example: string): SnapError {
  return new SnapError("usage", message, { hint: `For example: ${example}` });
}

type Asked = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  readonly request: VerifyRequest;
};

async function comparedWith(
  environment: Environment,
  { store, root, request }: Asked,
  work: Work,
): Promise<Pick<VerifyReport, "different" | "held">> {
  const { place, level, rehash = false } = request;
  const different: Difference[] = [];
  const held: string[] = [];
  await using revisions = new KeptRevisions(environment, place);
  for (const side of sidesOf(level)) {
    const present = { store, root, place, side, rehash };
    // The account is asked again only when the comparison has let go of it.
    for (const change of await Array.fromAsync(differencesOf(environment, present, work))) {
      const before = side === "remote" ? lostOf(change) : undefined;
      if (before !== undefined && (await revisions.holds(before))) held.push(before.path);
      else different.push(describe(change, side));
    }
  }
  return { different, held };
}

/** What the snapshot holds and its path does not any more. */
function lostOf(change: PresentChange): SnapshotEntry | undefined {
  return change.change === "removed" || change.change === "changed" ? change.before : undefined;
}

/** The sides that a level looks at. */
function sidesOf(level: number): readonly Comparison["side"][] {
  if (level < 3) return [];
  return level === 3 ? ["local"] : ["local", "remote"];
}

async function namedRoot(
  environment: Environment,
  store: SnapshotStore,
  { place, reference, level }: VerifyRequest,
): Promise<SnapshotRoot | undefined> {
  if (reference !== undefined) {
    return store.find(reference, snapshotFilter(environment, { place, all: false }));
  }
  if (level < 3) return undefined;
  throw new SnapError("usage", "Levels 3, 4 and 5 are for one snapshot: name it", {
    hint: "For example: snap verify latest --level 4",
  });
}

/** Verify the store, or one snapshot, up to level 2. */
export async function proveStore(
  store: SnapshotStore,
  {
    root,
    level,
    budgetMs,
    entries,
  }: {
    readonly root: SnapshotRoot | undefined;
    /** Of the snapshot; all if absent. */
    readonly entries?: Iterable<SnapshotEntry>;
  } & Pick<VerifyRequest, "level" | "budgetMs">,
  work: Work,
): Promise<Omit<VerifyReport, "different" | "held">> {
  const damaged: Damage[] = [];
  let checked = 0;
  let bytes = 0;
  const named = root === undefined ? {} : { id: root.id };
  let left: LeftPacks | undefined;
  const onLeft = (each: LeftPacks): void => {
    left = each;
  };
  const budget = budgetMs === undefined ? {} : { budgetMs, onLeft };
  const some = entries === undefined ? {} : { entries };
  const options = { ...work, ...named, ...some, ...budget, level: storeLevel(level) };
  for await (const event of store.verify(options)) {
    if (event.type === "damaged") damaged.push(event);
    else {
      checked += 1;
      bytes += event.bytes;
    }
  }
  return { checked, bytes, damaged, ...(left === undefined ? {} : { left }) };
}

function storeLevel(level: number): 0 | 1 | 2 {
  if (level <= 0) return 0;
  return level === 1 ? 1 : 2;
}

type Present = Pick<Comparison, "store" | "root" | "place" | "side" | "rehash">;

/** Level 4 is about content: folders without a file say nothing there. */
async function* differencesOf(
  environment: Environment,
  present: Present,
  work: Work,
): AsyncGenerator<PresentChange> {
  const comparison = { ...present, under: topPath, doing: "verify", contentOnly: true };
  for await (const change of compareWith(environment, comparison, work)) {
    if (present.side === "local" || isAboutFile(change)) yield change;
  }
}

function isAboutFile(change: PresentChange): boolean {
  switch (change.change) {
    case "removed":
      return change.before.type === "file";
    case "added":
    case "changed":
    case "moved":
      return change.after.type === "file";
    case "metadata":
    case "unit":
    case "unjudged":
      return false;
  }
}

function describe(change: PresentChange, compared: Comparison["side"]): Difference {
  const side = compared === "local" ? "workspace" : "cloud";
  switch (change.change) {
    case "added":
      return { side, path: change.after.path, reason: "is not in the snapshot" };
    case "removed":
      return { side, path: change.before.path, reason: "is missing" };
    case "changed":
    case "metadata":
      return { side, path: change.after.path, reason: "has other content" };
    case "moved":
      return { side, path: change.before.path, reason: `is now at "${change.after.path}"` };
    case "unit":
      return {
        side,
        path: unitIdOf(change.path),
        reason: "has other content",
        repository: change,
      };
    case "unjudged":
      return {
        side,
        path: unitIdOf(change.path),
        reason: `cannot be judged: ${change.reasons.join("; ")}`,
      };
  }
}
