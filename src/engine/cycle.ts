import type { LeftPath, SyncReport } from "../core/plan/sync-report.ts";
import { gitdirRestMs } from "../core/repo/work-trees.ts";
import { throwIfAborted, SnapError } from "../std/error.ts";
import { checkAlong } from "./check/sample.ts";
import type { LookWork } from "./disk/looking.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { applyExclusions } from "./execute/exclude.ts";
import { noteExclusions } from "./guards/disk-exclusions.ts";
import { endOldTokens } from "./guards/holds-tokens.ts";
import { distrustOldAgreement } from "./recover/index-lost.ts";
import { lookForLateEdits } from "./execute/late-writers.ts";
import { roundsMax } from "./limits.ts";
import { observeBoth, type Begin, type Observed } from "./observe.ts";
import { Parking } from "./parking.ts";
import { recover } from "./recover/recover.ts";
import { settleAfterLook, settleIntents } from "./recover/settle-intents.ts";
import { reportOf, Tally } from "./report.ts";
import { checkRollback, rollbackRefusal, writeBeacon } from "./guards/rollback.ts";
import { runRound } from "./round.ts";
import type { RunOptions } from "./run-options.ts";
import { haveGitRulesMoved } from "./scope/scope.ts";

/**
 * One sync: cycles of observe, merge, plan, execute and commit, until both sides are equal or nothing more can be
 * done (S1). What is half done when it ends, by a signal, an error or a crash, the next one goes on with.
 *
 * @throws {SnapError} what makes a plan impossible (S79), `rolled-back` (S118), `interrupted`
 */
export async function runCycles(
  deps: EngineDeps,
  work: LookWork,
  run: RunOptions = {},
): Promise<SyncReport> {
  const tally = new Tally(work);
  const parking = new Parking(deps, run.patience);
  const late = lateEditsOf(deps, run);
  if (run.isPartial === true) await settleIntents(deps);
  else await recover(deps);
  endOldTokens(deps);
  const context = { tally, parking, work, run };
  const rested = restOnce(deps, run, work);
  for (let cycles = 1; cycles <= roundsMax; cycles += 1) {
    throwIfAborted(work.signal);
    await late();
    const observed = await observeBoth(deps, work, beginOf(cycles));
    parking.see(observed.frozen.left);
    await refuseRolledBack(deps, observed, cycles);
    distrustOldAgreement(deps);
    if (cycles === 1 && (await applyExclusions(deps, { tally, work }))) continue;
    if (await isOvertaken(deps, observed)) continue;
    const { isLast, held, awaitsRules } = await runRound(deps, observed, context);
    if (!isLast || (await rested(parking.left()))) continue;
    // That everything waits for rules (S90) is no sync; what was changed before they were found is told all the same (S116).
    if (!awaitsRules) await endSync(deps, parking, held);
    else if (tally.hasChangedSides) await writeBeacon(deps);
    const damaged = await checkAlong(deps, work);
    return reportOf({ cycles, tally, left: [...held, ...parking.left(), ...damaged] });
  }
  throw new SnapError("unexpected", `The two sides were not equal after ${roundsMax} cycles`, {
    hint: "Please report this, with the output of snap status.",
  });
}

function beginOf(cycles: number): Begin {
  return cycles === 1 ? "first" : "next";
}

/** What rested in the trash goes only with a look at everything (S65). */
function lateEditsOf(
  deps: EngineDeps,
  { isPartial, looksForLateEdits }: RunOptions,
): () => Promise<void> {
  if (isPartial !== true) {
    const beganAt = deps.clock.now();
    return () => lookForLateEdits(deps, beganAt);
  }
  if (looksForLateEdits !== true) return () => Promise.resolve();
  return () => lookForLateEdits(deps, Number.NEGATIVE_INFINITY);
}

/**
 * G25, G45: who syncs right after a commit or a switch of branches means the new one, so a single sync waits for it, once. An engine that is always
 * on looks again by itself.
 */
function restOnce(
  { clock }: EngineDeps,
  { patience }: RunOptions,
  { signal }: LookWork,
): (left: readonly LeftPath[]) => Promise<boolean> {
  let mayWait = patience === undefined;
  return async (left) => {
    const now = clock.now();
    const waits = left.map(({ againAt = Number.POSITIVE_INFINITY }) => againAt - now);
    const longest = Math.max(0, ...waits.filter((delayMs) => delayMs <= gitdirRestMs));
    if (!mayWait || longest === 0) return false;
    mayWait = false;
    await clock.sleep(longest, signal).catch((error: unknown) => {
      throwIfAborted(signal);
      throw error;
    });
    return true;
  };
}

/** Whether something came between that another look has to see first. */
async function isOvertaken(deps: EngineDeps, { scope }: Observed): Promise<boolean> {
  return (await settleAfterLook(deps)) || (await haveGitRulesMoved(deps, scope));
}

/** S118: a disk or an index that went back is never brought up to date by itself. Later in a sync, only what is another folder may look so. */
async function refuseRolledBack(
  deps: EngineDeps,
  observed: Observed,
  cycles: number,
): Promise<void> {
  if (cycles > 1 && !observed.isPlaceChecked) return;
  const state = await checkRollback(deps, observed);
  if (state !== undefined) throw rollbackRefusal(state);
}

/** Both sides are as equal as they can be made now. */
async function endSync(
  deps: EngineDeps,
  parking: Parking,
  held: readonly LeftPath[],
): Promise<void> {
  const waiting = [...held, ...parking.left()].filter(({ kind }) => kind !== "unsynced");
  await noteExclusions(deps, waiting);
  await writeBeacon(deps);
  parking.clearOthers();
  const now = new Date(deps.clock.now()).toISOString();
  deps.index.transaction(() => deps.index.setMeta("last_synced_at", now));
}
