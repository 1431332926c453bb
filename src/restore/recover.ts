import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import { reportOf } from "../core/snapshot/restore-report.ts";
import { isUnfinished, recoveryStepOf, type RestoreRow } from "../core/snapshot/restore-state.ts";
import type { Work } from "../std/events.ts";
import { commit } from "./commit.ts";
import { conclude } from "./conclude.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { orderAgain } from "./order-again.ts";
import { Run } from "./run.ts";
import { takeBack } from "./take-back.ts";

/**
 * Finish every restore that was interrupted, or take it back (T2, T30): before the first swap back, after it forward.
 * Runs before anything else is done with the workspace; may itself be interrupted and repeated.
 *
 * @returns how each of them ended; `not-done` for those that were taken back
 */
export async function recover(deps: RestoreDeps, work: Work): Promise<readonly RestoreReport[]> {
  const rows = deps.journal.restores();
  await endHooks(deps, rows.at(-1));
  const reports: RestoreReport[] = [];
  for (const row of rows.filter(isUnfinished)) {
    reports.push(await recoverOne(new Run(deps, row.id, work)));
  }
  return reports;
}

/** A run that was killed right after the end of its restore had programs to run still (T43). */
async function endHooks(deps: RestoreDeps, row: RestoreRow | undefined): Promise<void> {
  if (row === undefined || isUnfinished(row)) return;
  const outcome = row.state === "done" || row.state === "partial" ? row.state : "not-done";
  const failure = await deps.hooks(row).after(outcome);
  if (failure !== undefined) deps.onEvent({ type: "warning", message: failure });
}

async function recoverOne(run: Run): Promise<RestoreReport> {
  if (recoveryStepOf[run.row.state] === "back") {
    await takeBack(run);
    return reportOf(run.row);
  }
  if (recoveryStepOf[run.row.state] === "commit") await commit(run);
  return await conclude(run, () => orderAgain(run.deps, run.row));
}
