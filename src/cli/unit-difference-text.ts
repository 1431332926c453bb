import { displayName } from "../core/path/names.ts";
import { unitIdOf } from "../core/repo/unit.ts";
import type {
  RefChange,
  Standing,
  UnitDifference,
  UnjudgedUnit,
} from "../core/snapshot/unit-changes.ts";
import type { Json } from "../std/json.ts";

/** Refs that are named in a line; of more only how many. */
const refsNamedMax = 3;

/** How a repository differs, in one line: `M r/.git (git): main 1a2b3c4d -> 5e6f7a8b; new: tags/v1; index, reflog; files of objects: 3 new`. */
export function unitDifferenceText(unit: UnitDifference): string {
  return `M ${displayName(unitIdOf(unit.path))} (${unit.vcs}): ${unitDifferenceWords(unit)}`;
}

/** The same without what it is about. */
export function unitDifferenceWords(unit: UnitDifference): string {
  const { head, refs, refsNotRead, parts } = unit;
  const told = [
    ...(head === undefined ? [] : [headText(head)]),
    ...refsText(refs.filter((ref) => !isToldByHead(ref, unit))),
    ...(refsNotRead === undefined ? [] : [`files of refs not read: ${refsNotRead}`]),
    ...otherParts(parts),
    ...objectsText(unit),
  ];
  return told.length === 0 ? "the same refs, kept otherwise" : told.join("; ");
}

/** A repository that may differ or not, in one line: `? r/.git (git): cannot be judged: HEAD cannot be read`. */
export function unjudgedUnitText({ path, vcs, reasons }: UnjudgedUnit): string {
  const why = reasons.map(displayName).join("; ");
  return `? ${displayName(unitIdOf(path))} (${vcs}): cannot be judged: ${why}`;
}

function headText({ from, to }: NonNullable<UnitDifference["head"]>): string {
  if (from.branch !== undefined && from.branch === to.branch)
    return `${displayName(from.branch)} ${commitText(from)} -> ${commitText(to)}`;
  return `HEAD ${standingText(from)} -> ${standingText(to)}`;
}

function standingText(standing: Standing): string {
  const { branch, commit } = standing;
  if (branch === undefined) return commit === undefined ? "unknown" : commitText(standing);
  return commit === undefined
    ? displayName(branch)
    : `${displayName(branch)} ${commitText(standing)}`;
}

function commitText({ commit }: Standing): string {
  return commit === undefined ? "without a commit" : displayName(commit.slice(0, 8));
}

/** The branch that it stands on and stood on is told with its commits already. */
function isToldByHead({ name }: RefChange, { head }: UnitDifference): boolean {
  const branch = head?.from.branch;
  return branch !== undefined && branch === head?.to.branch && name === `refs/heads/${branch}`;
}

function refsText(refs: readonly RefChange[]): readonly string[] {
  const kinds = [
    ["new", refs.filter(({ from }) => from === undefined)],
    ["gone", refs.filter(({ to }) => to === undefined)],
    ["moved", refs.filter(({ from, to }) => from !== undefined && to !== undefined)],
  ] as const;
  return kinds.flatMap(([word, some]) =>
    some.length === 0 ? [] : [`${word}: ${namesText(some)}`],
  );
}

function namesText(refs: readonly RefChange[]): string {
  const names = refs
    .slice(0, refsNamedMax)
    .map(({ name }) => displayName(name.replace(/^refs\/(?:heads\/)?/u, "")));
  const more = refs.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** What the names and commits have told already is not told again. */
function otherParts(parts: readonly string[]): readonly string[] {
  const others = parts.filter((part) => part !== "refs" && part !== "HEAD" && part !== "bookmarks");
  return others.length === 0 ? [] : [others.map(displayName).join(", ")];
}

function objectsText({
  vcs,
  objects: { added, removed, changed },
}: UnitDifference): readonly string[] {
  const counts = [
    ...(added === 0 ? [] : [`${added} new`]),
    ...(removed === 0 ? [] : [`${removed} gone`]),
    ...(changed === 0 ? [] : [`${changed} changed`]),
  ];
  if (counts.length === 0) return [];
  return [`files of ${vcs === "git" ? "objects" : "its history"}: ${counts.join(", ")}`];
}

/** A repository that differs, for programs. */
export function unitDifferenceFields(unit: UnitDifference): Readonly<Record<string, Json>> {
  return { change: "changed", path: unitIdOf(unit.path), repository: repositoryFields(unit) };
}

/** How a repository differs, for programs. */
export function repositoryFields(unit: UnitDifference): Readonly<Record<string, Json>> {
  const { vcs, head, refs, refsNotRead, parts, objects } = unit;
  return {
    vcs,
    ...(head === undefined ? {} : { head }),
    refs: refs.map((ref) => ({ ...ref })),
    ...(refsNotRead === undefined ? {} : { refsNotRead }),
    parts: [...parts],
    objects,
  };
}

/** A repository that may differ or not, for programs. */
export function unjudgedUnitFields(unit: UnjudgedUnit): Readonly<Record<string, Json>> {
  const { change, path, vcs, reasons } = unit;
  return { change, path: unitIdOf(path), repository: { vcs }, reasons: [...reasons] };
}
