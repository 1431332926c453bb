import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { preview, runOrder } from "./restore.ts";
import type { Consent, RestoreDeps } from "./restore-deps.ts";
import { orderOfSide } from "./sides.ts";

/** Which side is wanted after somebody else put the disk back: `keep` the disk, `discard` it for the cloud (S119). */
export type RollbackChoice = "keep" | "discard";

/**
 * What a choice would do; nothing is changed. Undefined where nothing was rolled back.
 *
 * @throws {SnapError} what keeps the engine from observing
 */
export async function planRollbackOf(
  deps: RestoreDeps,
  choice: RollbackChoice,
  work: Work = {},
): Promise<RestorePlan | undefined> {
  if (!(await isOpen(deps, work))) return undefined;
  return (await preview(deps, await orderOfSide(deps, choice), work)).plan;
}

/**
 * Settle a rollback: a restore whose wanted tree is the present disk, or the present cloud (T48). Both are planned,
 * saved, fenced, verified and undoable as any other. Undefined where nothing was rolled back.
 *
 * @throws {SnapError} as `runOrder`, and `consent-needed` where only the user can tell what a folder is called now
 */
export async function settleRollback(
  deps: RestoreDeps,
  request: { readonly choice: RollbackChoice; readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport | undefined> {
  if (!(await isOpen(deps, work))) return undefined;
  if (request.choice === "keep" && request.consent.by === "yes") await refuseUnsure(deps);
  const order = await orderOfSide(deps, request.choice);
  return await runOrder(deps, order, { consent: request.consent, work });
}

async function isOpen({ engine, rollback }: RestoreDeps, work: Work): Promise<boolean> {
  if (engine === undefined || rollback === undefined) return false;
  await engine.observe(work);
  return await rollback.isRolledBack();
}

/** What was excluded and has another name in Dropbox now looks like what was deleted: nobody agrees to that unseen (S119). */
async function refuseUnsure({ rollback }: RestoreDeps): Promise<void> {
  const gone = (await rollback?.leftOutOfKeep())?.find(({ isThere }) => !isThere);
  if (gone === undefined) return;
  const { path } = gone;
  throw new SnapError(
    "consent-needed",
    `"${path}" was excluded here when the disk was saved, and Dropbox has no folder of that name now`,
    {
      path,
      hint: "If it has another name there, keeping this disk deletes it. `snap rollback keep --dry-run` shows the plan and its digest; `--plan DIGEST` agrees to it.",
    },
  );
}
