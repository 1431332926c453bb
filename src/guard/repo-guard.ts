/**
 * @module guard — repositories and a file sync are kept apart (G1).
 *
 * `openGuard` finds every repository in a folder by the names in it (`detect`, `classify`), says what would be lost
 * (`describe`), and leaves the decision to its caller. It only reads (G3), nothing of a repository is run, no network is used
 * (G5). Plain text is read by our own parsers. What needs objects is asked of native git or hg, which only ever see a shadow of
 * the repository (`shadow-git`), or of a library (`isomorphic`). What cannot be read is a finding, never "clean" (G4), and a
 * number that is not known is said not to be known (G36).
 */
import { hostname, tmpdir } from "node:os";
import { sep } from "node:path";
import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import type { Clock } from "../std/time.ts";
import type { Subject } from "./classify.ts";
import type { EngineChoice } from "./describe.ts";
import { openDescriber, type GuardPrograms } from "./describer.ts";
import { repositoriesAt, sweepFolder, type Sweep } from "./detect.ts";
import { complete, foundIn, type Covers, type Draft } from "./drafts.ts";
import { findElsewhere, type ElsewherePlaces } from "./elsewhere.ts";
import { examine, type Examination, type ExamineOptions } from "./examine.ts";
import { shareOfTime } from "./fair-share.ts";
import { isAtRisk } from "./risk.ts";
import { findGit, findProgram } from "./shadow-git.ts";
import { findSurroundings, type Surrounding } from "./surroundings.ts";

