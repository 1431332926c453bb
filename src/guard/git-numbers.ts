import type { BranchAhead, Head, Measured } from "../core/repo/finding.ts";
import { branchesToLookAt } from "./branches.ts";
import { notComputed } from "./git-facts.ts";
import type { GitLayout } from "./git-layout.ts";
import type { RefsRead } from "./git-refs.ts";
import {
  exact,
  identityOf,
  unknownHistory,
  type HistoryNumbers,
  type NumbersEngine,
  type StatusNumbers,
} from "./numbers.ts";
import { trackingWords } from "./remotes.ts";
import type { ProgramEnd } from "./run-program.ts";
import type { GitBinary, Shadow } from "./shadow-git.ts";

/** What native git is asked about. */
export type GitQuestion = {
  readonly layout: GitLayout;
  readonly head: Head;
  readonly read: RefsRead;
  /** ms since 1970. */
  readonly deadline: number;
  /** The identity of a repository with a long history is not worth more than this, ms since 1970. */
  readonly identityDeadline: number;
  /** Rules to ignore files are in something that Git must not open. */
  readonly ignoresUnread: boolean;
};

const countBytesMax = 64;
const namesBytesMax = 64 * 1024 * 1024;

/** Numbers from native git in a shadow gitdir (G33, G37). */
export function gitNumbers(git: GitBinary, shadow: Shadow, question: GitQuestion): NumbersEngine {
  return {
    name: "git",
    version: git.version,
    history: () => history(shadow, question),
    status: () => status(shadow, question),
  };
}

async function history(shadow: Shadow, question: GitQuestion): Promise<HistoryNumbers> {
  const own = hasCommit(question.head) ? ["HEAD"] : [];
  const tips = ["--branches", ...own, ...question.read.detached];
  const pushed = trackingWords(question.layout.remotes, question.read.refs.keys());
  if (pushed === undefined) return unknownHistory("too-many-refs");
  const unpushed = await countCommits(shadow, question, [...tips, "--not", ...pushed]);
  const listed = await branchesAhead(shadow, question, pushed);
  return {
    unpushed,
    branches: listed.branches,
    repoId: await identity(shadow, question),
    degraded: [
      ...(unpushed.precision === "notComputed" ? [unpushed.reason] : []),
      ...(listed.whole ? [] : ["branches"]),
    ],
  };
}

function hasCommit(head: Head): boolean {
  return head.kind === "detached" || (head.kind === "branch" && head.oid !== undefined);
}

async function countCommits(
  shadow: Shadow,
  { deadline }: GitQuestion,
  revisions: readonly string[],
): Promise<Measured> {
  const words = ["rev-list", "--count", ...revisions];
  const ended = await shadow.run(words, { bytesMax: countBytesMax, deadline });
  const text = ended.stdout.toString("latin1").trim();
  return ended.code === 0 && /^\d+$/u.test(text)
    ? exact(Number(text))
    : notComputed(reasonOf(ended));
}

/** Why a run did not answer. What Git says of damage is not repeated here: that is for the check of damage to find (G32). */
function reasonOf({ end, stderr }: ProgramEnd): string {
  if (end === "budget" || end === "memory" || end === "interrupted") return end;
  if (end === "too-much") return "too-much-output";
  return /dubious ownership/u.test(stderr) ? "not-owned" : "git-failed";
}

type Listed = { readonly branches: readonly BranchAhead[]; readonly whole: boolean };

async function branchesAhead(
  shadow: Shadow,
  question: GitQuestion,
  pushed: readonly string[],
): Promise<Listed> {
  const { looked, whole } = branchesToLookAt(question.layout, question.read.refs);
  const branches: BranchAhead[] = [];
  for (const { ref, upstream } of looked) {
    const base = upstream === undefined ? pushed : [upstream];
    const name = ref.slice("refs/heads/".length);
    const ahead = await countCommits(shadow, question, [ref, "--not", ...base]);
    const others = ["--not", ...pushed, `--exclude=${name}`, "--branches"];
    const unique = await countCommits(shadow, question, [ref, ...others]);
    if (ahead.precision !== "exact" || unique.precision !== "exact")
      return { branches, whole: false };
    if (ahead.value > 0) branches.push({ name, ahead: ahead.value, unique: unique.value });
  }
  return { branches, whole };
}

/**
 * The hash of the sorted root commits, which every clone has in common. A stash has a root of its own now and then, so it is left
 * out; the roots of a shallow repository are not known.
 */
async function identity(
  shadow: Shadow,
  { layout, head, identityDeadline }: GitQuestion,
): Promise<string | undefined> {
  if (layout.shallow) return undefined;
  const tips = ["--branches", "--remotes", "--tags", ...(hasCommit(head) ? ["HEAD"] : [])];
  const { code, stdout } = await shadow.run(["rev-list", "--max-parents=0", ...tips], {
    bytesMax: namesBytesMax,
    deadline: identityDeadline,
  });
  const roots = stdout
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
  return code === 0 ? identityOf(roots) : undefined;
}

const statusWords = [
  "status",
  "--porcelain=v2",
  "-z",
  "--untracked-files=no",
  // Whether a submodule stands at another commit is asked, what is in it is not: no second process is started for it.
  "--ignore-submodules=dirty",
  "--no-renames",
] as const;

const untrackedWords = [
  "ls-files",
  "-z",
  "--others",
  "--exclude-standard",
  "--directory",
  "--no-empty-directory",
] as const;

async function status(
  shadow: Shadow,
  { deadline, ignoresUnread }: GitQuestion,
): Promise<StatusNumbers> {
  const bounds = { bytesMax: namesBytesMax, deadline };
  const changed = await shadow.run(statusWords, bounds);
  if (ignoresUnread)
    return { ...countChanges(changed), untracked: notComputed("ignores-not-read") };
  const untracked = await shadow.run(untrackedWords, bounds);
  return { ...countChanges(changed), untracked: countNames(untracked) };
}

/** git-status(1), "Porcelain Format Version 2": one record a file. */
function countChanges(ended: ProgramEnd): Omit<StatusNumbers, "untracked"> {
  const records = recordsOf(ended);
  if (records === undefined) {
    const unknown = notComputed(reasonOf(ended));
    return { staged: unknown, unstaged: unknown, conflicted: unknown };
  }
  const changes = records.filter((record) => record.startsWith("1 "));
  const count = (some: readonly string[]): Measured => ({
    precision: ended.end === "exited" ? "exact" : "lowerBound",
    value: some.length,
  });
  return {
    staged: count(changes.filter((record) => record.charAt(2) !== ".")),
    unstaged: count(changes.filter((record) => record.charAt(3) !== ".")),
    conflicted: count(records.filter((record) => record.startsWith("u "))),
  };
}

/** Where a folder could not be looked into, Git goes on and says so: then there may be more. */
function countNames(ended: ProgramEnd): Measured {
  const records = recordsOf(ended);
  if (records === undefined) return notComputed(reasonOf(ended));
  const isWhole = ended.end === "exited" && ended.stderr === "";
  return { precision: isWhole ? "exact" : "lowerBound", value: records.length };
}

/** Whole records; undefined where the answer proves nothing. */
function recordsOf({ end, code, stdout }: ProgramEnd): readonly string[] | undefined {
  const isCut = end === "too-much";
  if (!isCut && code !== 0) return undefined;
  return stdout.toString("latin1").split("\0").slice(0, -1);
}
