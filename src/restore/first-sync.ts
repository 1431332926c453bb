import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import type { Work } from "../std/events.ts";
import { askConsent } from "./consent.ts";
import { preview, runOrder } from "./restore.ts";
import type { Consent, RestoreDeps } from "./restore-deps.ts";
import { orderOfSide } from "./sides.ts";

/** Which side a first sync makes the other one like (S44). */
export type FirstSide = "push" | "pull";

/** What it would do, announced; nothing is changed. @throws {SnapError} what keeps the engine from observing */
export async function planFirst(
  deps: RestoreDeps,
  side: FirstSide,
  work: Work = {},
): Promise<RestorePlan> {
  return (await preview(deps, await orderOfSide(deps, side), work)).plan;
}

/** Ask before there is a link at all. @throws {SnapError} as `askConsent` */
export async function agreeToFirst(plan: RestorePlan, consent: Consent): Promise<void> {
  await askConsent(plan, consent);
}

/**
 * Make one side like the other: planned, saved, fenced, verified and undoable as any restore.
 *
 * @throws {SnapError} as `runOrder`
 */
export async function runFirst(
  deps: RestoreDeps,
  { side, consent }: { readonly side: FirstSide; readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport> {
  return await runOrder(deps, await orderOfSide(deps, side), { consent, work });
}

/** Whether a row of the journal is such a first sync that has come to its end. */
export function isFirstDone({ kind, snapshot, state }: RestoreRow, side: FirstSide): boolean {
  return kind === "rollback" && snapshot === side && (state === "done" || state === "partial");
}