/** What a check goes by. */
export type GuardOptions = {
  /** Whether the link's rules leave a path out (G9). */
  readonly rules: Covers;
  readonly overrides: readonly OverrideRecord[];
  /** Absolute; no program at or below it is used (G33). The folder itself where none is given. */
  readonly outside?: string | undefined;
  /** Who counts commits and files (G31); the cheapest that is exact where it is not given. */
  readonly engine?: EngineChoice | undefined;
  /** How long the check may take, in ms. Detection that is not done then is not complete; numbers are not computed. */
  readonly budgetMs?: number | undefined;
  /** Follow everything that is reachable, without waiting for a sign of damage (G40). */
  readonly deep?: boolean | undefined;
  /** Where repositories are looked for whose history is elsewhere (G11); nowhere if absent. */
  readonly elsewhere?: ElsewherePlaces | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** All repositories of a folder together are not described for longer where no budget is given. */
const describeMs = 60_000;

/** Where everything is to be followed, that takes its time. */
const deepMs = 10 * 60_000;

/** Finds and describes repositories; decides nothing. */
export interface RepoGuard {
  /**
   * Look into a folder, everything below it, and around it. Changes nothing; trouble with a part of it is in the report.
   *
   * @param top absolute and resolved
   */
  check(top: string, options: GuardOptions): Promise<GuardReport>;
  /** The same for the folder alone, without a search for damage: the repositories that it is, by its own entries. Their path is `.`. */
  examine(folder: string, options: GuardOptions): Promise<readonly GuardFinding[]>;
}

/** What the guard sees of the machine. */
export type GuardWorld = {
  /** Tells which overrides have ended, and when a budget has. */
  readonly clock: Clock;
  /** Name of this computer; what the system says where it is not given. */
  readonly host?: string | undefined;
  /** Without them no program is asked. */
  readonly programs?: GuardPrograms | undefined;
};

/** The guard. */
export function openGuard(world: GuardWorld): RepoGuard {
  return {
    check: (top, options) => check(world, top, options),
    examine: async (folder, options) => {
      const sightings = repositoriesAt(folder);
      const sweep = { sightings, folders: 1, files: 0, oddIgnores: [], complete: true };
      const seen = { top: folder, options, sweep, around: [], briefly: true };
      return (await report(world, seen)).findings;
    },
  };
}

async function check(world: GuardWorld, top: string, options: GuardOptions): Promise<GuardReport> {
  const { clock } = world;
  const { budgetMs, elsewhere } = options;
  const end = budgetMs === undefined ? undefined : clock.now() + budgetMs;
  const sweep = await sweepFolder(top, () => end !== undefined && clock.now() >= end);
  const around = [
    ...findSurroundings(top),
    ...(elsewhere === undefined ? [] : findElsewhere(top, elsewhere)),
  ];
  return await report(world, { top, options, sweep, around, end });
}

type Seen = {
  readonly top: string;
  readonly options: GuardOptions;
  readonly sweep: Sweep;
  readonly around: readonly Surrounding[];
  /** ms since 1970; when the budget is over. */
  readonly end?: number | undefined;
  /** Damage is not looked for. */
  readonly briefly?: boolean;
};

/** Describe what was seen, one repository after the other. */
async function report(world: GuardWorld, seen: Seen): Promise<GuardReport> {
  const { top, options, sweep, around, end } = seen;
  const { overrides, engine = "auto", signal, rules } = options;
  const { clock } = world;
  const outside = options.outside ?? top;
  const found = foundIn({ top, rules, around, sightings: sweep.sightings });
  const deadline = end ?? clock.now() + (options.deep === true ? deepMs : describeMs);
  const git = gitOf(world, outside);
  const describe = openDescriber(world, { outside, engine, git, deadline, signal });
  const examining = examineOptions(world, { ...options, outside, git, deadline });
  const wholeMs = deadline - clock.now();
  const drafts: Draft[] = [];
  for (const [index, { draft, subject }] of found.entries()) {
    const { state, covered, form } = draft;
    const plain = covered || form === "parent";
    const facts = await describe({ subject, state, plain, oddIgnores: sweep.oddIgnores });
    const isSpared = form === "parent" || seen.briefly === true;
    const repositories = found.length - index;
    const share = shareOfTime({ now: clock.now(), deadline, wholeMs, repositories });
    const bounded = { ...examining, deadline: share };
    const health = isSpared ? unexamined : await examineSubject(subject, top, bounded);
    const known = { ...draft, ...health, facts };
    drafts.push({ ...known, atRisk: isAtRisk(known) });
  }
  const isIdentityKnown = engine !== "none";
  const context = { drafts, overrides, now: clock.now(), isIdentityKnown };
  return {
    top,
    checkedAt: context.now,
    findings: drafts.map((draft, index) => complete(draft, index, context)),
    complete: sweep.complete && drafts.every((draft) => draft.state !== "indeterminate"),
    scanned: { folders: sweep.folders, files: sweep.files },
  };
}

/** Git is looked for once, and only where it is needed. */
function gitOf({ clock, programs }: GuardWorld, outside: string): ExamineOptions["git"] {
  let git: ReturnType<ExamineOptions["git"]> | undefined;
  return () => (git ??= findGit(programs?.path, { outside, clock }));
}

function examineOptions(
  { clock, host = hostname(), programs }: GuardWorld,
  options: Pick<GuardOptions, "deep" | "engine" | "signal"> &
    Pick<ExamineOptions, "git" | "deadline"> & { readonly outside: string },
): ExamineOptions {
  const { deep = false, engine = "auto", outside, git, deadline, signal } = options;
  const isAsked = engine === "auto" || engine === "git";
  return {
    deep,
    host,
    clock,
    deadline,
    signal,
    git: isAsked ? git : () => Promise.resolve(undefined),
    hg: () => (engine === "auto" ? findProgram("hg", programs?.path, outside) : undefined),
    tmp: programs?.tmp ?? tmpdir(),
  };
}

const unexamined: Pick<Examination, "damage"> & { readonly integrity: undefined } = {
  damage: [],
  integrity: undefined,
};

/** A worktree shares objects and refs with a repository that is examined by itself where it is in the workspace. */
async function examineSubject(
  subject: Subject | undefined,
  top: string,
  options: ExamineOptions,
): Promise<Examination | typeof unexamined> {
  if (subject === undefined) return unexamined;
  if (subject.vcs === "hg") return await examine({ vcs: "hg", folder: subject.gitdir }, options);
  const { gitdir, common } = subject;
  const isInside = `${common.toString()}${sep}`.startsWith(`${top}${sep}`);
  const withCommon = gitdir.equals(common) || !isInside;
  return await examine({ vcs: "git", places: { gitdir, common }, withCommon }, options);
}
