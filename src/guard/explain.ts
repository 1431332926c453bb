import type { GuardFinding, GuardReport, Integrity } from "../core/repo/finding.ts";
import { explainNumbers, type ExplainedNumber } from "./explain-numbers.ts";
import { describeFinding } from "./finding-text.ts";
import { reasonText } from "./reasons.ts";
import { isRefused } from "./report.ts";
import { waysOutOf, type WayOut } from "./ways-out.ts";

/** One finding in full sentences (G6). Names in it are not escaped. */
export type Explanation = {
  readonly id: string;
  readonly path: string;
  /** What it is. */
  readonly what: string;
  /** Where its history lies. */
  readonly where: string;
  /** What the guard makes of it. */
  readonly decision: string;
  readonly numbers: readonly ExplainedNumber[];
  /** Damage and hints, each with what it means. */
  readonly damage: readonly string[];
  /** What was not computed or only about, and why. */
  readonly notComputed: readonly string[];
  readonly waysOut: readonly WayOut[];
};

/** Say all that is known of a finding. */
export function explainFinding(finding: GuardFinding, report: GuardReport): Explanation {
  const { id, path, facts } = finding;
  return {
    id,
    path,
    what: whatText(finding, report.checkedAt),
    where: whereText(finding),
    decision: decisionText(finding),
    numbers: facts === undefined ? [] : explainNumbers(facts),
    damage: finding.damage.map(({ severity, path: part, detail }) =>
      severity === "damage"
        ? `Damaged at "${part}": ${detail}.`
        : `A hint at "${part}": ${detail}.`,
    ),
    notComputed: notComputed(finding),
    waysOut: waysOutOf(finding, report.top),
  };
}

const systems: Readonly<Record<NonNullable<GuardFinding["vcs"]>, string>> = {
  git: "Git",
  hg: "Mercurial",
  svn: "Subversion",
  bzr: "Bazaar",
  darcs: "Darcs",
  pijul: "Pijul",
  sapling: "Sapling",
  jj: "Jujutsu",
  fossil: "Fossil",
  cvs: "CVS",
  rcs: "RCS",
  sccs: "SCCS",
  repo: "repo",
  perforce: "Perforce",
  plastic: "Plastic SCM",
};

function whatText(finding: GuardFinding, now: number): string {
  const { vcs, absolutePath, form, state, severity } = finding;
  if (form === "unreadable" || vcs === undefined)
    return `"${absolutePath}" could not be read: ${finding.detail ?? "it is not known why"}. It may hold a repository.`;
  const facts = describeFinding(finding, now);
  if (severity === "info") return `"${absolutePath}" is known to ${systems[vcs]}: ${facts}.`;
  const what = `"${absolutePath}" is a ${stateWords[state]} repository of ${systems[vcs]}`;
  return facts === "" ? `${what}.` : `${what} (${facts}).`;
}

const stateWords: Readonly<Record<GuardFinding["state"], string>> = {
  live: "live",
  broken: "broken",
  displaced: "renamed",
  indeterminate: "not readable",
};

function whereText({
  form,
  marker,
  absolutePath,
  gitdir,
  commonDir,
  detail,
  severity,
}: GuardFinding): string {
  if (form === "unreadable") return "Where a history lies is not known.";
  if (severity === "info" && form !== "elsewhere") return "A sync of its files harms no history.";
  if (form === "dangling" && gitdir === undefined)
    return `The file "${marker}" does not say where its history lies.`;
  if (form === "dangling") return `Its history should lie at "${gitdir}", and is not there.`;
  if (commonDir !== undefined)
    return `Its history lies in the repository "${commonDir}", which it shares with other worktrees.`;
  if (gitdir !== undefined) return `Its history lies at "${gitdir}".`;
  if (marker === "") {
    const why = detail === undefined ? "" : `; ${detail}`;
    return `The folder "${absolutePath}" itself is the history${why}.`;
  }
  return `Its history lies in "${absolutePath}/${marker}".`;
}

function decisionText(finding: GuardFinding): string {
  const { covered, override, severity, atRisk } = finding;
  if (override !== undefined)
    return `It is synced by override of ${override.who} on ${override.host}: ${override.reason}`;
  if (covered) return "A rule leaves it out, so nothing of it is transferred.";
  if (severity === "info") return "It forbids nothing, and is told for completeness.";
  if (!isRefused(finding)) return "It is a warning: its files may be synced, its history is not.";
  const risk = atRisk
    ? "Work in it would be lost with it, or it is not proven that none would."
    : "Everything in it is proven to be elsewhere as well.";
  return `It forbids a link, since a file sync copies a repository's files one by one. ${risk}`;
}

function notComputed({ facts, integrity }: GuardFinding): string[] {
  const searched = integrity === undefined ? [] : tiersOf(integrity);
  if (facts === undefined) return ["Nothing in it was counted.", ...searched];
  const { name, version, degraded } = facts.engine;
  const by =
    name === "none" ? "no program" : `${name}${version === undefined ? "" : ` ${version}`}`;
  const reasons = degraded.map((reason) => `Not everything is exact: ${reasonText(reason)}.`);
  return [`It was examined by ${by}.`, ...reasons, ...searched];
}

/** How far damage was looked for (G40). */
function tiersOf({ structure, tips, connectivity }: Integrity): string[] {
  const tiers = [
    ["Its structure was", structure],
    ["Its newest objects were", tips],
    ["All that they lead to was", connectivity],
  ] as const;
  return tiers.map(([what, extent]) => {
    if (extent.checked === "all") return `${what} searched for damage.`;
    const how = extent.checked === "part" ? "only in part" : "not";
    return `${what} ${how} searched for damage: ${reasonText(extent.reason)}.`;
  });
}
