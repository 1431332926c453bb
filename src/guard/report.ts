import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import type { ExitCode } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { isExcludable } from "./advice.ts";
import { isDamage } from "./risk.ts";

/** From which finding on a check fails (G54). */
export type FailOn = "risk" | "repo" | "warn";

/** The worst that a check found. */
export type Verdict = "clear" | "warn" | "repo" | "risk" | "indeterminate" | "damage";

/** Whether a finding forbids: no rule covers it and nobody took the risk. */
export function isRefused(finding: GuardFinding): boolean {
  return finding.severity === "refuse" && !finding.covered && finding.override === undefined;
}

/** Whether a finding still forbids a link that leaves all repositories out (G46). */
export function isRefusedUnderExclude(finding: GuardFinding): boolean {
  return isRefused(finding) && !isExcludable(finding);
}

/** The whole in one word (G39). */
export function verdictOf(report: GuardReport): Verdict {
  const refused = report.findings.filter(isRefused);
  if (report.findings.some((finding) => finding.damage.some(isDamage))) return "damage";
  if (!report.complete) return "indeterminate";
  if (refused.some((finding) => finding.atRisk)) return "risk";
  if (refused.length > 0) return "repo";
  return report.findings.some((finding) => finding.severity !== "info") ? "warn" : "clear";
}

/** The exit code of a check (G54). */
export function guardExit(report: GuardReport, failOn: FailOn): ExitCode {
  const verdict = verdictOf(report);
  if (verdict === "damage") return 5;
  if (verdict === "indeterminate") return 4;
  const failing: Readonly<Record<FailOn, readonly Verdict[]>> = {
    risk: ["risk"],
    repo: ["risk", "repo"],
    warn: ["risk", "repo", "warn"],
  };
  return failing[failOn].includes(verdict) ? 3 : 0;
}

/** One line of `--json` (G39): data only, in the order in which it is to be printed. */
export type GuardEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** What only the caller of a check knows. */
type GuardRun = {
  readonly elapsedMs: number;
  readonly exit: ExitCode;
  /** What was asked for, as `start` tells it. */
  readonly options?: Readonly<Record<string, Json>> | undefined;
};

/** The events of a check (G39). */
export function guardEvents(report: GuardReport, run: GuardRun): GuardEvent[] {
  const schema = { v: 1, schema: "snap.guard/1" } as const;
  const count = (severity: GuardFinding["severity"]): number =>
    report.findings.filter((finding) => finding.severity === severity).length;
  return [
    { ...schema, type: "start", root: report.top, options: run.options ?? {} },
    ...report.findings.map((finding) => ({
      ...schema,
      type: "finding",
      ...findingFields(finding, report.checkedAt),
    })),
    {
      ...schema,
      type: "result",
      command: "guard check",
      root: report.top,
      complete: report.complete,
      verdict: verdictOf(report),
      counts: { refuse: count("refuse"), warn: count("warn"), info: count("info") },
      scanned: report.scanned,
      elapsedMs: run.elapsedMs,
      exit: run.exit,
    },
  ];
}

/** Members that are not known are null, as JSON says it. */
function findingFields(
  finding: GuardFinding,
  checkedAt: number,
): Readonly<Record<string, unknown>> {
  const { facts, absolutePath: _, ...plain } = finding;
  const fields = Object.entries({ ...plain, ...factFields(facts, checkedAt) });
  return Object.fromEntries(fields.map(([name, value]) => [name, value ?? null]));
}

const noFacts = {
  repoId: null,
  format: null,
  engine: null,
  head: null,
  remotes: null,
  noRemote: null,
  lastFetch: null,
  work: null,
  operation: null,
  locks: null,
  submodules: null,
  worktrees: null,
  lfs: null,
  sizeBytes: null,
} as const;

/** Each member is there for every finding. A lock dated ahead of the clock has no age. */
function factFields(
  facts: GuardFinding["facts"],
  checkedAt: number,
): Readonly<Record<keyof typeof noFacts, unknown>> {
  if (facts === undefined) return noFacts;
  return {
    ...facts,
    format: withNulls(facts.format),
    engine: withNulls(facts.engine),
    noRemote: facts.remotes.length === 0,
    lastFetch: facts.lastFetch === undefined ? null : new Date(facts.lastFetch).toISOString(),
    locks: facts.locks.map((lock) => ({
      ...lock,
      ageMs: Math.max(0, Math.round(checkedAt - lock.modified)),
    })),
    worktrees: facts.worktrees.map(withNulls),
  };
}

function withNulls(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value ?? null]));
}
