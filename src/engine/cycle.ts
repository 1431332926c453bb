import type { Op } from "../core/plan/op.ts";
import type { SyncReport } from "../core/plan/sync-report.ts";
import { throwIfAborted, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { CommitQueue } from "./commit-queue.ts";
import { RemoteConfirmation } from "./confirm-remote.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { execute } from "./execute.ts";
import { newOpId, type Execution } from "./execution.ts";
import { roundsMax } from "./limits.ts";
import { makePlan, type Planned } from "./make-plan.ts";
import { observeBoth } from "./observe.ts";
import { giveOwnNodes } from "./own-nodes.ts";
import { Parking } from "./parking.ts";
import { recover, settleIntents } from "./recover.ts";
import { reportOf, Tally } from "./report.ts";
import { checkRollback, raiseGeneration, writeBeacon, type RollbackState } from "./rollback.ts";

/**
 * One sync: cycles of observe, merge, plan, execute and commit, until both sides are equal or nothing more can be
 * done (S1). What is half done when it ends, by a signal, an error or a crash, the next one goes on with.
 *
 * @throws {SnapError} what makes a plan impossible (S79), `rolled-back` (S118), `interrupted`
 */
export async function runCycles(deps: EngineDeps, work: Work): Promise<SyncReport> {
  const tally = new Tally(work);
  const parking = new Parking(deps);
  await recover(deps);
  for (let cycles = 1; cycles <= roundsMax; cycles += 1) {
    throwIfAborted(work.signal);
    const observed = await observeBoth(deps, work);
    parking.see(observed.frozen.left);
    if (cycles === 1) await refuseRolledBack(deps);
    const planned = makePlan(deps, observed);
    const ops = planned.ops.filter(({ node }) => !parking.holds(node));
    if (ops.length === 0 && !planned.waits) {
      await endSync(deps, parking);
      return reportOf({ cycles, tally, left: parking.left() });
    }
    await runCycle(deps, { planned, ops, tally, parking, work });
  }
  throw new SnapError("unexpected", `The two sides were not equal after ${roundsMax} cycles`, {
    hint: "Please report this, with the output of snap status.",
  });
}

/** One cycle that has something to do. */
type Cycle = {
  readonly planned: Planned;
  /** The part of the plan that is not left aside. */
  readonly ops: readonly Op[];
  readonly tally: Tally;
  readonly parking: Parking;
  readonly work: Work;
};

async function runCycle(deps: EngineDeps, cycle: Cycle): Promise<void> {
  const { planned, ops, tally, parking } = cycle;
  if (ops.some(changesSide)) await raiseGeneration(deps);
  giveOwnNodes(deps.index, planned.result.target);
  const execution = executionOf(deps, cycle);
  tally.expect(ops);
  await execute(execution, ops, (op, result) => parking.note(op, result));
  await deps.local.removeArea(execution.staging);
  // What the plan could not bring to its end goes home before anything is observed (S49).
  await settleIntents(deps);
}

function executionOf(deps: EngineDeps, { planned, tally, work }: Cycle): Execution {
  const { target, held } = planned.result;
  return {
    deps,
    target,
    mayGo: (node) => target.get(node) === undefined && !held.has(node),
    commits: new CommitQueue(deps.index),
    confirm: new RemoteConfirmation(deps.remote),
    tally,
    staging: { kind: "staging", id: newOpId(deps.rng) },
    cycle: Number(deps.index.meta("generation") ?? 0),
    work,
  };
}

function changesSide({ kind }: Op): boolean {
  return !kind.startsWith("S.") && kind !== "ASK.hash";
}

/** S118: a disk or an index that went back is never brought up to date by itself. */
async function refuseRolledBack(deps: EngineDeps): Promise<void> {
  const state = await checkRollback(deps);
  if (state === undefined) return;
  throw new SnapError("rolled-back", `${went[state.found]}: nothing was synced`, {
    hint: "`snap rollback show` tells what happened; then `snap rollback keep` or `snap rollback discard`.",
  });
}

const went: Readonly<Record<RollbackState["found"], string>> = {
  "index-behind":
    "This workspace was put back to an older state, together with what snap knows of it",
  "workspace-behind": "This workspace was put back to an older state",
  "remote-emptied": "The linked folder was emptied behind an older state of this workspace",
};

async function endSync(deps: EngineDeps, parking: Parking): Promise<void> {
  await writeBeacon(deps);
  parking.clearOthers();
  const now = new Date(deps.clock.now()).toISOString();
  deps.index.transaction(() => deps.index.setMeta("last_synced_at", now));
}
