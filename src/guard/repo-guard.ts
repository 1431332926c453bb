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
import type { EntryKind } from "../core/repo/marker.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { comparePaths, isRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { Kind } from "../core/tree/node.ts";
import type { Clock } from "../std/time.ts";
import { adviceFor } from "./advice.ts";
import type { Subject } from "./classify.ts";
import type { EngineChoice } from "./describe.ts";
import { openDescriber, type GuardPrograms } from "./describer.ts";
import { sweepFolder, type Sighting } from "./detect.ts";
import { examine, type Examination, type ExamineOptions } from "./examine.ts";
import { isOverridable, validOverride } from "./overrides.ts";
import type { Bytes } from "./read-only.ts";
import { isAtRisk } from "./risk.ts";
import { findGit, findProgram } from "./shadow-git.ts";
import { findSurroundings, type Surrounding } from "./surroundings.ts";

/** What a check goes by. */
export type GuardOptions = {
  /** Whether the link's rules leave a path out (G9). */
  readonly rules: (path: RelPath, kind: Kind) => boolean;
  readonly overrides: readonly OverrideRecord[];
  /** Who counts commits and files (G31); the cheapest that is exact where it is not given. */
  readonly engine?: EngineChoice | undefined;
  /** How long the check may take, in ms. Detection that is not done then is not complete; numbers are not computed. */
  readonly budgetMs?: number | undefined;
  /** Follow everything that is reachable, without waiting for a sign of damage (G40). */
  readonly deep?: boolean | undefined;
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
  return { check: (top, options) => check(world, top, options) };
}

async function check(world: GuardWorld, top: string, options: GuardOptions): Promise<GuardReport> {
  const { clock } = world;
  const { overrides, engine = "auto", budgetMs, signal } = options;
  const end = budgetMs === undefined ? undefined : clock.now() + budgetMs;
  const sweep = await sweepFolder(top, () => end !== undefined && clock.now() >= end);
  const found = [
    ...findSurroundings(top).map(fromSurrounding),
    ...withoutClaimed(sweep.sightings).map((sighting) => fromSighting(sighting, options)),
  ].sort(byPlace);
  const deadline = end ?? clock.now() + (options.deep === true ? deepMs : describeMs);
  const git = gitOf(world, top);
  const describe = openDescriber(world, { top, engine, git, deadline, signal });
  const examining = examineOptions(world, { ...options, top, git, deadline });
  const drafts: Draft[] = [];
  for (const { draft, subject } of found) {
    const { state, covered, form } = draft;
    const facts = await describe({ subject, state, plain: covered || form === "parent" });
    const health = form === "parent" ? unexamined : await examineSubject(subject, top, examining);
    const known = { ...draft, ...health, facts };
    drafts.push({ ...known, atRisk: isAtRisk(known) });
  }
  const context = { drafts, overrides, now: clock.now() };
  return {
    top,
    checkedAt: context.now,
    findings: drafts.map((draft, index) => complete(draft, index, context)),
    complete: sweep.complete && drafts.every((draft) => draft.state !== "indeterminate"),
    scanned: { folders: sweep.folders, files: sweep.files },
  };
}

/** Git is looked for once, and only where it is needed. */
function gitOf({ clock, programs }: GuardWorld, top: string): ExamineOptions["git"] {
  let git: ReturnType<ExamineOptions["git"]> | undefined;
  return () => (git ??= findGit(programs?.path, { outside: top, clock }));
}

