import { whyNotConverged } from "../core/plan/stuck.ts";
import { hookOutcome, type SyncReport } from "../core/plan/sync-report.ts";
import { exitOf } from "../engine/report.ts";
import { pendingExclusions } from "../engine/scope/exclusions-in-force.ts";
import type { IndexStore } from "../ports.ts";
import { copyIndex } from "../state/backup.ts";
import { noteLoss, untoldLoss, type IndexLoss } from "../state/index-loss.ts";
import { workspaceFiles } from "../state/locations.ts";
import { isSnapError, type SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { excludedIn } from "./exclusion-record.ts";
import { requireLink } from "./find-workspace.ts";
import { syncHooks } from "./hooks.ts";
import { settleInitial } from "./initial-mark.ts";
import { formatLeft } from "./last-left.ts";
import { tellRepositories } from "./repo-beacons.ts";
import { recoverRestore } from "./restore-world.ts";
import { rollBackOpen } from "./rollback.ts";
import { settingsOf } from "./settings-of.ts";
import { openLinked, type LinkedWorkspace } from "./workspace.ts";

/** How a sync ended, and what had become of the index since the last one (S77). */
export type SyncOutcome = SyncReport & { readonly indexLoss: IndexLoss | undefined };

/**
 * Make the workspace around a place and its remote folder equal. A restore that was cut off is finished or taken back first.
 *
 * @throws {SnapError} `workspace-missing`, `busy`, `rolled-back`, and what makes a plan impossible
 */
export async function syncWorkspace(
  environment: Environment,
  place: string,
  work: Work,
): Promise<SyncOutcome> {
  await using workspace = await openLinked(environment, requireLink(environment, place), "sync");
  await recoverRestore(workspace, work);
  settleInitial(workspace);
  const report = await syncAsSet(workspace, work);
  const { index } = workspace.state;
  const indexLoss = untoldLoss(index);
  if (indexLoss !== undefined) index.transaction(() => noteLoss(index, undefined));
  return { ...report, indexLoss };
}

/** A disk that somebody else rolled back is settled first where the setting `rollback` says how, as if that had been typed (S120). */
async function syncAsSet(workspace: LinkedWorkspace, work: Work): Promise<SyncReport> {
  try {
    return await syncOpen(workspace, work);
  } catch (error) {
    if (!(await settleAsSet(workspace, error, work))) throw error;
    return await syncOpen(workspace, work);
  }
}

/** Settle a disk that somebody else rolled back where the setting `rollback` says how (S120); false where it does not, or for another error. */
export async function settleAsSet(
  workspace: LinkedWorkspace,
  error: unknown,
  work: Work,
): Promise<boolean> {
  const { environment, record } = workspace;
  const choice = settingsOf(environment, record).rollback ?? "ask";
  if (choice === "ask" || !isSnapError(error, "rolled-back")) return false;
  environment.logger.info("the disk was rolled back", { choice, reason: error.message });
  const words = { choice, consent: { by: "yes" }, dryRun: false, onEvent: () => {} } as const;
  await rollBackOpen(workspace, words, work);
  return true;
}

/** Sync a workspace that is held already, and note for the status what was left aside. */
export async function syncOpen(workspace: LinkedWorkspace, work: Work): Promise<SyncReport> {
  try {
    const report = await withHooks(workspace, work);
    await noteReport(workspace, report);
    return report;
  } catch (error) {
    if (isSnapError(error)) noteEnding(workspace.state.index, error);
    throw error;
  }
}

/** A sync came to its end: what it left aside is noted for the status, and the index is copied (S11). */
export async function noteReport(workspace: LinkedWorkspace, report: SyncReport): Promise<void> {
  const { index } = workspace.state;
  const { left } = report;
  await tellRepositories(workspace, report);
  index.transaction(() => {
    index.setMeta("last_left", formatLeft(left));
    index.setMeta("rolled_back", undefined);
    index.setMeta("stuck", whyNotConverged(left, undefined));
  });
  await keepCopy(workspace);
}

/** The user's programs run before the first op and, where they did, at the end, however that came (T43). */
async function withHooks(workspace: LinkedWorkspace, work: Work): Promise<SyncReport> {
  const { environment, engine, record, state } = workspace;
  const hooks = syncHooks(workspace);
  try {
    const { leaving } = pendingExclusions(state.index, excludedIn(environment, record.id));
    if (leaving.length > 0) await hooks.before(work.signal);
    const report = await engine.sync(work, { beforeWork: () => hooks.before(work.signal) });
    const failure = await hooks.after(hookOutcome(report));
    return failure === undefined ? report : withFailedHook(report, failure);
  } catch (error) {
    await hooks.after("not-done");
    throw error;
  }
}

/** The data stays; the exit code says that something is left to do (T43). */
function withFailedHook(report: SyncReport, reason: string): SyncReport {
  const left = [...report.left, { path: "sync.after", kind: "parked", reason } as const];
  return { ...report, left, exit: exitOf(left), upToDate: false };
}

/** For the status. An index that takes no note is itself what ended the sync, and the error says so. */
export function noteEnding(index: IndexStore, { code, message }: SnapError): void {
  try {
    index.transaction(() => {
      index.setMeta("stuck", whyNotConverged([], code));
      if (code === "rolled-back") index.setMeta("rolled_back", message);
    });
  } catch (error) {
    if (!isSnapError(error)) throw error;
  }
}

/** A sync that came to its end has ended well, whether or not there is room for a copy of the index (S11). */
async function keepCopy({ environment, record, state }: LinkedWorkspace): Promise<void> {
  const { clock, locations, logger } = environment;
  const path = workspaceFiles(locations, record.id).index;
  try {
    await copyIndex(state, { path, now: clock.now() });
  } catch (error) {
    if (!isSnapError(error)) throw error;
    logger.error("the index was not copied", { code: error.code, reason: error.message });
  }
}
