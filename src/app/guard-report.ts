import type { Damage, GuardFinding, GuardReport } from "../core/repo/finding.ts";
import { displayName } from "../core/path/names.ts";
import { describeFinding } from "../guard/finding-text.ts";
import { guardEvents, guardExit, verdictOf, type FailOn } from "../guard/report.ts";
import { remoteEvents, remoteText, withRemote, type RemoteReport } from "./guard-remote.ts";
import type { ExitCode } from "../std/error.ts";
import type { Json } from "../std/json.ts";

/** A line of `--json` whose members are plain data. */
export type GuardLine = { readonly type: string } & Readonly<Record<string, Json>>;

/** A check of the guard for people and for programs. */
export type DescribedGuard = {
  readonly text: string;
  readonly events: readonly GuardLine[];
  readonly exit: ExitCode;
};

/** What a check found, and from which finding on it fails. */
export type GuardOutcome = {
  readonly report: GuardReport;
  readonly failOn: FailOn;
  /** Where a remote folder was judged as well. */
  readonly remote?: RemoteReport | undefined;
  /** What was asked for, as the first event tells it. */
  readonly options?: Readonly<Record<string, Json>> | undefined;
};

/** @param elapsedMs is asked last, when everything else is known */
export function describeGuard(outcome: GuardOutcome, elapsedMs: () => number): DescribedGuard {
  const { report, failOn, remote, options } = outcome;
  const inRemote = remote?.repositories.length ?? 0;
  const own = guardExit(report, failOn);
  // What a remote repository holds is not counted: it may be more than is anywhere else (G38).
  const exit = own === 0 && inRemote > 0 ? 3 : own;
  const events = guardEvents(report, { elapsedMs: elapsedMs(), exit, options });
  const last = events.at(-1);
  const all = [
    ...events.slice(0, -1),
    ...(remote === undefined ? [] : remoteEvents(remote)),
    ...(last === undefined ? [] : [withRemote(last, remote)]),
  ];
  const texts = [textOf(report), ...(remote === undefined ? [] : [remoteText(remote)])];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the guard reports is made of plain data
  return { text: texts.join("\n"), events: all as readonly GuardLine[], exit };
}

function textOf(report: GuardReport): string {
  const lines = report.findings.flatMap((finding) => {
    const facts = `${finding.severity.padEnd(6)}  ${displayName(finding.path)}  ${finding.vcs ?? "?"}  ${displayName(describeFinding(finding, report.checkedAt))}`;
    return [
      `${facts}${allowed(finding)}`,
      ...finding.damage.map(damageLine),
      ...unexamined(finding),
    ];
  });
  const { folders, files } = report.scanned;
  return [
    ...lines,
    `${verdictTexts[verdictOf(report)]} (${folders} folders, ${files} files looked at)`,
  ].join("\n");
}

/** Why a finding forbids nothing, though it is one that would. */
function allowed({ covered, override }: GuardFinding): string {
  if (covered) return "  (left out by a rule)";
  return override === undefined ? "" : "  (synced by override)";
}

function damageLine(damage: Damage): string {
  const rescuable =
    damage.rescuableOid === undefined
      ? ""
      : ` Lost commit: ${damage.rescuableOid}; \`snap guard rescue\` saves it.`;
  return `        ${damage.severity}  ${damage.code}: ${displayName(damage.detail)}.${rescuable}`;
}

/** That there is no sign of damage says little where nothing was looked at (G36). */
function unexamined({ integrity }: GuardFinding): string[] {
  if (integrity === undefined) return [];
  const parts = [
    ["structure", integrity.structure],
    ["tips", integrity.tips],
    ["connectivity", integrity.connectivity],
  ] as const;
  return parts.flatMap(([what, extent]) => {
    if (extent.checked === "all" || extent.reason === "not-asked") return [];
    const how = extent.checked === "none" ? "not examined" : "examined in part";
    return [`        ${what} ${how}: ${extent.reason}`];
  });
}

const verdictTexts: Readonly<Record<ReturnType<typeof verdictOf>, string>> = {
  clear: "No repository found",
  warn: "Nothing here forbids a link",
  repo: "A live repository: snap does not link this folder",
  risk: "A live repository with work at risk: snap does not link this folder",
  indeterminate: "Not everything could be looked at: snap does not link this folder",
  damage: "A repository is damaged",
};
