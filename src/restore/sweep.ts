import { isUnfinished } from "../core/snapshot/restore-state.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/**
 * Remove undo areas of restores that ended longer ago than `keepMs` (T32). Their safety snapshots serve from then on. An
 * area whose restore the journal does not know, as with a lost index, stays: nobody can tell its age.
 */
export async function sweepUndo(
  { local, journal, clock }: Pick<RestoreDeps, "local" | "journal" | "clock">,
  keepMs: number,
): Promise<void> {
  for (const area of await local.areas("undo")) {
    const row = journal.restore(area.id);
    if (row === undefined || isUnfinished(row)) continue;
    if (clock.now() - row.madeAt > keepMs) await local.removeArea(area);
  }
}
