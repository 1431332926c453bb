import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { Draft } from "./draft.ts";

/** Paths of which the disk gets a file or link. */
export function placedItems({ plan }: Pick<Draft, "plan">): readonly PlanItem[] {
  return plan.items.filter(({ want, local }) => {
    const placed = local.action === "create" || local.action === "replace";
    return placed && want !== undefined && want.kind !== "folder";
  });
}

/** What the files among them hold. */
export function bytesOf(items: readonly PlanItem[]): number {
  return items.reduce((sum, { want }) => sum + (want?.kind === "file" ? want.size : 0), 0);
}
