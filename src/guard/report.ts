import type { GuardFinding, GuardReport, RepositoryForm } from "../core/repo/finding.ts";
import type { ExitCode } from "../std/error.ts";

/** From which finding on a check fails (G54). */
export type FailOn = "risk" | "repo" | "warn";

/** The worst that a check found. */
export type Verdict = "clear" | "warn" | "repo" | "risk" | "indeterminate" | "damage";

/** Whether a finding forbids: no rule covers it and nobody took the risk. */
export function isRefused(finding: GuardFinding): boolean {
  return finding.severity === "refuse" && !finding.covered && finding.override === undefined;
}

/**
 * Forms whose history lies at its marker, where the planner leaves it out by name (G14). A bare or displaced repository
 * cannot be left out of itself, a gitdir elsewhere has no name to tell it by, and what could not be read is not known.
 */
const excludable: ReadonlySet<RepositoryForm> = new Set([
  "dir",
  "submodule",
  "worktree",
  "dangling",
  "variant",
  "reftable",
  "share",
  "workspace",
]);

/** Whether a finding still forbids a link that leaves all repositories out (G46). */
export function isRefusedUnderExclude(finding: GuardFinding): boolean {
  return isRefused(finding) && !(finding.marker !== "" && excludable.has(finding.form));
}

/** The whole in one word (G39). */
export function verdictOf(report: GuardReport): Verdict {
  const refused = report.findings.filter(isRefused);
  if (report.findings.some((finding) => finding.damage.length > 0)) return "damage";
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

/** The events of a check; `elapsedMs` and the exit code are the caller's. */
export function guardEvents(
  report: GuardReport,
  run: { readonly elapsedMs: number; readonly exit: ExitCode },
): GuardEvent[] {
  const schema = { v: 1, schema: "snap.guard/1" } as const;
  const count = (severity: GuardFinding["severity"]): number =>
    report.findings.filter((finding) => finding.severity === severity).length;
  return [
    { ...schema, type: "start", root: report.top },
    ...report.findings.map((finding) => ({
      ...schema,
      type: "finding",
      ...findingFields(finding),
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
function findingFields(finding: GuardFinding): Readonly<Record<string, unknown>> {
  const { facts, absolutePath: _, ...plain } = finding;
  const fields = Object.entries({ ...plain, ...factFields(facts) });
  return Object.fromEntries(fields.map(([name, value]) => [name, value ?? null]));
}

function factFields(facts: GuardFinding["facts"]): Readonly<Record<string, unknown>> {
  if (facts === undefined) return { head: null, work: null };
  return {
    head: facts.head,
    remotes: facts.remotes,
    noRemote: facts.remotes.length === 0,
    lastFetch: facts.lastFetch === undefined ? null : new Date(facts.lastFetch).toISOString(),
    work: { uncommitted: facts.uncommitted, stashes: facts.stashes, unpushed: facts.unpushed },
    operation: facts.operation,
    locks: facts.locks,
  };
}
