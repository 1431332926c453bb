import type { Exclusions } from "../../core/exclusions.ts";
import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import type { Op } from "../../core/plan/op.ts";
import type { Census } from "./holds-census.ts";

/** The ops of a plan but those in folders that are about to leave the link: what happens there is nobody's business (S93). */
export function opsBeside(leaving: Exclusions, ops: readonly Op[]): readonly Op[] {
  return ops.filter((op) => !staysIn(leaving, op));
}

/** The same for what a census found. */
export function censusBeside(leaving: Exclusions, { change, conflict }: Census): Census {
  const isBeside = ({ items }: Census["change"][number]): boolean =>
    items.every(({ path }) => !isIn(leaving, parseRelPath(path)));
  return { change: change.filter(isBeside), conflict: conflict.filter(isBeside) };
}

function staysIn(leaving: Exclusions, op: Op): boolean {
  const from = "from" in op ? (op.from ?? op.path) : op.path;
  return isIn(leaving, op.path) && isIn(leaving, from);
}

function isIn(leaving: Exclusions, path: RelPath): boolean {
  return leaving.above(path) !== undefined;
}
