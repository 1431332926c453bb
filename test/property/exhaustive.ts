import { expect, test } from "vitest";
import { layer } from "../support/layer.ts";
import { breachesOf } from "./planner-laws.ts";
import { runsPart } from "./random-cases.ts";
import { casesOf, reportOf } from "./small-cases.ts";

/** So many files share the layer, so that two workers are at it all the time. */
const parts = 4;
/** One case of so many is cut off after each op of its plan; the soak takes the other ones in turn (S110). */
const crashesEvery = 47;
/** Of one part; about 50 on a core that nobody else is at. */
const cpuBudgetSeconds = 150;
/** All cases of three nodes and two steps a side that are different ones. */
const casesAll = 1_607_671;

/** One part of the layer: every case of at most three nodes and two steps a side (S110). */
export function exhaustivePart(part: number): void {
  const turn = Number(process.env["SNAP_SEED"] ?? 0) % crashesEvery;
  const every = parts * runsPart();
  test(`S110: every small case keeps the laws of the planner, part ${part} of ${parts}`, async () => {
    const name = `exhaustive ${part}/${parts}`;
    await layer({ name, cpuBudgetSeconds, seed: turn }, () => {
      let count = 0;
      for (const { number, given } of casesOf({ nodes: 3, steps: 2, first: part - 1, every })) {
        count += 1;
        const breaches = breachesOf(given, { crashes: count % crashesEvery === turn });
        if (breaches.length > 0) expect.fail(`case ${number}\n${reportOf(given, breaches)}`);
      }
      expect(count).toBe(Math.floor((casesAll + every - part) / every));
      return count;
    });
  }, 600_000);
}
