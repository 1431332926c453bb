import { liveThrough } from "./run-seed.ts";
import type { Outcome } from "./simulation.ts";

const roundsMax = 3;

/** A failing seed with steps left out. */
export type Shrunk = { readonly skipped: ReadonlySet<number>; readonly outcome: Outcome };

/** The fewest steps of a failing seed that still fail in the same way; greedy, so a good answer and not the best. */
export async function shrink(outcome: Outcome): Promise<Shrunk> {
  let best: Shrunk = { skipped: new Set<number>(), outcome };
  for (let round = 0; round < roundsMax; round += 1) {
    const before = best.skipped.size;
    for (const length of [16, 8, 4, 2, 1]) best = await without(best, length, outcome.steps);
    if (best.skipped.size === before) break;
  }
  return best;
}

/** Try to leave out each run of so many steps. */
async function without(shrunk: Shrunk, length: number, steps: number): Promise<Shrunk> {
  let best = shrunk;
  for (let at = 0; at < steps; at += length) {
    const run = Array.from({ length }, (_, offset) => at + offset);
    const more = run.filter((step) => step < steps && !best.skipped.has(step));
    if (more.length > 0) best = await tryWithout(best, more);
  }
  return best;
}

async function tryWithout(best: Shrunk, more: readonly number[]): Promise<Shrunk> {
  const skipped = new Set([...best.skipped, ...more]);
  const { layer, seed } = best.outcome;
  const outcome = await liveThrough(layer, seed, skipped);
  return kindOf(outcome) === kindOf(best.outcome) ? { skipped, outcome } : best;
}

const tellingWords = ["parked", "unknown", "refused", "hold", "Error", " has ", " lacks "] as const;

/** The first problem without its particulars. */
function kindOf({ problems }: Outcome): string {
  const first = problems[0] ?? "";
  const words = tellingWords.filter((word) => first.includes(word));
  return [first.replaceAll(/".*?"/g, "").slice(0, 24), ...words].join();
}
