import { expect, test } from "vitest";
import { layer } from "../support/layer.ts";
import { reportOf, runSeed } from "../support/sim/run-seed.ts";
import { seedsThatFailed } from "../support/sim/seeds-file.ts";

/** All seeds of the layer, over both of its parts: what fits into the seconds below, each seed run twice (S109). */
const seedsAll = 1_600;
const firstSeed = 1;
/** Of one part, seconds of the processor: wall clocks are shared with whoever else runs. */
const cpuSecondsMax = 300;
/** By the wall: only a layer that hangs needs so long. */
const wallMsMax = 900_000;

/** One half of the layer: every second seed, so that two workers share them. */
export function simulationPart(part: 0 | 1): void {
  test(`S111: seeds that failed once hold, part ${part + 1}`, async () => {
    for (const [at, seed] of seedsThatFailed().entries()) {
      if (at % 2 === part) await hold(seed);
    }
  });

  const title = `S109, S113: worlds of ${seedsAll} seeds lose nothing and come to rest, part ${part + 1}`;
  test(title, { timeout: wallMsMax }, async () => {
    const name = `simulation ${part + 1}/2`;
    const seed = `${firstSeed + part}..${firstSeed + seedsAll - 2 + part}`;
    await layer({ name, cpuBudgetSeconds: cpuSecondsMax, seed }, async () => {
      let count = 0;
      for (let next = firstSeed + part; next < firstSeed + seedsAll; next += 2) {
        await hold(next);
        count += 1;
      }
      return count;
    });
  });
}

async function hold(seed: number): Promise<void> {
  const outcome = await runSeed(seed);
  if (outcome.problems.length > 0) expect.fail(reportOf(outcome));
}
