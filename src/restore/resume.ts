import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { commit } from "./commit.ts";
import { conclude } from "./conclude.ts";
import { draftOf } from "./draft.ts";
import { orderAgain } from "./order-again.ts";
import { preflight } from "./preflight.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { Run } from "./run.ts";
import { stageAgain } from "./stage.ts";
import { stageUnits, unitsFrom } from "./units.ts";
import { takeBackAfter } from "./take-back.ts";

/**
 * Go on with a restore or undo that was cut off while it staged, instead of taking it back (T30). What was staged whole is kept. The
 * consent was to its plan: where that is another one by now, everything is taken back.
 *
 * @throws {SnapError} `usage` where no such restore waits; `plan-drifted`; what `runOrder` throws
 */
export async function resume(
  deps: RestoreDeps,
  restore: string,
  work: Work = {},
): Promise<RestoreReport> {
  const row = deps.journal.restore(restore);
  if (row === undefined || !isResumable(row)) throw nothingToResume(restore, row);
  const run = new Run(deps, row.id, work);
  try {
    const order = await orderAgain(deps, row);
    await deps.engine?.raiseFence(run.id, work);
    const draft = await draftOf(deps, order, work);
    deps.onEvent({ type: "plan", plan: draft.plan, drifted: false });
    if (draft.plan.digest !== row.digest) throw drifted(row);
    const chosen = await preflight({ deps, order, draft, work });
    await stageUnits(run, draft, unitsFrom(run, order));
    await stageAgain(run, draft, chosen);
    await commit(run);
    return await conclude(run, () => Promise.resolve(order));
  } catch (error) {
    await takeBackAfter(run, error);
    throw error;
  }
}

/** Before the fence nothing was staged; behind the first swap it goes on by itself. */
function isResumable({ kind, state }: RestoreRow): boolean {
  return kind !== "rollback" && (state === "fenced" || state === "staged");
}

function nothingToResume(restore: string, row: RestoreRow | undefined): SnapError {
  const why = row === undefined ? "is not known" : "was not cut off while it staged";
  return new SnapError("usage", `The restore "${restore}" ${why}`, {
    hint: "snap restores lists them. One that went further goes on by itself with the next command; one that did not is run again.",
  });
}

function drifted({ id }: RestoreRow): SnapError {
  return new SnapError("plan-drifted", `Nothing was changed: restore ${id} has another plan now`, {
    hint: "What it had begun was taken back. Run the restore again, and look at its plan.",
  });
}
