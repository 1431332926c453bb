import { isUnfinished } from "../core/snapshot/restore-state.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/** How long undo areas are kept: `restore.keepUndo` (T32). */
export const keepUndoMs: number = 7 * 24 * 3_600_000;

/**
 * Remove undo areas of restores that ended longer ago than `keepMs` (T32). Their safety snapshots serve from then on. An
 * area whose restore the journal does not know, as with a lost index, stays: nobody can tell its age.
 */
export async function sweepUndo(
  { local, journal, clock }: Pick<RestoreDeps, "local" | "journal" | "clock">,
  keepMs: number = keepUndoMs,
): Promise<void> {
  for (const area of await local.areas("undo")) {
    const row = journal.restore(area.id);
    if (row === undefined || isUnfinished(row)) continue;
    if (clock.now() - row.madeAt > keepMs) await local.removeArea(area);
  }
}
