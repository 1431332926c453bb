import { Exclusions } from "../core/exclusions.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { Op } from "../core/plan/op.ts";
import { coveredBy, Simulation } from "../core/plan/simulate.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { throwIfAborted } from "../std/error.ts";
import { turn } from "../std/turn.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { guardedPlans } from "./guarded-plans.ts";
import { RoundGuard } from "./guards/holds.ts";
import { Plans, treesOfIndex, type Planned } from "./make-plan.ts";
import type { Observed } from "./observe.ts";

/** What a sync would leave aside now; its ops were told meanwhile. */
export type DryRun = { readonly left: readonly LeftPath[] };

/** How a dry run is made. */
export type DryOptions = {
  readonly signal?: AbortSignal | undefined;
  /** `sliceNodesMax` but in tests. */
  readonly nodesMax?: number;
};

/** Of one that tells what it finds. */
export type DryPlanOptions = DryOptions & {
  /** Folders that the sync would take out of the link before all else (S93). */
  readonly leaving?: readonly RelPath[];
  /** Told the ops of each slice, in their order. */
  readonly onOps?: ((ops: readonly Op[]) => void) | undefined;
};

/**
 * Plan slice after slice as a sync would, and try the ops of each on trees that lie over those of the index (S52). What it
 * needs of memory follows the size of a slice (S107); the index is read, and not written.
 *
 * @throws {SnapError} `interrupted`, and the trouble of a disk without room for what lies over the trees
 */
export async function planDry(
  deps: EngineDeps,
  observed: Observed,
  options: DryPlanOptions = {},
): Promise<DryRun> {
  const { leaving = [], onOps } = options;
  const guard = new RoundGuard(deps, { record: false, leaving: new Exclusions(leaving) });
  using trial = new Trial(deps, observed, options);
  let held: readonly LeftPath[] = [];
  let isIdle = true;
  for (const { planned, guarded } of guardedPlans(trial.plans, guard, observed)) {
    held = guarded.left;
    isIdle &&= guarded.ops.length === 0;
    onOps?.(guarded.ops);
    await trial.run(planned, guarded.ops);
  }
  const awaited = isIdle ? trial.plans.awaited : [];
  return { left: [...observed.frozen.left, ...held, ...trial.plans.conflicts, ...awaited] };
}

/**
 * How many ops both sides are apart, those that a guard would hold included.
 *
 * @throws {SnapError} as `planDry`
 */
export async function countDry(
  deps: EngineDeps,
  observed: Observed,
  options: DryOptions = {},
): Promise<number> {
  using trial = new Trial(deps, observed, options);
  const { plans } = trial;
  let count = 0;
  for (let planned = plans.next(); planned !== undefined; planned = plans.next()) {
    count += planned.ops.length;
    await trial.run(planned, planned.ops);
  }
  return count;
}

/** Plans whose ops are tried, and not done. */
class Trial implements Disposable {
  readonly plans: Plans;
  readonly #covers: ReturnType<EngineDeps["index"]["covers"]>;
  readonly #simulation: Simulation;
  readonly #signal: AbortSignal | undefined;

  constructor(deps: EngineDeps, observed: Observed, { signal, nodesMax }: DryOptions) {
    this.#covers = deps.index.covers();
    const trees = coveredBy(this.#covers, treesOfIndex(deps.index));
    this.#simulation = new Simulation(trees);
    this.plans = new Plans(deps, observed, { trees, ...(nodesMax !== undefined && { nodesMax }) });
    this.#signal = signal;
  }

  /** The part of a plan that would run. */
  async run({ partial }: Planned, ops: readonly Op[]): Promise<void> {
    if (ops.length > 0) this.plans.noteWork();
    // After the last slice nobody reads the trees.
    if (!partial) return;
    for (const op of ops) this.#simulation.apply(op);
    await turn();
    throwIfAborted(this.#signal);
  }

  [Symbol.dispose](): void {
    this.#covers[Symbol.dispose]();
  }
}
