import type { EngineFacts, Head } from "../core/repo/finding.ts";
import { askRefs } from "./ask-refs.ts";
import type { Describing, Known } from "./describe.ts";
import { gitNumbers, type GitQuestion } from "./git-numbers.ts";
import type { RefsRead } from "./git-refs.ts";
import type { GitLayout } from "./git-layout.ts";
import { isAtOrBelow } from "./read-only.ts";
import { isCheap, isSparse, rowOfGit, rowOfIsomorphic, type Row } from "./git-rows.ts";
import { isomorphicNumbers } from "./isomorphic.ts";
import {
  unknownHistory,
  unknownStatus,
  type HistoryNumbers,
  type NumbersEngine,
  type StatusNumbers,
} from "./numbers.ts";
import { openShadow, type GitBinary, type Shadow } from "./shadow-git.ts";
import { fillIndex } from "./sparse-index.ts";
import { Unproven } from "./unproven.ts";

/** What an engine made known, and which one. */
export type Answers = EngineFacts & {
  readonly history: HistoryNumbers;
  readonly status: StatusNumbers;
  /** Why the count of changed files is approximate. */
  readonly approximate: readonly string[];
  /** Where only the engine could read them. */
  readonly head?: Head;
  readonly read?: RefsRead;
};

/** One repository never takes longer, whatever the budget of all is. */
const repositoryMs = 10_000;

/** The same for isomorphic-git, which runs in this process (G31). */
const isomorphicMs = 2_000;

/** What is thought to be cheap gets no longer before another engine is asked. */
const cheapMs = 250;

/** The identity alone is not worth more. */
const identityMs = 1_000;

/**
 * Ask the cheapest engine whose answer is exact (G31): isomorphic-git for what is small and simple; native git; isomorphic-git
 * within its bounds; none. An engine that fails says nothing about the repository (G32).
 */
export async function askEngine(known: Known, describing: Describing): Promise<Answers> {
  const { engine, clock, deadline } = describing;
  if (engine === "none") return noAnswers("not-examined");
  if (clock.now() >= deadline) return noAnswers("budget");
  if (engine === "isomorphic-git") return await askIsomorphic(known, describing, isomorphicMs);
  if (engine === "auto" && isCheap(known.layout)) {
    const answers = await askIsomorphic(known, describing, cheapMs);
    if (isComplete(known, answers)) return answers;
  }
  const git = await describing.git();
  if (git !== undefined) return await askGit(known, git, describing);
  return engine === "git"
    ? noAnswers("no-git")
    : await askIsomorphic(known, describing, isomorphicMs);
}

/** Whether another engine could not do better. */
function isComplete({ layout }: Known, { history, status }: Answers): boolean {
  const files = layout.worktree === undefined ? [] : Object.values(status);
  return [history.unpushed, ...files].every(({ precision }) => precision === "exact");
}

/** @param reason is that of each number */
function noAnswers(reason: string): Answers {
  return {
    name: "none",
    version: undefined,
    degraded: [reason],
    history: unknownHistory(reason),
    status: unknownStatus(reason),
    approximate: [],
  };
}

async function askGit(known: Known, git: GitBinary, describing: Describing): Promise<Answers> {
  const { clock, tmp, signal } = describing;
  const { layout } = known;
  const row = rowOfGit(layout, git);
  if (row.history !== undefined) return noAnswers(row.history);
  const { places, worktree, configs, storage: format, outer } = layout;
  try {
    await using shadow = await openShadow(
      git,
      { ...places, worktree, configs, format, attributes: outer.text, refs: known.read.refs },
      { tmp, clock, signal },
    );
    const deadline = Math.min(describing.deadline, clock.now() + repositoryMs);
    const identityDeadline = Math.min(deadline, clock.now() + identityMs);
    const { common } = places;
    const told = format.refs === "files" ? undefined : await askRefs(shadow, { common, deadline });
    const head = told?.head ?? known.head;
    const read = told?.read ?? known.read;
    const ignoresUnread = hasOddIgnores(layout, describing);
    const question = { layout, head, read, deadline, identityDeadline, ignoresUnread };
    const asked = await withIndex(row, shadow, question);
    const answers = await answersOf(gitNumbers(git, shadow, question), asked);
    return told === undefined ? answers : { ...answers, ...told };
  } catch (error) {
    if (error instanceof Unproven) return noAnswers(error.reason);
    throw error;
  }
}

function hasOddIgnores(
  { worktree, oddExcludes }: GitLayout,
  { oddIgnores = [] }: Describing,
): boolean {
  if (oddExcludes || worktree === undefined) return oddExcludes;
  return oddIgnores.some((folder) => isAtOrBelow(folder, worktree));
}

/** A sparse index has to be filled up first; where that fails, files are not asked about. */
async function withIndex(
  row: Row,
  shadow: Shadow,
  { layout, deadline }: Pick<GitQuestion, "layout" | "deadline">,
): Promise<Row> {
  const isReady = !isSparse(layout) || (await fillIndex(shadow, layout, deadline));
  return isReady ? row : { ...row, status: row.status ?? "sparse-index" };
}

async function askIsomorphic(
  known: Known,
  describing: Describing,
  timeMs: number,
): Promise<Answers> {
  const row = rowOfIsomorphic(known.layout);
  if (row.history !== undefined) return noAnswers(row.history);
  const { clock } = describing;
  const deadline = Math.min(describing.deadline, clock.now() + timeMs);
  using numbers = await isomorphicNumbers(known, { clock, deadline });
  return await answersOf(numbers, row);
}

async function answersOf(engine: NumbersEngine, row: Row): Promise<Answers> {
  const [history, status] = await Promise.all([
    engine.history(),
    row.status === undefined ? engine.status() : unknownStatus(row.status),
  ]);
  const reasons = Object.values(status).flatMap((measured) =>
    measured.precision === "notComputed" ? [measured.reason] : [],
  );
  return {
    name: engine.name,
    version: engine.version,
    degraded: [...new Set([...history.degraded, ...reasons])],
    history,
    status,
    approximate: row.approximate,
  };
}
