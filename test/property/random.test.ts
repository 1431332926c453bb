/** Larger cases than the sweep can list: random bases and scripts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { layer } from "../support/layer.ts";
import { textOf } from "../support/text-tree.ts";
import { breachesOf } from "./planner-laws.ts";
import { mergeOf, settle, treesOfCase } from "./settle.ts";
import { cases, runsOf, seedOfRun } from "./random-cases.ts";

const seed = seedOfRun();

const lawRuns = 20_000;
/** One case of so many is cut off after each op of its plan, and loses its last commits. */
const crashesEvery = 12;

test(`S110: random cases keep the laws of the planner (SNAP_SEED=${seed})`, async () => {
  let count = 0;
  const law = fc.property(cases, fc.nat(crashesEvery - 1), (given, turn) => {
    count += 1;
    expect(breachesOf(given, { crashes: turn === 0 })).toEqual([]);
  });
  await layer({ name: "property", cpuBudgetSeconds: 60, seed }, () => {
    fc.assert(law, { seed, numRuns: runsOf(lawRuns) });
    return count;
  });
});

test(`S44: a lost index ends in the union of both sides (SNAP_SEED=${seed})`, () => {
  const law = fc.property(cases, (given) => {
    const trees = treesOfCase({ ...given, base: [] });
    // Without an index nobody knows which local node is which remote one.
    const strangers = given.local.map((entry) => ({
      ...entry,
      node: entry.node + 1_000,
      parent: entry.parent === 0 ? 0 : entry.parent + 1_000,
    }));
    const end = settle(treesOfCase({ base: [], local: strangers, remote: given.remote }));
    const kept = new Set([...end.local.all()].map(({ hash }) => hash));
    for (const { hash } of [...given.local, ...given.remote]) expect(kept).toContain(hash);
    expect(textOf(end.local)).toBe(textOf(end.remote));
    expect(mergeOf(trees).revived).toEqual([]);
  });
  fc.assert(law, { seed, numRuns: 1_000 });
});
