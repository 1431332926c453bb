import { lstatSync } from "node:fs";
import path from "node:path";
import type { AreaPath } from "../core/plan/local-act.ts";
import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { AsidePath } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { Standing } from "../core/snapshot/unit-changes.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { UnitStep } from "../core/snapshot/unit-step.ts";
import { unitFolder, type RepositoryUnits } from "../core/repo/unit.ts";
import { nodeDisk } from "../local/disk.ts";
import { swapFolder } from "../local/swap-folder.ts";
import type { RestoreUnits } from "../restore/restore-deps.ts";
import { standingOf } from "../restore/units-elsewhere.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { presentUnit } from "./compare-units.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { readPresentUnit } from "./present-unit.ts";
import { repositoryUnits } from "./repository-units.ts";
import { spoolsOf } from "./spools.ts";
import { requireSound, stagedUnits, stageUnits } from "./stage-units.ts";
import { unitDifference } from "./unit-difference.ts";
import { storedUnit, type UnitFiles } from "./unit-files.ts";
import { unitWitness } from "./unit-witness.ts";

/** What stands for a repository that cannot be read whole: equal to nothing. */
const unread = "unread";

/** The repositories of an open workspace, for a restore. */
export function restoreUnits(workspace: OpenWorkspace, store: OpenedStore): RestoreUnits {
  const parts = { workspace, store, units: unitsOf(workspace) };
  const { top } = workspace.local;
  return {
    steps: (root, selects, work) => stepsOf(parts, { root, selects }, work),
    contentAt: (step, work) => contentAt(parts, step, work),
    isKept: (step, restore) => isFolder(path.join(top, ".snap/undo", restore, step.path)),
    requireSound: (request, work) => requireSound(store, request, work),
    requireQuiet: (steps, work) => requireQuiet(parts, steps, work),
    stage: (request, work) => stageUnits(parts, request, work),
    swap: (restore, step, work) => swap(parts, { restore, step }, work),
    standing: async ({ path: place, vcs }, work) => {
      if (!isFolder(path.join(top, place))) return undefined;
      return standingOf((await parts.units.knowledge?.describe({ path: place, vcs }, work)) ?? {});
    },
  };
}

type Parts = {
  readonly workspace: OpenWorkspace;
  readonly store: OpenedStore;
  readonly units: RepositoryUnits;
};

/** Nothing is noted of what is read: the next capture does. */
function unitsOf({ environment, local, record, contents }: OpenWorkspace): RepositoryUnits {
  const makeSpool = spoolsOf(environment, record);
  return repositoryUnits(environment, local.top, {
    memory: contents,
    granularityNs: 0n,
    makeSpool,
  });
}

async function swap(
  parts: Parts,
  { restore, step }: { readonly restore: string; readonly step: UnitStep },
  work: Work,
): ReturnType<RestoreUnits["swap"]> {
  const { top } = parts.workspace.local;
  const { path: place, action, before } = step;
  const source = action === "delete" ? undefined : sourceOf(restore, step);
  const isBegun =
    isFolder(path.join(top, ".snap/undo", restore, place)) ||
    (source !== undefined &&
      !isFolder(path.join(top, ".snap", source.area.kind, source.area.id, source.path)));
  if (!isBegun && action !== "create" && before !== unread) {
    if ((await contentAt(parts, step, work)) !== before) return "changed";
  }
  const displaceTo =
    action === "create" ? {} : { displaceTo: { kind: "undo", id: restore } as const };
  return await swapFolder({ top, disk: nodeDisk }, { path: place, source, ...displaceTo });
}

function sourceOf(restore: string, { path: place, source }: UnitStep): AreaPath {
  if (source !== undefined) return { area: { kind: "undo", id: source }, path: place };
  return { area: { kind: "staging", id: restore }, path: joinPath(stagedUnits, place) };
}

async function stepsOf(
  parts: Parts,
  { root, selects }: { readonly root: SnapshotRoot; readonly selects: (path: RelPath) => boolean },
  work: Work,
): ReturnType<RestoreUnits["steps"]> {
  const steps: UnitStep[] = [];
  const left: AsidePath[] = [];
  for (const facts of root.git ?? []) {
    const place = unitFolder(facts.id);
    if (!selects(place)) continue;
    const reason = whyLeft(root, facts);
    if (reason === undefined) {
      const step = await stepOf(parts, { root, facts }, work);
      if (step !== undefined) steps.push(step);
    } else left.push({ path: facts.id, side: "local", reason });
  }
  return { steps, left };
}

