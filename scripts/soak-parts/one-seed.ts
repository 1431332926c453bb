import { reportOf, runSeed } from "../../test/support/sim/run-seed.ts";
import { shrink } from "../../test/support/sim/shrink.ts";
import type { WorldLayer } from "../../test/support/sim/simulation.ts";

/** One seed of simulated worlds with its timeline, and its shortest form where it fails: 1 then, else 0. */
export async function showSeed(layer: WorldLayer, seed: number): Promise<number> {
  const outcome = await runSeed(seed, layer);
  if (outcome.problems.length === 0) {
    console.log(outcome.timeline.join("\n"));
    console.log(`seed ${seed} holds: ${outcome.steps} steps, ${outcome.syncs} syncs`);
    return 0;
  }
  console.log(reportOf(outcome));
  const short = await shrink(outcome);
  const steps = outcome.steps - short.skipped.size;
  console.log(`\nthe same with ${steps} of its ${outcome.steps} steps:`);
  console.log([...short.outcome.timeline, ...short.outcome.problems].join("\n"));
  return 1;
}
