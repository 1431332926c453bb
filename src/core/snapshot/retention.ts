import { SnapError } from "../../std/error.ts";
import { textOfTime } from "../quantity.ts";
import { canonicalJson } from "./checked-json.ts";
import { isPinned } from "./note.ts";
import type { NotedRoot } from "./note.ts";
import { periodOf, periods } from "./retention-periods.ts";
import type { Period, ZoneOffset } from "./retention-periods.ts";

/** A snapshot further ahead of the clock than this was taken while the clock was wrong, ms; a few in one second are seconds ahead. */
const aheadMaxMs = 5 * 60_000;

/** How long a snapshot that was taken before a dangerous act stays, ms. */
const safetyKeptMs = 30 * 86_400_000;

/** What a safety snapshot is called where nobody has given it a name. */
const safetyLabel = /^before [a-z]+ \S/u;

/** Which snapshots are kept (N54): rules add up, and what no rule keeps is forgotten. */
export type RetentionPolicy = {
  /** So many of the newest. */
  readonly last?: number;
  /** The newest of each of so many periods that have any. */
  readonly newestOf?: Readonly<Partial<Record<Period, number>>>;
  /** Those not older than this, ms. */
  readonly withinMs?: number;
  /** Those with one of these tags. */
  readonly tags?: readonly string[];
  /** Nobody asked for it just now: manual, imported and labelled snapshots stay as well. */
  readonly automatic?: boolean;
};

/** What the judgement depends on beside the snapshots. */
export type RetentionMoment = { readonly nowMs: number; readonly offset: ZoneOffset };

/** A snapshot with the rules that keep it; none: it is to be forgotten. */
export type Verdict = { readonly root: NotedRoot; readonly keptBy: readonly string[] };

/**
 * Judge snapshots by a policy, oldest first; the order they are given in does not matter. Workspaces, sides and limits to
 * paths are judged apart, and so are imports, which were never the state of the workspace. Pins keep always. Safety snapshots
 * take no place among the newest; they stay for 30 days. Neither do those that a wrong clock dated ahead; they stay until then.
 *
 * @throws {SnapError} `usage` for a policy without a rule, or one that keeps nothing of a workspace's side
 */
export function judge(
  roots: readonly NotedRoot[],
  policy: RetentionPolicy,
  moment: RetentionMoment,
): readonly Verdict[] {
  refuseNoRule(policy);
  const groups = Map.groupBy(roots.toSorted(byTime), groupOf);
  const judged = [...groups.values()].map((group) => judgeGroup(group, policy, moment));
  refuseNothingKept(judged);
  return judged.flat().toSorted((a, b) => byTime(a.root, b.root));
}

function byTime(a: NotedRoot, b: NotedRoot): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

function groupOf({ workspace, side, paths, reason }: NotedRoot): string {
  return isSafety(reason)
    ? "safety"
    : canonicalJson([workspace.id, side, paths ?? null, reason === "import"]);
}

function isSafety(reason: string): boolean {
  return reason.startsWith("before-");
}

/** Snapshots of one group, oldest first. */
function judgeGroup(
  group: readonly NotedRoot[],
  policy: RetentionPolicy,
  moment: RetentionMoment,
): readonly Verdict[] {
  const [first] = group;
  if (first === undefined) return [];
  const ranked = isSafety(first.reason)
    ? new Map<string, string[]>()
    : ranks(group, policy, moment);
  return group.map((root) => ({
    root,
    keptBy: [...ownReasons(root, policy, moment), ...(ranked.get(root.id) ?? [])],
  }));
}

/** Imports may all go where the workspace has snapshots of its own. */
function refuseNothingKept(judged: readonly (readonly Verdict[])[]): void {
  const placeOf = ({ workspace, side }: NotedRoot): string => canonicalJson([workspace.id, side]);
  const firsts = judged.flatMap(([first]) => (first === undefined ? [] : [first.root]));
  const states = firsts.filter(({ reason }) => !isSafety(reason) && reason !== "import");
  const places = new Set(states.map(placeOf));
  for (const verdicts of judged) {
    const [first] = verdicts;
    if (first === undefined || verdicts.some(({ keptBy }) => keptBy.length > 0)) continue;
    const { root } = first;
    const mayGo = isSafety(root.reason) || (root.reason === "import" && places.has(placeOf(root)));
    if (!mayGo) throw keepsNothing(root);
  }
}

/** Rules that need no look at other snapshots. */
function ownReasons(
  root: NotedRoot,
  policy: RetentionPolicy,
  { nowMs }: RetentionMoment,
): readonly string[] {
  const ageMs = nowMs - Date.parse(root.time);
  const { withinMs, tags = [] } = policy;
  return [
    ...(isPinned(root, nowMs) ? ["pin"] : []),
    ...(isAhead(root, nowMs) ? ["dated ahead"] : []),
    ...(isSafety(root.reason) && ageMs <= safetyKeptMs ? [`${root.reason}, 30d`] : []),
    ...ownWishes(root, policy),
    ...(withinMs !== undefined && ageMs <= withinMs ? [`within ${textOfTime(withinMs)}`] : []),
    ...tags.filter((tag) => root.tags.includes(tag)).map((tag) => `tag ${tag}`),
  ];
}

function isAhead({ time }: NotedRoot, nowMs: number): boolean {
  return Date.parse(time) - nowMs > aheadMaxMs;
}

/** What a person wanted of a snapshot is not for a schedule to forget. */
function ownWishes(
  { reason, label, isRelabelled }: NotedRoot,
  { automatic = false }: RetentionPolicy,
): readonly string[] {
  if (!automatic) return [];
  const isAsked = reason === "manual" || reason === "import";
  const isOfProgram = isSafety(reason) && isRelabelled !== true && safetyLabel.test(label ?? "");
  const isNamed = label !== undefined && !isOfProgram;
  return [...(isAsked ? [reason] : []), ...(isNamed ? ["label"] : [])];
}

/** Rules that keep the newest of something, by id. */
function ranks(
  group: readonly NotedRoot[],
  { last = 0, newestOf = {} }: RetentionPolicy,
  { nowMs, offset }: RetentionMoment,
): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>();
  const keep = (root: NotedRoot, reason: string): void => {
    reasons.set(root.id, [...(reasons.get(root.id) ?? []), reason]);
  };
  const newestFirst = group.filter((root) => !isAhead(root, nowMs)).toReversed();
  newestFirst.slice(0, last).forEach((root, place) => keep(root, `last ${place + 1}`));
  for (const period of periods) {
    const seen = new Set<string>();
    for (const root of newestFirst) {
      const span = periodOf(period, Date.parse(root.time), offset);
      if (seen.has(span) || seen.size >= (newestOf[period] ?? 0)) continue;
      seen.add(span);
      keep(root, `${period} ${span}`);
    }
  }
  return reasons;
}

function refuseNoRule({ last = 0, newestOf = {}, withinMs = 0, tags = [] }: RetentionPolicy): void {
  const counts = [last, withinMs, ...periods.map((period) => newestOf[period] ?? 0)];
  if (tags.length > 0 || counts.some((count) => count > 0)) return;
  throw new SnapError("usage", "The policy keeps nothing", {
    hint: "Give a rule that keeps something, like --keep-last 10 or --keep-daily 14.",
  });
}

function keepsNothing({ workspace, side }: NotedRoot): SnapError {
  const whose = `"${workspace.path}", side ${side}`;
  return new SnapError("usage", `The policy keeps no snapshot of ${whose}`, {
    path: workspace.path,
    hint: "Nothing was forgotten. Add a rule that keeps something, like --keep-last 1, or name the snapshots to forget.",
  });
}
