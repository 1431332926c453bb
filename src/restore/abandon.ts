import { recoveryStepOf } from "../core/snapshot/restore-state.ts";
import { reportOf, type RestoreReport } from "../core/snapshot/restore-report.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { recover } from "./recover.ts";
import type { Consent, RestoreDeps } from "./restore-deps.ts";
import { undoRestore } from "./undo.ts";

/**
 * Give up an interrupted restore (T30): before its first swap it is taken back; after it, it is finished and then
 * undone, since only a finished one knows on both sides what to take back.
 *
 * @throws {SnapError} `usage` for a restore that is not under way; as `recover` and `undoRestore`
 */
export async function abandon(
  deps: RestoreDeps,
  request: { readonly restore: string; readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport> {
  const row = deps.journal.restore(request.restore);
  const step = row === undefined ? "none" : recoveryStepOf[row.state];
  if (row === undefined || step === "none") {
    throw new SnapError("usage", `No restore "${request.restore}" is under way`, {
      hint: "snap restores lists them; a finished one is taken back with snap undo.",
    });
  }
  await recover(deps, work);
  if (step === "back") return reportOf(deps.journal.restore(row.id) ?? row);
  const undo = { restore: row.id, skipChanged: true, consent: request.consent };
  return await undoRestore(deps, undo, work);
}
