import { createHash } from "node:crypto";
import type { BranchAhead, Measured, WorkFacts } from "../core/repo/finding.ts";
import { notComputed } from "./git-facts.ts";

/** What an engine says of commits. */
export type HistoryNumbers = {
  readonly unpushed: Measured;
  readonly branches: readonly BranchAhead[];
  readonly repoId: string | undefined;
  /** Reasons for which something is less than exact. */
  readonly degraded: readonly string[];
};

/** What an engine says of files. */
export type StatusNumbers = Pick<WorkFacts, "staged" | "unstaged" | "conflicted" | "untracked">;

/** Something that answers questions about one repository's commits and files. It never throws for what it finds. */
export interface NumbersEngine {
  readonly name: "git" | "isomorphic-git";
  readonly version: string;
  history(): Promise<HistoryNumbers>;
  status(): Promise<StatusNumbers>;
}

/** No commit was counted, and why. */
export function unknownHistory(reason: string): HistoryNumbers {
  return { unpushed: notComputed(reason), branches: [], repoId: undefined, degraded: [reason] };
}

/** No file was counted, and why. */
export function unknownStatus(reason: string): StatusNumbers {
  const unknown = notComputed(reason);
  return { staged: unknown, unstaged: unknown, conflicted: unknown, untracked: unknown };
}

/** A number that is known for certain. */
export function exact(value: number): Measured {
  return { precision: "exact", value };
}

/** The same number with a weaker mark; a mark is never made stronger (G36). */
export function atMost(mark: "lowerBound" | "approximate", measured: Measured): Measured {
  if (measured.precision === "notComputed" || measured.precision === "approximate") return measured;
  return { precision: mark, value: measured.value };
}

/** What clones of one repository have in common: the hash of its sorted root commits; undefined without a commit. */
export function identityOf(roots: readonly string[]): string | undefined {
  if (roots.length === 0) return undefined;
  const sorted = [...new Set(roots)].toSorted();
  return createHash("sha256").update(sorted.join("\n")).digest("hex");
}
