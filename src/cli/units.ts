import { displayName } from "../core/path/names.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { Output } from "./output.ts";

/** `2 repositories`. */
export function repositoriesText(count: number): string {
  return count === 1 ? "1 repository" : `${count} repositories`;
}

/** Warn of the repositories that may not be whole in a snapshot (N45). */
export function warnOfTorn(
  output: Pick<Output, "emit" | "warn">,
  torn: readonly UnitFacts[],
): void {
  for (const { id, reasons, movedDuring } of torn) {
    output.emit("torn", { path: id, reasons, movedDuring });
    output.warn(
      `The repository "${displayName(id)}" may not be whole in the snapshot: ${reasons.map(displayName).join("; ")}`,
    );
  }
}

/**
 * What to do about torn repositories that were captured just now (N45): one that was written to meanwhile is whole when it is captured
 * again at rest, and one that stood still is damaged where it is.
 */
export function adviseOnTorn(output: Pick<Output, "say">, torn: readonly UnitFacts[]): void {
  if (torn.some(({ movedDuring }) => movedDuring))
    output.say("Something was written meanwhile: when it is done, `snap capture` takes it whole.");
  if (torn.some(({ movedDuring }) => !movedDuring))
    output.say(
      "Where nobody wrote meanwhile something is missing: `snap guard explain FOLDER` tells what, then `snap capture` again.",
    );
}

/** The repositories of a snapshot in words, one line each. */
export function unitsText(units: readonly UnitFacts[] | undefined): readonly string[] {
  if (units === undefined || units.length === 0) return [];
  return [`${repositoriesText(units.length)}:`, ...units.map((unit) => `  ${unitText(unit)}`)];
}

function unitText(unit: UnitFacts): string {
  const { id, vcs, consistency, reasons, movedDuring } = unit;
  const why = reasons.length === 0 ? "" : ` (${reasons.map(displayName).join("; ")})`;
  const facts = [
    ...placeText(unit),
    ...(unit.dirty === true ? ["with uncommitted changes"] : []),
    ...(unit.stashes === undefined || unit.stashes === 0
      ? []
      : [unit.stashes === 1 ? "1 stash" : `${unit.stashes} stashes`]),
    ...(unit.operation === undefined ? [] : [`in the middle of a ${unit.operation}`]),
    ...(movedDuring ? ["it was written to meanwhile"] : []),
    `${consistency}${why}`,
  ];
  return `${displayName(id)} (${vcs}): ${facts.join(", ")}`;
}

function placeText({ branch, head }: UnitFacts): readonly string[] {
  const commit = head === undefined ? "without a commit" : `at ${displayName(head.slice(0, 8))}`;
  if (branch === undefined) return head === undefined ? [] : [commit];
  return [`on ${displayName(branch)} ${commit}`];
}
