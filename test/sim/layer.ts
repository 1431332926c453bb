import { expect, test } from "vitest";
import { reportOf, runSeed } from "../support/sim/run-seed.ts";
import { seedsThatFailed } from "../support/sim/seeds-file.ts";

/** All seeds of the layer, over both of its parts: what fits into the seconds below, each seed run twice (S109). */
const seedsAll = 640;
const firstSeed = 1;
/** Of one part, seconds of the processor: wall clocks are shared with whoever else runs. */
const cpuSecondsMax = 120;

/** One half of the layer: every second seed, so that two workers share them. */
export function simulationPart(part: 0 | 1): void {
  test(`S111: seeds that failed once hold, part ${part + 1}`, async () => {
    for (const [at, seed] of seedsThatFailed().entries()) {
      if (at % 2 === part) await hold(seed);
    }
  });

  test(`S109, S113: worlds of ${seedsAll} seeds lose nothing and come to rest, part ${part + 1}`, async () => {
    const begun = { cpu: process.cpuUsage(), at: performance.now() };
    let count = 0;
    for (let seed = firstSeed + part; seed < firstSeed + seedsAll; seed += 2) {
      await hold(seed);
      count += 1;
    }
    const { user, system } = process.cpuUsage(begun.cpu);
    const [cpu, wall] = [(user + system) / 1e6, (performance.now() - begun.at) / 1e3];
    const seeds = `seed ${firstSeed + part}..${firstSeed + seedsAll - 2 + part}`;
    console.log(
      `simulation: ${count} seeds, ${wall.toFixed(1)} s (${cpu.toFixed(1)} s of processor), ${seeds}`,
    );
    expect(cpu, "seconds of the processor").toBeLessThan(cpuSecondsMax);
  });
}

async function hold(seed: number): Promise<void> {
  const outcome = await runSeed(seed);
  if (outcome.problems.length > 0) expect.fail(reportOf(outcome));
}
