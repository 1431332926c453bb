import { canonicalJson } from "../core/snapshot/checked-json.ts";
import type { CaptureFacts, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureOptions } from "../core/snapshot/store-request.ts";
import { tornUnits } from "../core/snapshot/unit.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { CaptureTally } from "./capture-tally.ts";

/** A manifest in place, and what is told of it; not yet a snapshot. */
export type Draft = {
  readonly facts: CaptureFacts;
  readonly lists: readonly string[];
  readonly tally: CaptureTally;
  readonly stored: number;
  /** Whether repositories were looked for. */
  readonly hasUnits: boolean;
};

/** N39: nothing to tell that the parent does not tell. A label that it lacks is something. */
export function isUnchanged(parent: SnapshotRoot, draft: Draft, options: CaptureOptions): boolean {
  const isLabelled = options.label === undefined || options.label === parent.label;
  const isTagged = (options.tags ?? []).every((tag) => parent.tags.includes(tag));
  const { lists, tally, facts } = draft;
  const told = [
    lists,
    completenessOf(tally, options),
    facts.rules,
    facts.link ?? null,
    tornIn(tally.units),
  ];
  const toldBefore = [
    parent.lists,
    parent.completeness,
    parent.rules,
    parent.link ?? null,
    tornIn(parent.git ?? []),
  ];
  return isLabelled && isTagged && canonicalJson(told) === canonicalJson(toldBefore);
}

/**
 * What was refused of an archive is a gap: a restore removes nothing because it is not there (T10). What a hydration could not have is
 * one, too (N42).
 */
export function completenessOf(
  { completeness, left }: Pick<CaptureTally, "completeness" | "left">,
  { reason, hydrates }: CaptureOptions,
): SnapshotRoot["completeness"] {
  if (hydrates !== undefined && completeness === "thin") return "partial";
  return reason === "import" && left.count > 0 ? "partial" : completeness;
}

/** A repository that turned out whole at last is something to tell, or one that did not. */
function tornIn(units: readonly UnitFacts[]): readonly string[] {
  return tornUnits(units).map(({ id }) => id);
}
