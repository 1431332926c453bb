import type { Op } from "../core/plan/op.ts";
import type { Observation, RebaseRequest, SyncReport } from "../core/plan/sync-report.ts";
import type { EngineControl } from "../ports.ts";
import type { LookAtBoth } from "../core/snapshot/engine-control.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { runCycles } from "./cycle.ts";
import { countDry, planDry, type DryRun } from "./dry-run.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { refuseBehindFence } from "./fence.ts";
import { pendingExclusions, type PendingExclusions } from "./scope/exclusions-in-force.ts";
import { lookOffline } from "./look-offline.ts";
import { Plans } from "./make-plan.ts";
import { observeBoth } from "./observe.ts";
import { beginAnew } from "./recover/begin-anew.ts";
import { emptyServer } from "./recover/empty-server.ts";
import { noteServed } from "./recover/note-served.ts";
import { rebase } from "./recover/rebase.ts";
import { recover } from "./recover/recover.ts";
import type { RunOptions } from "./run-options.ts";
import { settleAfterLook } from "./recover/settle-intents.ts";
import { findRollback, rollbackRefusal } from "./guards/rollback.ts";

/** The engine of one link; the caller holds the workspace's lock (S12) and makes one call at a time. */
export type Engine = EngineControl & {
  /** The same, done as the options say. */
  sync(work?: Work, run?: RunOptions): Promise<SyncReport>;
  /**
   * Observe, merge and plan; nothing is written on either side.
   *
   * @throws {SnapError} as `sync`: what makes a plan impossible (S79), `rolled-back` (S118); and those of `planDry`
   */
  dryRun(work?: DryWork): Promise<DryRun>;
};

/** Who is told what a sync would do now, as it is found; what is returned is waited for. */
export type DryWork = Work & {
  /** The change of its exclusions, before everything else (S93). */
  readonly onExclusions?: (pending: PendingExclusions) => void;
  /** Ops in their order, some thousands at once. */
  readonly onOps?: (ops: readonly Op[]) => void;
};

/** The engine on the ports of one link. Nothing is touched until the first call. */
export function openEngine(deps: EngineDeps): Engine {
  return {
    observe: async (work = {}) => {
      refuseBehindFence(deps);
      return await lookAs(work)(deps, work);
    },
    dryRun: async (work = {}) => {
      refuseBehindFence(deps);
      return await lookAhead(deps, work);
    },
    raiseFence: (restore, work = {}) => raiseFence(deps, restore, work),
    lowerFence: (restore) => lowerFence(deps, restore),
    noteServed: (restore, items) => noteServed(deps, restore, items),
    emptyServer: (restore, going, work = {}) => emptyServer(deps, restore, { going, work }),
    beginAnew: (restore, also) => beginAnew(deps, restore, also),
    rebase: (request: RebaseRequest, also: () => void) => rebase(deps, request, also),
    sync: async (work: Work = {}, run: RunOptions = {}): Promise<SyncReport> => {
      refuseBehindFence(deps);
      return await runCycles(deps, work, run);
    },
  };
}

async function lookAhead(deps: EngineDeps, work: DryWork): Promise<DryRun> {
  const observed = await observeBoth(deps, work);
  const rollback = await findRollback(deps);
  if (rollback !== undefined) throw rollbackRefusal(rollback);
  const exclusions = pendingExclusions(deps.index, deps.config.excluded());
  work.onExclusions?.(exclusions);
  const { leaving } = exclusions;
  return await planDry(deps, observed, { leaving, onOps: work.onOps, signal: work.signal });
}

function lookAs({ isOffline = false }: LookAtBoth): typeof look {
  return isOffline ? lookOffline : look;
}

async function look(deps: EngineDeps, work: Work): Promise<Observation> {
  const observed = await observeBoth(deps, work);
  const pending = await countDry(deps, observed, { signal: work.signal });
  const awaited = pending === 0 ? new Plans(deps, observed).awaited : [];
  return { left: [...observed.frozen.left, ...awaited], pending };
}

/**
 * Half-done ops end, both sides are observed to the end, and then the fence stands: from there on the remote tree does not
 * advance (S96). Where this very fence stands already, nothing is observed again.
 */
async function raiseFence(
  deps: EngineDeps,
  restore: string,
  work: LookAtBoth,
): Promise<Observation> {
  const standing = deps.journal.fence();
  if (standing !== undefined) {
    refuseOther(restore, standing);
    return { left: [], pending: 0 };
  }
  await recover(deps);
  const lookNow = lookAs(work);
  let observation = await lookNow(deps, work);
  if (await settleAfterLook(deps)) observation = await lookNow(deps, work);
  deps.index.transaction(() => deps.journal.setFence(restore));
  return observation;
}

function lowerFence(deps: EngineDeps, restore: string): void {
  const standing = deps.journal.fence();
  if (standing === undefined) return;
  refuseOther(restore, standing);
  deps.index.transaction(() => deps.journal.setFence(undefined));
}

function refuseOther(restore: string, standing: string): void {
  if (restore === standing) return;
  throw new SnapError("refused", `The restore "${standing}" is not finished`, {
    hint: "snap sync finishes it or takes it back.",
  });
}
