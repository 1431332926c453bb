import { Simulation, type Outcome } from "./simulation.ts";

/** A seed run twice: the second run must be the first one (S111). */
export async function runSeed(seed: number): Promise<Outcome> {
  const first = await new Simulation(seed).run();
  const second = await new Simulation(seed).run();
  if (first.digest === second.digest) return first;
  const at = first.timeline.findIndex((line, index) => line !== second.timeline[index]);
  const problem = `S111: the second run differs at line ${at}: ${first.timeline[at]} | ${second.timeline[at]}`;
  return { ...first, problems: [...first.problems, problem] };
}

/** Everything that is to be known of a failing seed. */
export function reportOf({ seed, problems, timeline }: Outcome): string {
  return [
    `seed ${seed} fails:`,
    ...problems.map((problem) => `  ${problem}`),
    "its timeline:",
    ...timeline.map((line) => `  ${line}`),
    `alone: scripts/soak --layer simulation --seed ${seed}`,
  ].join("\n");
}
