import { LiveSimulation } from "./live-simulation.ts";
import { Simulation, type Outcome, type WorldLayer } from "./simulation.ts";

/** Live through one world, once. @param skipped steps that are left out */
export function liveThrough(
  layer: WorldLayer,
  seed: number,
  skipped?: ReadonlySet<number>,
): Promise<Outcome> {
  const world =
    layer === "simulation" ? new Simulation(seed, skipped) : new LiveSimulation(seed, skipped);
  return world.run();
}

/** A seed run twice: the second run must be the first one (S111). */
export async function runSeed(seed: number, layer: WorldLayer = "simulation"): Promise<Outcome> {
  const first = await liveThrough(layer, seed);
  const second = await liveThrough(layer, seed);
  if (first.digest === second.digest) return first;
  const at = first.timeline.findIndex((line, index) => line !== second.timeline[index]);
  const problem = `S111: the second run differs at line ${at}: ${first.timeline[at]} | ${second.timeline[at]}`;
  return { ...first, problems: [...first.problems, problem] };
}

/** Everything that is to be known of a failing seed. */
export function reportOf({ layer, seed, problems, timeline }: Outcome): string {
  return [
    `seed ${seed} fails:`,
    ...problems.map((problem) => `  ${problem}`),
    "its timeline:",
    ...timeline.map((line) => `  ${line}`),
    `alone: scripts/soak --layer ${layer} --seed ${seed}`,
  ].join("\n");
}
