import { join } from "node:path";
import { tmpdir } from "node:os";
import { baseName, topPath } from "../core/path/rel-path.ts";
import type { GuardFinding, Measured } from "../core/repo/finding.ts";
import type { ContentMemory } from "../core/tree/content-memory.ts";
import type { RepositoryUnits, UnitPlace, UnitState } from "../core/repo/unit.ts";
import type { CheckOptions } from "../guard/check-unit.ts";
import { captureUnit, type UnitPlace as GuardPlace } from "../guard/git-unit.ts";
import { lookAtUnit } from "../guard/look-unit.ts";
import { commonDirOf } from "../guard/gitdir.ts";
import { findGit, findProgram, type GitBinary } from "../guard/shadow-git.ts";
import { Unproven } from "../guard/unproven.ts";
import { SnapError } from "../std/error.ts";
import type { MakeSpool } from "../std/line-sorter.ts";
import type { Environment } from "./environment.ts";
import { ownFolder } from "../local/parents.ts";
import { openGuardOf } from "./guard-world.ts";

/** The check of one captured repository takes no longer, ms: what is not checked then is `unverified` (N45). */
const checkMs = 60_000;

/** What a repository was like is found out in this time, ms, or not told. */
const describeMs = 10_000;

/** How a repository in a folder is checked with the programs of this machine; each check has its own time. */
export function unitCheck(
  { clock, variables }: Environment,
  top: string,
): (signal: AbortSignal | undefined) => CheckOptions {
  const path = variables["PATH"];
  let found: Promise<GitBinary | undefined> | undefined;
  return (signal) => ({
    clock,
    deadline: clock.now() + checkMs,
    git: () => (found ??= findGit(path, { outside: top, clock })),
    hg: () => findProgram("hg", path, top),
    tmp: tmpdir(),
    signal,
  });
}

/** What earlier captures have read of a workspace, how fine the times of its disk are, and where what is sorted waits. */
export type Contents = {
  readonly memory: ContentMemory;
  readonly granularityNs: bigint;
  readonly makeSpool: MakeSpool;
};

/** Captures the repositories of a workspace with the programs of this machine (N43). */
export function repositoryUnits(
  environment: Environment,
  top: string,
  { memory, granularityNs, makeSpool }: Contents,
): RepositoryUnits {
  const options = unitCheck(environment, top);
  return {
    keepsOwners: environment.isRoot,
    makeSpool,
    knowledge: {
      known: (path) => memory.unitAt(path),
      note: (path, unit) => memory.noteUnit(path, unit, granularityNs),
      look: async (place, { signal }) => await lookAtUnit(placeOf(top, place), signal),
      describe: async (place, { signal }) => await stateOf(environment, { top, place }, signal),
    },
    capture: async (place, sink, { signal }) => {
      try {
        const captured = await captureUnit(placeOf(top, place), sink, options(signal));
        return { ...captured, state: await stateOf(environment, { top, place }, signal) };
      } catch (error) {
        throw error instanceof Unproven ? refused(place, error) : error;
      }
    },
  };
}

function placeOf(top: string, { vcs, path }: UnitPlace): GuardPlace {
  const folder = Buffer.from(join(top, path));
  if (vcs === "hg") return { vcs, folder };
  const common = commonDirOf(folder);
  return {
    vcs,
    places: { gitdir: folder, common: common === undefined ? folder : Buffer.from(common) },
    // In a workspace that is itself a repository our own folder lies among Git's.
    ...(path === topPath ? { foreign: ownFolder } : {}),
  };
}

function refused({ path }: UnitPlace, cause: Unproven): SnapError {
  return new SnapError("refused", `The repository cannot be captured: ${cause.reason}`, {
    path,
    hint: "The folder for temporary files lies in it: TMPDIR names another one.",
    cause,
  });
}

type Asked = { readonly top: string; readonly place: UnitPlace };

/** What is told of it besides its content; it may have moved since. What is not found out in time is not told. */
async function stateOf(
  environment: Environment,
  { top, place }: Asked,
  signal: AbortSignal | undefined,
): Promise<UnitState> {
  const unit = join(top, place.path);
  const name = baseName(place.path);
  const isMarked = name === ".git" || name === ".hg";
  const findings = await openGuardOf(environment).examine(isMarked ? join(unit, "..") : unit, {
    rules: () => false,
    overrides: [],
    budgetMs: describeMs,
    signal,
  });
  const finding = findings.find(({ marker }) => marker === (isMarked ? name : ""));
  return finding?.facts === undefined ? {} : factsOf(finding.facts);
}

function factsOf({ head, operation, work }: NonNullable<GuardFinding["facts"]>): UnitState {
  const changed = [work.staged, work.unstaged, work.conflicted, work.untracked].map(valueOf);
  const isDirty = changed.some((count) => count !== undefined && count > 0);
  const isKnown = isDirty || changed.every((count) => count !== undefined);
  const stashes = valueOf(work.stashes);
  return {
    ...(head.oid === undefined ? {} : { head: head.oid }),
    ...(head.branch === undefined ? {} : { branch: head.branch }),
    ...(isKnown ? { dirty: isDirty } : {}),
    ...(stashes === undefined ? {} : { stashes }),
    ...(operation === undefined ? {} : { operation }),
  };
}

function valueOf(measured: Measured): number | undefined {
  return measured.precision === "notComputed" ? undefined : measured.value;
}