function whyLeft(
  { reason }: SnapshotRoot,
  { id, consistency }: UnitFacts,
): AsidePath["reason"] | undefined {
  if (unitFolder(id) === topPath) return "the workspace is itself the repository";
  if (consistency === "torn") return "the repository was torn when it was captured";
  return reason === "import" ? "a repository of an archive is only copied out" : undefined;
}

async function stepOf(
  { workspace, store, units }: Parts,
  { root, facts }: { readonly root: SnapshotRoot; readonly facts: UnitFacts },
  work: Work,
): Promise<UnitStep | undefined> {
  const { vcs } = facts;
  const place = unitFolder(facts.id);
  const stored = storedUnit(store, root, place);
  const compared = { store, root, source: { units }, rehash: false };
  const isThere = isFolder(path.join(workspace.local.top, place));
  const found = isThere ? await presentUnit(compared, { path: place, vcs }, work) : undefined;
  if (found === "same") return undefined;
  const after = await unitWitness(stored, place, vcs);
  const what = { path: place, vcs, after, to: standingOf(facts) };
  if (found === undefined || "change" in found) {
    const room = await roomOf(stored, place);
    const action = found === undefined ? "create" : "replace";
    return { ...what, action, room, ...(found === undefined ? {} : { before: unread }) };
  }
  using here = found;
  const before = await unitWitness(here, place, vcs);
  if (before === after) return undefined;
  const from = await standingNow({ stored, here }, { path: place, vcs }, work);
  const room = await roomOf(stored, place);
  return { ...what, action: "replace", room, before, ...(from === undefined ? {} : { from }) };
}

async function roomOf(stored: UnitFiles, place: RelPath): Promise<NonNullable<UnitStep["room"]>> {
  let [files, bytes] = [0, 0];
  for await (const { size = 0 } of stored.entries(place)) {
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}

/** Where the present one stands, if that is elsewhere. */
async function standingNow(
  { stored, here }: { readonly stored: UnitFiles; readonly here: UnitFiles },
  unit: Pick<UnitStep, "path" | "vcs">,
  work: Work,
): Promise<Standing | undefined> {
  const objects = { added: 0, removed: 0, changed: 0 };
  const sides = { from: stored, to: here };
  return (await unitDifference(sides, { ...unit, parts: [], objects }, work)).head?.to;
}

async function contentAt(
  { workspace, units }: Parts,
  { path: place, vcs }: Pick<UnitStep, "path" | "vcs">,
  work: Work,
): Promise<string | undefined> {
  if (!isFolder(path.join(workspace.local.top, place))) return undefined;
  const found = await readPresentUnit(units, { path: place, vcs }, work);
  if ("change" in found) return unread;
  using here = found;
  return await unitWitness(here, place, vcs);
}

/** What a program that is at work in a repository leaves there as long. */
const locks = {
  git: ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"],
  hg: ["wlock", "store/lock"],
} as const;

async function requireQuiet(
  { workspace, units }: Parts,
  steps: readonly UnitStep[],
  work: Work,
): Promise<void> {
  for (const { path: place, vcs } of steps) {
    const folder = path.join(workspace.local.top, place);
    if (!isFolder(folder)) continue;
    const lock = locks[vcs].find((name) => kindOf(path.join(folder, name)) !== undefined);
    if (lock !== undefined) throw atWork(place, `it holds "${lock}"`);
    const { operation } = (await units.knowledge?.describe({ path: place, vcs }, work)) ?? {};
    if (operation !== undefined) throw atWork(place, `a ${operation} is half done`);
  }
}

function atWork(place: RelPath, why: string): SnapError {
  return new SnapError(
    "refused",
    `Nothing was changed: somebody is at work in "${place}", ${why}`,
    {
      path: place,
      hint: "Finish or abort that first. A lock that a killed program left behind can be removed.",
    },
  );
}

function isFolder(at: string): boolean {
  return kindOf(at) === "folder";
}

function kindOf(at: string): "folder" | "other" | undefined {
  const stat = lstatSync(at, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isDirectory() ? "folder" : "other";
}
