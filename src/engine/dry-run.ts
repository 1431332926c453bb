import { Exclusions } from "../core/exclusions.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { Op } from "../core/plan/op.ts";
import { overlaysOf, Simulation } from "../core/plan/simulate.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { guardedPlans } from "./guarded-plans.ts";
import { RoundGuard } from "./guards/holds.ts";
import { Plans, treesOfIndex, type PlanOptions } from "./make-plan.ts";
import type { Observed } from "./observe.ts";

/** What a sync would do now. */
export type DryRun = { readonly ops: readonly Op[]; readonly left: readonly LeftPath[] };

/** How a dry run is made; `leaving` are folders that the sync would take out of the link before all else (S93). */
export type DryOptions = PlanOptions & { readonly leaving?: readonly RelPath[] };

/**
 * Plan slice after slice as a sync would, on trees in memory on top of those of the index (S52). They need as much memory
 * as there are ops.
 */
export function planDry(deps: EngineDeps, observed: Observed, options: DryOptions = {}): DryRun {
  const { leaving = [] } = options;
  const guard = new RoundGuard(deps, { record: false, leaving: new Exclusions(leaving) });
  const trees = overlaysOf(treesOfIndex(deps.index));
  const simulation = new Simulation(trees);
  const plans = new Plans(deps, observed, { ...options, trees });
  const ops: Op[] = [];
  let held: readonly LeftPath[] = [];
  for (const { planned, guarded } of guardedPlans(plans, guard, observed)) {
    held = guarded.left;
    if (guarded.ops.length === 0) continue;
    plans.noteWork();
    for (const op of guarded.ops) ops.push(op);
    // After the last slice nobody reads the trees.
    if (planned.partial) for (const op of guarded.ops) simulation.apply(op);
  }
  const awaited = ops.length === 0 ? plans.awaited : [];
  return { ops, left: [...observed.frozen.left, ...held, ...awaited] };
}

/** How many ops both sides are apart, those that a guard would hold included. */
export function countDry(deps: EngineDeps, observed: Observed, options: PlanOptions = {}): number {
  const trees = overlaysOf(treesOfIndex(deps.index));
  const simulation = new Simulation(trees);
  const plans = new Plans(deps, observed, { ...options, trees });
  let count = 0;
  for (let planned = plans.next(); planned !== undefined; planned = plans.next()) {
    count += planned.ops.length;
    if (planned.ops.length > 0) plans.noteWork();
    if (planned.partial) for (const op of planned.ops) simulation.apply(op);
  }
  return count;
}
