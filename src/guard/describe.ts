import type { Head, Measured, RepositoryFacts, WorkFacts } from "../core/repo/finding.ts";
import type { Clock } from "../std/time.ts";
import { askEngine, type Answers } from "./ask-engine.ts";
import { configBoolean, configValue } from "./git-config.ts";
import {
  headOf,
  locksIn,
  measureStashes,
  notComputed,
  operationIn,
  proofOfRefs,
  trackedOids,
} from "./git-facts.ts";
import { examineLayout, type GitLayout, type GitSubject } from "./git-layout.ts";
import { submodulesOf, worktreesOf } from "./git-parts.ts";
import { inTurns } from "../std/steps.ts";
import { refsInSteps, type RefsRead } from "./git-refs.ts";
import { atMost, exact } from "./numbers.ts";
import { bytesBelow } from "./packs.ts";
import { inside, modifiedAt, type Bytes } from "./read-only.ts";
import type { GitBinary } from "./shadow-git.ts";
import type { UserSettings } from "./user-config.ts";

export type { GitSubject } from "./git-layout.ts";

/** Who computes what needs objects (G31). */
export type EngineChoice = "auto" | "git" | "isomorphic-git" | "none";

/** With what repositories are described. */
export type Describing = {
  readonly engine: EngineChoice;
  readonly clock: Clock;
  /** ms since 1970; what is not known then is `notComputed`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Native git, found when it is first asked for. */
  readonly git: () => Promise<GitBinary | undefined>;
  /** The program of Mercurial. */
  readonly hg: () => string | undefined;
  /** An absolute folder for what is temporary. */
  readonly tmp: string;
  /** What the user set for every repository. */
  readonly user: UserSettings;
  /** Folders with rules to ignore files that Git must not open; none where nobody looked for them. */
  readonly oddIgnores?: readonly Bytes[] | undefined;
};

/** What is known before an engine is asked. */
export type Known = {
  readonly layout: GitLayout;
  readonly head: Head;
  readonly read: RefsRead;
};

/**
 * Say what a Git repository holds (G30, G31). Plain text is read by our own parsers; what needs objects is asked of the cheapest
 * engine whose answer is exact. Each number carries its mark (G36).
 */
export async function describeGit(
  subject: GitSubject,
  describing: Describing,
): Promise<RepositoryFacts> {
  const layout = examineLayout(subject, describing.user);
  const inTables = layout.storage.refs !== "files";
  const read = inTables ? noRefs : await inTurns(refsInSteps(subject));
  const head: Head = inTables ? { kind: "unreadable" } : headOf(subject.gitdir, read);
  const answers = await askEngine({ layout, head, read }, describing);
  return factsOf({ layout, head: answers.head ?? head, read: answers.read ?? read }, answers);
}

const noRefs: RefsRead = { refs: new Map(), complete: false, detached: [] };

function factsOf(known: Known, answers: Answers): RepositoryFacts {
  const { layout, head } = known;
  const { gitdir, common } = layout.places;
  return {
    head,
    remotes: layout.remotes.names,
    lastFetch: modifiedAt(inside(gitdir, "FETCH_HEAD")) ?? modifiedAt(inside(common, "FETCH_HEAD")),
    work: workOf(known, answers),
    format: layout.format,
    engine: {
      name: answers.name,
      version: answers.version,
      degraded: [...new Set([...answers.degraded, ...statusMarks(layout, answers)])],
    },
    operation: operationIn(gitdir),
    locks: locksIn(layout.places),
    submodules: submodulesOf(layout.worktree),
    worktrees: layout.linked ? [] : worktreesOf(common),
    lfs: layout.lfs,
    sizeBytes: bytesBelow(gitdir),
    repoId: answers.history.repoId,
  };
}

function workOf(known: Known, answers: Answers): WorkFacts {
  const { layout, read } = known;
  const { branches } = answers.history;
  const unpushed = measureUnpushed(known, answers.history.unpushed);
  return {
    ...measureFiles(layout, answers),
    ...unlessStagedIsKnown(known),
    stashes: measureStashes(layout.places.common, read),
    unpushed: { ...unpushed, branches: unpushed.precision === "notComputed" ? [] : branches },
  };
}

/** What is staged is what `HEAD` has otherwise: without its commit, only an unborn branch has a number. */
function unlessStagedIsKnown({ layout, head }: Known): Partial<Pick<WorkFacts, "staged">> {
  const isKnown = layout.bare || head.oid !== undefined || head.kind === "unborn";
  return isKnown ? {} : { staged: notComputed("head-not-read") };
}

/** Refs alone may prove that nothing is unpushed; or that no number could mean anything (G37). */
function measureUnpushed(known: Known, counted: Measured): Measured {
  const { layout, read } = known;
  const proof = proofOfRefs(known);
  if (typeof proof === "object") return notComputed(proof.reason);
  if (proof !== "needs-objects") return exact(0);
  const tracked = trackedOids(layout.remotes, read.refs).length;
  if (layout.bare && tracked === 0 && layout.remotes.names.length > 0) {
    return notComputed("no-tracking-refs");
  }
  const isZero = counted.precision === "exact" && counted.value === 0;
  return isZero || !mayHaveMore(known) ? counted : atMost("approximate", counted);
}

/** A file that is included may have the remote that some refs remember: then less is unpushed. */
function mayHaveMore({ layout, read: { refs } }: Known): boolean {
  const { isTracking } = layout.remotes;
  const isLeft = (name: string): boolean => name.startsWith("refs/remotes/") && !isTracking(name);
  return layout.includes && [...refs.keys()].some(isLeft);
}

type Files = Pick<WorkFacts, "staged" | "unstaged" | "conflicted" | "untracked">;

function measureFiles(layout: GitLayout, answers: Answers): Files {
  const none = exact(0);
  // Without a work tree there is no file that could be changed.
  if (layout.bare) return { staged: none, unstaged: none, conflicted: none, untracked: none };
  const { status } = answers;
  const marks = statusMarks(layout, answers);
  const weaker = marks.some((mark) => hiding.has(mark)) ? "lowerBound" : "approximate";
  return {
    staged: status.staged,
    unstaged: marks.length === 0 ? status.unstaged : atMost(weaker, status.unstaged),
    conflicted: conflictsOf(layout, status.conflicted),
    untracked: marks.includes("include")
      ? atMost("approximate", status.untracked)
      : status.untracked,
  };
}

/** Under these, changed files are passed over; under the others unchanged ones may be counted. */
const hiding: ReadonlySet<string> = new Set(["assume-unchanged", "skip-worktree"]);

function statusMarks(layout: GitLayout, { approximate, status }: Answers): string[] {
  if (layout.bare || status.unstaged.precision === "notComputed") return [];
  const { assumedValid, skipped } = layout.index;
  const isSparse = configBoolean(configValue(layout.config, "core.sparsecheckout")) === true;
  return [
    ...approximate,
    ...(assumedValid > 0 ? ["assume-unchanged"] : []),
    ...(skipped > 0 && !isSparse ? ["skip-worktree"] : []),
  ];
}

/** The index tells its conflicts by itself; a split one only in part. */
function conflictsOf({ index, worktree }: GitLayout, asked: Measured): Measured {
  if (asked.precision === "exact" || worktree === undefined) return asked;
  const isReadable = index.whole && !index.extensions.includes("link");
  return isReadable ? exact(index.conflicted) : asked;
}
