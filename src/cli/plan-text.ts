import { displayName } from "../core/path/names.ts";
import type { Standing } from "../core/snapshot/unit-changes.ts";
import type { UnitElsewhere, UnitStep } from "../core/snapshot/unit-step.ts";
import type { LostPath, RestorePlan, SideCounts } from "../core/snapshot/restore-plan.ts";
import { formatSize, formatTime, plural, table } from "./format.ts";
import type { Json } from "../std/json.ts";

/** How many paths of a kind are named before the rest is counted. */
const namedMax = 10;

/** The two-sided picture of a restore: what happens on each side, and what each side loses (T17). */
export function planText(plan: RestorePlan): string {
  const lines = [
    countsText(plan),
    ...serverText(plan),
    ...procedureText(plan),
    ...unitsText(plan),
    ...elsewhereText(plan),
    ...lossesText(plan),
    ...asideText(plan),
  ];
  return [...lines, `Plan ${plan.digest.slice(0, 12)}`].join("\n");
}

function countsText({ counts: { local, remote }, remoteOnly }: RestorePlan): string {
  const row = (name: string, side: SideCounts): readonly string[] => [
    name,
    ...[side.create, side.replace, side.delete, side.metadata, side.keep].map(String),
    formatSize(side.bytes),
  ];
  const head = ["", "create", "replace", "delete", "mode or time", "keep", "to place"];
  const rows = [
    ...(remoteOnly === true ? [] : [row("local", local)]),
    ...(remote === undefined ? [] : [row("Dropbox", remote)]),
  ];
  return table([head, ...rows], [1, 2, 3, 4, 5, 6]);
}

/** Reverts are one call each: above so many a plan names the way around. */
const revertsMax = 2_000;

function serverText({ server }: RestorePlan): readonly string[] {
  if (server === undefined) return [];
  const { reverted, moved, copied, uploaded, unasked, uploadBytes, calls, serverSide } = server;
  const there = `${reverted} put back, ${moved} moved, ${copied} copied there`;
  const most = unasked > 0 ? " at most" : "";
  const sent = `${plural(uploaded, "file")} uploaded${most}, ${formatSize(uploadBytes)}`;
  const asked = unasked > 0 ? `; whether it holds ${unasked} of them is asked later` : "";
  const isMuch = serverSide === "prefer" && reverted + unasked > revertsMax;
  return [
    ...(calls === 0 ? [] : [`In Dropbox: ${there}; ${sent}; ${plural(calls, "call")}${asked}`]),
    ...(isMuch
      ? ["Files are put back one call each: --server-side large uploads small ones instead."]
      : []),
  ];
}

function procedureText({ procedure }: RestorePlan): readonly string[] {
  if (procedure === undefined) return [];
  return [
    "Procedure documented: every file is deleted in Dropbox, and uploaded anew from this disk.",
    "Shared links, ids and version histories of the files end, and other devices see them deleted meanwhile.",
  ];
}

/** Digits of a commit that people read. */
const commitDigits = 8;

function unitsText({ units = [] }: RestorePlan): readonly string[] {
  if (units.length === 0) return [];
  const shown = units
    .slice(0, namedMax)
    .map((step) => `  ${displayName(step.path)}  ${doneWith(step)}`);
  const more = units.length > namedMax ? [`  … and ${units.length - namedMax} more`] : [];
  return ["Repositories:", ...shown, ...more];
}

function elsewhereText({ elsewhere = [] }: RestorePlan): readonly string[] {
  return elsewhere.slice(0, namedMax).map(({ path, stands, captured }) => {
    const [files, stays] = [standingText(captured), standingText(stands)];
    return `Warning: "${displayName(path)}" stays on ${stays}, and its files go back to what they were on ${files}.`;
  });
}

function doneWith({ action, from, to }: UnitStep): string {
  if (action === "delete") return "goes";
  if (action === "create") return `comes back, at ${standingText(to)}`;
  const way =
    from === undefined ? `at ${standingText(to)}` : `${standingText(from)} → ${standingText(to)}`;
  return `is replaced, ${way}`;
}

function standingText({ branch, commit }: Standing = {}): string {
  const parts = [branch, commit?.slice(0, commitDigits)].filter((part) => part !== undefined);
  return parts.length === 0 ? "an unknown commit" : displayName(parts.join(" "));
}

function lossesText({ loses, remoteOnly }: RestorePlan): readonly string[] {
  const { localOnly, remoteNewer } = loses;
  if (localOnly.length + remoteNewer.length === 0) return [];
  return [
    "You lose (saved first, in safety snapshots):",
    ...named(localOnly, "local, never uploaded"),
    ...named(remoteNewer, remoteOnly === true ? "in Dropbox" : "Dropbox, newer than local"),
  ];
}

function named(paths: readonly LostPath[], what: string): readonly string[] {
  if (paths.length === 0) return [];
  const shown = paths
    .slice(0, namedMax)
    .map(
      (lost) =>
        `    ${displayName(lost.path)}  ${formatSize(lost.size)}, ${formatTime(lost.modified)}`,
    );
  const more = paths.length > namedMax ? [`    … and ${paths.length - namedMax} more`] : [];
  return [`  ${what}: ${plural(paths.length, "file")}`, ...shown, ...more];
}

function asideText({ left, changing, ignored }: RestorePlan): readonly string[] {
  const shown = left
    .slice(0, namedMax)
    .map((item) => `  ${displayName(item.path)} (${item.side}): ${displayName(item.reason)}`);
  return [
    ...(ignored === 0
      ? []
      : [`Not touched: ${plural(ignored, "ignored entry", "")}`.replace("entrys", "entries")]),
    ...(left.length === 0 ? [] : [`Left aside: ${left.length}`, ...shown]),
    ...(changing.length === 0
      ? []
      : [
          `May be torn, they changed while they were captured: ${changing.slice(0, namedMax).map(displayName).join(", ")}`,
        ]),
  ];
}

/** The plan for programs. */
export function planFields(plan: RestorePlan): Readonly<Record<string, Json>> {
  const lost = (paths: readonly LostPath[]): Json =>
    paths.map(({ path, size, hash }) => ({ path, size, hash }));
  return {
    digest: plan.digest,
    local: plan.counts.local,
    remote: remoteFields(plan),
    loses: { localOnly: lost(plan.loses.localOnly), remoteNewer: lost(plan.loses.remoteNewer) },
    left: plan.left.map(({ path, side, reason }) => ({ path, side, reason })),
    changing: plan.changing,
    ignored: plan.ignored,
    ...(plan.units === undefined ? {} : { repositories: plan.units.map(unitFields) }),
    ...(plan.elsewhere === undefined ? {} : { elsewhere: plan.elsewhere.map(elsewhereFields) }),
    ...(plan.procedure === undefined ? {} : { procedure: plan.procedure }),
  };
}

function elsewhereFields({ path, stands, captured }: UnitElsewhere): Json {
  return { path, stands: { ...stands }, captured: { ...captured } };
}

function unitFields({ path, vcs, action, from, to }: UnitStep): Json {
  const standing = (at: Standing | undefined): Json => (at === undefined ? null : { ...at });
  return { path, vcs, action, from: standing(from), to: standing(to) };
}

/** Counts of the paths in Dropbox, and how the plan will reach it; null without a link. */
export function remoteFields({ counts, server }: Pick<RestorePlan, "counts" | "server">): Json {
  return counts.remote === undefined ? null : { ...counts.remote, ...server };
}
