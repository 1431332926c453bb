import type { Guarded, RoundGuard } from "./guards/holds.ts";
import type { Planned, Plans } from "./make-plan.ts";
import type { Observed } from "./observe.ts";

/** A plan, and the part of it that the mass guards let pass. */
export type GuardedPlan = { readonly planned: Planned; readonly guarded: Guarded };

/**
 * The plans of a round through the one gate that all planned ops pass (S79). Each is made when it is asked for; where there are
 * several, the guard looks at all dirty nodes before the first.
 */
export function* guardedPlans(
  plans: Plans,
  guard: RoundGuard,
  { frozen }: Observed,
): Generator<GuardedPlan> {
  let isFirst = true;
  for (let planned = plans.next(); planned !== undefined; planned = plans.next()) {
    if (isFirst && planned.partial) guard.census(frozen.nodes);
    isFirst = false;
    yield { planned, guarded: guard.pass(planned) };
  }
}
