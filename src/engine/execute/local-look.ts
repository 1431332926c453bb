import type { LocalExpectation, MoveAct } from "../../core/plan/local-act.ts";
import type { Op } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { LocalEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { copyTag, expectationOf, isAsSeen, trashArea, type Execution } from "./execution.ts";

/** A node of the disk that is as it was seen. */
export type Found = {
  readonly row: LocalEntry;
  readonly path: RelPath;
  readonly stat: LocalStat;
  readonly before: LocalExpectation;
};

/** Look once more at what an op is about (S53); undefined where it is not what the planner believed. */
export async function lookAt({ deps }: Execution, op: Op): Promise<Found | undefined> {
  const row = deps.index.local.get(op.node);
  const path = pathOf(deps.index.local, op.node);
  if (row === undefined || path === undefined || row.absentAt !== undefined) return undefined;
  if (op.before === undefined || op.before.hash !== row.hash) return undefined;
  const stat = await deps.local.stat(path);
  return isAsSeen(row, stat) ? { row, path, stat, before: expectationOf(row, stat) } : undefined;
}

/** The act that brings a node of the disk to another place. */
export function moveAct(
  { deps }: Execution,
  { found, to }: { readonly found: Found; readonly to: RelPath },
): MoveAct {
  return {
    act: "move",
    from: found.path,
    to,
    before: found.before,
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
}
