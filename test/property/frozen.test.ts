/** S29 over random cases: what is unknown is untouched on both sides, and comes to rest once it is known. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { frozenBreachesOf, nodesOf } from "./frozen-laws.ts";
import { cases, seedOfRun } from "./random-cases.ts";

const seed = seedOfRun();

test(`S29: unknown nodes and all below them stay as they are (SNAP_SEED=${seed})`, () => {
  const law = fc.property(
    cases,
    fc.noBias(fc.nat(40)),
    fc.noBias(fc.nat(40)),
    (given, one, two) => {
      const nodes = nodesOf(given);
      if (nodes.length === 0) return;
      const frozen = new Set([one, two].map((pick) => nodes[pick % nodes.length] ?? 0));
      expect(frozenBreachesOf(given, frozen)).toEqual([]);
    },
  );
  fc.assert(law, { seed, numRuns: 3_000 });
});
