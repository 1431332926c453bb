/** Larger cases than the sweep can list: random bases and scripts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { textOf } from "../support/text-tree.ts";
import { breachesOf } from "./planner-laws.ts";
import { mergeOf, settle, treesOfCase } from "./settle.ts";
import { cases, seedOfRun } from "./random-cases.ts";

const seed = seedOfRun();

test(`S110: random cases keep the laws of the planner (SNAP_SEED=${seed})`, () => {
  const law = fc.property(cases, (given) => {
    expect(breachesOf(given)).toEqual([]);
  });
  fc.assert(law, { seed, numRuns: 1_500 });
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
