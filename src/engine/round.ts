import { isWriteOp, type Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { ByteBudget } from "../std/byte-budget.ts";
import type { Work } from "../std/events.ts";
import { CommitQueue } from "./execute/commit-queue.ts";
import { RemoteConfirmation } from "./execute/confirm-remote.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { execute } from "./execute/execute.ts";
import { newOpId, type Execution } from "./execute/execution.ts";
import { guardedPlans } from "./guarded-plans.ts";
import { RoundGuard } from "./guards/holds.ts";
import { thawRemovals } from "./recover/index-lost.ts";
import { bodyMemoryMaxBytes } from "./limits.ts";
import { Plans, type Planned, type PlanOptions } from "./make-plan.ts";
import type { Observed } from "./observe.ts";
import { giveOwnNodes } from "./listing/own-nodes.ts";
import type { Parking } from "./parking.ts";
import { settleIntents } from "./recover/settle-intents.ts";
import type { Tally } from "./report.ts";
import { checkRemote } from "./guards/presence.ts";
import { raiseGeneration } from "./guards/rollback.ts";
import type { RunOptions } from "./run-options.ts";
import { NewFolders } from "./execute/new-folders.ts";
import { inOrder, RepositoryGate } from "./execute/repository-gate.ts";
import { RoundLeases } from "./execute/repository-leases.ts";
import { Room } from "./execute/room.ts";

/** What the rounds of one sync share. */
export type RoundContext = {
  readonly tally: Tally;
  readonly parking: Parking;
  readonly work: Work;
  readonly plans?: PlanOptions;
  readonly run?: RunOptions;
};

/** How a round ended. */
export type RoundEnd = {
  /** Nothing was done, and nothing waits for another round. */
  readonly isLast: boolean;
  /** What the mass guards hold (S79), and the rules that everything else waits for (S90). */
  readonly held: readonly LeftPath[];
  /** Nothing was done because of new rules that could not come down (S90). */
  readonly awaitsRules: boolean;
};

/**
 * All that follows from one look at both sides: each slice is merged, planned, guarded, executed and committed before the
 * next one (S1, S45).
 */
export async function runRound(
  deps: EngineDeps,
  observed: Observed,
  context: RoundContext,
): Promise<RoundEnd> {
  const guard = new RoundGuard(deps);
  const plans = new Plans(deps, observed, context.plans);
  const { scope } = observed;
  const newFolders = new NewFolders({ ...deps, scope });
  await using leases = new RoundLeases(deps);
  let held: readonly LeftPath[] = [];
  let isIdle = true;
  let isRaised = false;
  for (const { planned, guarded } of guardedPlans(plans, guard, observed)) {
    held = guarded.left;
    const ready = guarded.ops.filter(({ node }) => !context.parking.holds(node));
    const ops = await leases.granted(inOrder(deps, ready));
    if (ops.length === 0) continue;
    if (isIdle && !(await isFolderThere(deps, observed))) return anotherLook;
    plans.noteWork();
    isIdle = false;
    isRaised ||= await raisedFor(deps, ops, context);
    const { lookedAt } = observed;
    await runPlan(deps, { planned, ops, newFolders, lookedAt, context });
  }
  if (plans.isWhole) guard.end(observed.frozen.nodes);
  if (plans.isWhole || plans.waits) thawRemovals(deps.index);
  const awaited = isIdle ? plans.awaited : [];
  return {
    isLast: isIdle && !plans.waits,
    held: [...held, ...plans.conflicts, ...leases.left(), ...awaited],
    awaitsRules: awaited.length > 0,
  };
}

/** Before the first op that writes, the cycle is counted. Whether it was. */
async function raisedFor(
  deps: EngineDeps,
  ops: readonly Op[],
  { run }: RoundContext,
): Promise<boolean> {
  if (!ops.some(isWriteOp)) return false;
  await run?.beforeWork?.();
  await raiseGeneration(deps);
  return true;
}

/** Before the first op, what was not looked at is (S35). False where it is another folder, of which everything is listed first. */
async function isFolderThere(deps: EngineDeps, { isPlaceChecked }: Observed): Promise<boolean> {
  if (isPlaceChecked) return true;
  await checkRemote(deps);
  return deps.index.meta("complete") !== undefined;
}

const anotherLook: RoundEnd = { isLast: false, held: [], awaitsRules: false };

/** A plan that has something to do. */
type Run = {
  readonly planned: Planned;
  /** The part of the plan that is neither held nor left aside. */
  readonly ops: readonly Op[];
  readonly newFolders: NewFolders;
  readonly lookedAt: number;
  readonly context: RoundContext;
};

async function runPlan(deps: EngineDeps, run: Run): Promise<void> {
  const { ops, planned, context } = run;
  using _go = ops.some(isPartOfMore) ? await deps.inOneGo?.() : undefined;
  giveOwnNodes(deps.index, planned.result);
  const execution = executionOf(deps, run);
  context.tally.expect(ops);
  await execute(execution, ops, (op, result) => {
    context.parking.note(op, result);
    context.run?.onResult?.(op, result);
  });
  await deps.local.removeArea(execution.staging);
  // What the plan could not bring to its end goes home before anything is observed (S49).
  await settleIntents(deps);
}

/** After it something is missing on the disk that a later op of the plan puts there. */
function isPartOfMore(op: Op): boolean {
  return op.kind === "L.aside" || (op.kind === "L.move" && op.step !== "direct");
}

function executionOf(deps: EngineDeps, { planned, newFolders, lookedAt, context }: Run): Execution {
  const { target, decided, isHeld } = planned.result;
  const { tally, work } = context;
  return {
    deps,
    mayGo: (node) => decided.has(node) && target.get(node) === undefined && !isHeld(node),
    mayGoUp: (node) => newFolders.mayGoUp(node),
    repositories: new RepositoryGate(deps, lookedAt),
    commits: new CommitQueue(deps.index),
    confirm: new RemoteConfirmation(deps.remote),
    tally,
    staging: { kind: "staging", id: newOpId(deps.rng) },
    room: new Room(),
    memory: new ByteBudget(bodyMemoryMaxBytes),
    cycle: Number(deps.index.meta("generation") ?? 0),
    work,
  };
}
