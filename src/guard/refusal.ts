import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import { displayName } from "../core/path/names.ts";
import { shellWord } from "../core/path/shell-word.ts";
import { canPush } from "./advice.ts";
import { describeFinding } from "./finding-text.ts";
import { isOverridable } from "./overrides.ts";
import { isDamage } from "./risk.ts";
import { isRefused, isRefusedUnderExclude } from "./report.ts";

/** How the user named things, for a text that can be copied back to the command line. */
export type RefusalContext = {
  /** What is not done: `link`. */
  readonly action: string;
  /** The folder as the user wrote it. */
  readonly folder: string;
  /** The folder on the server as the user wrote it. */
  readonly remote?: string;
  /** `--repos exclude` was given already, and did not help. */
  readonly repos?: "refuse" | "exclude";
  /** Sentences about overrides that do not hold any more (G44). */
  readonly notes?: readonly string[];
};

/**
 * What a refusal says, in this order: what was found, which work is at risk, why, the ways out, what changed (G6). Names are
 * escaped (X16). Lines are separated by \n, without one at the end.
 */
export function refusalText(report: GuardReport, context: RefusalContext): string {
  const excluding = context.repos === "exclude";
  const refused = report.findings.filter(excluding ? isRefusedUnderExclude : isRefused);
  return [
    `snap does not ${context.action} "${displayName(context.folder)}": ${countText(refused)}.`,
    "",
    ...table(refused.map((finding) => rowOf(finding, report.checkedAt))),
    "",
    ...(context.notes ?? []).flatMap((note) => [note, ""]),
    "A file sync copies a repository's files one by one. Two devices then change it at once, and",
    "commits that were never pushed can be lost. See https://git-scm.com/docs/gitfaq",
    "",
    "What you can do:",
    ...waysOut(refused, context),
    `Nothing was changed. More: snap guard explain ${shellWord(context.folder)}`,
  ].join("\n");
}

function countText(refused: readonly GuardFinding[]): string {
  const unreadable = refused.filter((finding) => finding.form === "unreadable").length;
  const found = refused.length - unreadable;
  const live = refused.every((finding) => finding.state === "live") ? "live " : "";
  const parts = [
    ...(found === 0
      ? []
      : [`it holds ${found} ${live}${found === 1 ? "repository" : "repositories"}`]),
    ...(unreadable === 0
      ? []
      : [`${unreadable} ${unreadable === 1 ? "folder" : "folders"} could not be looked into`]),
  ];
  return parts.join(", and ");
}

type Row = readonly [path: string, vcs: string, text: string, risk: string];

function rowOf(finding: GuardFinding, now: number): Row {
  const place = finding.marker === "" || finding.marker === ".git" || finding.marker === ".hg";
  const path = place ? finding.path : `${finding.path}/${finding.marker}`.replace(/^\.\//u, "");
  const risk = finding.atRisk && finding.form !== "unreadable" ? "work at risk" : "";
  return [displayName(path), finding.vcs ?? "?", displayName(describeFinding(finding, now)), risk];
}

/** Columns padded to the widest; a text too long for its column only pushes its own line. */
function table(rows: readonly Row[]): string[] {
  const width = (column: 0 | 1 | 2, widthMax: number): number =>
    Math.min(widthMax, Math.max(...rows.map((row) => row[column].length)));
  const widths = [width(0, 40), width(1, 10), width(2, 70)] as const;
  return rows.map(([path, vcs, text, risk]) =>
    `  ${path.padEnd(widths[0])}  ${vcs.padEnd(widths[1])}  ${text.padEnd(widths[2])}  ${risk}`.trimEnd(),
  );
}

function waysOut(refused: readonly GuardFinding[], context: RefusalContext): string[] {
  const ways = [
    rescueWay(refused, context),
    pushWay(refused, context),
    excludeWay(refused, context),
    leaveOutWay(refused),
    readableWay(refused),
    overrideWay(refused, context),
  ].filter((way) => way !== undefined);
  const width = Math.max(...ways.map(([what]) => what.length));
  return ways.map(([what, how], index) => `  ${index + 1}. ${what.padEnd(width)}  ${how}`);
}

type Way = readonly [what: string, how: string];

/** What earlier syncing lost comes first: repairs may make it worse (G42). */
function rescueWay(refused: readonly GuardFinding[], context: RefusalContext): Way | undefined {
  const damaged = refused.find(({ vcs, damage }) => vcs === "git" && damage.some(isDamage));
  if (damaged === undefined) return undefined;
  const folder = shellWord(under(context.folder, damaged.path));
  return ["save lost commits, then repair", `snap guard rescue ${folder} --out lost.bundle`];
}

function pushWay(refused: readonly GuardFinding[], context: RefusalContext): Way | undefined {
  const unpushed = refused.find(canPush);
  const branch = unpushed?.facts?.head.branch;
  if (unpushed === undefined || branch === undefined) return undefined;
  const remote = unpushed.facts?.remotes[0] ?? "REMOTE";
  const folder = shellWord(under(context.folder, unpushed.path));
  return ["push the work", `git -C ${folder} push ${operands(remote, branch)}`];
}

function excludeWay(refused: readonly GuardFinding[], context: RefusalContext): Way | undefined {
  if (context.repos === "exclude" || refused.some(isRefusedUnderExclude)) return undefined;
  const words = [context.folder, ...(context.remote === undefined ? [] : [context.remote])];
  const command = `snap ${context.action} ${words.map(shellWord).join(" ")} --repos exclude`;
  return ["sync all but the history", command];
}

function leaveOutWay(refused: readonly GuardFinding[]): Way | undefined {
  const inside = refused.find(({ path, form }) => path !== "." && form !== "parent");
  if (inside === undefined) return undefined;
  return ["leave a folder out", `add "${displayName(ignorePattern(inside.path))}" to .mignore`];
}

/** A rule of `.mignore` that matches this folder and no other. */
export function ignorePattern(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]!#]/gu, String.raw`\$&`)}/`;
}

function readableWay(refused: readonly GuardFinding[]): Way | undefined {
  const closed = refused.find((finding) => finding.form === "unreadable");
  return closed && ["make a folder readable", `chmod u+rx ${shellWord(closed.absolutePath)}`];
}

function overrideWay(refused: readonly GuardFinding[], context: RefusalContext): Way | undefined {
  const first = refused.find((finding) => isOverridable(finding) && !finding.damage.some(isDamage));
  if (first === undefined) return undefined;
  const folder = shellWord(under(context.folder, first.path));
  return ["accept the risk for one", `snap guard override ${folder} --reason "..."`];
}

function under(folder: string, path: string): string {
  if (path === "." || path.startsWith("/")) return path === "." ? folder : path;
  return `${folder.replace(/\/+$/u, "")}/${path}`;
}

/** Words that are no options, whatever a repository calls its remotes. */
export function operands(...texts: readonly string[]): string {
  const words = texts.map(shellWord).join(" ");
  return texts.some((text) => text.startsWith("-")) ? `-- ${words}` : words;
}
