import { expect, test } from "vitest";
import { layer } from "../support/layer.ts";
import { LiveSimulation } from "../support/sim/live-simulation.ts";
import { reportOf } from "../support/sim/run-seed.ts";

const seeds = 120;
/** Seconds of the processor: wall clocks are shared with whoever else runs. */
const cpuSecondsMax = 150;
/** By the wall: only a layer that hangs needs so long. */
const wallMsMax = 900_000;

/** Engines that are always on, twice each: the second run must be the first one (S111). */
const title = `S2, S113: worlds of ${seeds} seeds whose clients are always on lose nothing and become equal by themselves`;
test(title, { timeout: wallMsMax }, async () => {
  const facts = { name: "always on", cpuBudgetSeconds: cpuSecondsMax, seed: `1..${seeds}` };
  await layer(facts, async () => {
    let judged = 0;
    for (let seed = 1; seed <= seeds; seed += 1) judged += await hold(seed);
    // Twice a seed, but where something waits for the user.
    expect(judged).toBeGreaterThan(1.9 * seeds);
    return seeds;
  });
});

async function hold(seed: number): Promise<number> {
  const simulation = new LiveSimulation(seed);
  const outcome = await simulation.run();
  if (outcome.problems.length > 0) expect.fail(reportOf(outcome));
  const { digest } = await new LiveSimulation(seed).run();
  expect(digest, `seed ${seed}, run again`).toBe(outcome.digest);
  return simulation.judged;
}