function examineOptions(
  { clock, host = hostname(), programs }: GuardWorld,
  options: Pick<GuardOptions, "deep" | "engine" | "signal"> &
    Pick<ExamineOptions, "git" | "deadline"> & { readonly top: string },
): ExamineOptions {
  const { deep = false, engine = "auto", top, git, deadline, signal } = options;
  const isAsked = engine === "auto" || engine === "git";
  return {
    deep,
    host,
    clock,
    deadline,
    signal,
    git: isAsked ? git : () => Promise.resolve(undefined),
    hg: () => (engine === "auto" ? findProgram("hg", programs?.path, top) : undefined),
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

type Draft = Omit<GuardFinding, "id" | "nestedIn" | "override" | "advice">;

/** A finding that is not described yet. */
type Found = {
  readonly draft: Omit<Draft, "facts" | "atRisk" | "damage" | "integrity">;
  readonly subject: Subject | undefined;
};

function byPlace({ draft: a }: Found, { draft: b }: Found): number {
  return comparePaths(a.path, b.path) || comparePaths(a.marker, b.marker);
}

/** A gitdir that a `.git` file or link leads to is one finding with it (G11). */
function withoutClaimed(sightings: readonly Sighting[]): Sighting[] {
  const claimed = new Set(
    sightings.flatMap(({ discovery }) => (discovery.claims ? [keyOf(discovery.claims)] : [])),
  );
  return sightings.filter(
    ({ marker, absolutePath }) => marker !== "" || !claimed.has(keyOf(absolutePath)),
  );
}

function keyOf(path: Bytes): string {
  return path.toString("hex");
}

function fromSurrounding({ discovery, path, marker }: Surrounding): Found {
  return foundAs(discovery, { path, absolutePath: path, marker, covered: false });
}

function fromSighting(sighting: Sighting, options: GuardOptions): Found {
  const { discovery, names, marker, absolutePath } = sighting;
  const covered = isCovered(sighting, options.rules);
  const path = names.length === 0 ? "." : names.join("/");
  const severity =
    covered && discovery.severity === "refuse" ? ("warn" as const) : discovery.severity;
  const located = { path, absolutePath: absolutePath.toString(), marker, covered };
  return foundAs({ ...discovery, severity }, located);
}

type Located = Pick<Draft, "path" | "absolutePath" | "marker" | "covered">;

function foundAs(discovery: Sighting["discovery"], located: Located): Found {
  const draft = {
    ...located,
    vcs: discovery.vcs,
    form: discovery.form,
    state: discovery.state,
    severity: discovery.severity,
    gitdir: discovery.gitdir,
    commonDir: discovery.commonDir,
    pathAbsolute: discovery.pathAbsolute,
    detail: discovery.detail,
  };
  return { draft, subject: discovery.subject };
}

/** Covered is a repository whose folder, or whose marker, the rules leave out. */
function isCovered({ names, marker, markerKind }: Sighting, rules: GuardOptions["rules"]): boolean {
  const folder = names.join("/");
  if (folder !== "" && ignores(rules, folder, "folder")) return true;
  return (
    marker !== "" && ignores(rules, folder === "" ? marker : `${folder}/${marker}`, markerKind)
  );
}

function ignores(rules: GuardOptions["rules"], path: string, kind: EntryKind & Kind): boolean {
  return isRelPath(path) && rules(path, kind);
}

type Context = {
  readonly drafts: readonly Draft[];
  readonly overrides: readonly OverrideRecord[];
  readonly now: number;
};

function complete(draft: Draft, index: number, context: Context): GuardFinding {
  const nestedIn = nearestAround(draft, context.drafts);
  const advice = adviceFor(draft);
  const finding = { ...draft, id: `f${index + 1}`, nestedIn, override: undefined, advice };
  if (!isOverridable(finding)) return finding;
  return { ...finding, override: validOverride(finding, context.overrides, context.now) };
}

function nearestAround(draft: Draft, drafts: readonly Draft[]): string | undefined {
  const inside = (outer: Draft): boolean =>
    outer.form !== "parent" &&
    outer.path !== draft.path &&
    (outer.path === "." || draft.path.startsWith(`${outer.path}/`));
  if (draft.form === "parent") return undefined;
  return drafts.filter(inside).toSorted((a, b) => b.path.length - a.path.length)[0]?.path;
}
