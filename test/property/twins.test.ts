/** S42 over random cases: a disk that tells cases apart beside a server that does not. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { plan } from "../../src/core/plan/plan.ts";
import { isQuiet } from "../../src/core/plan/simulate.ts";
import { layer } from "../support/layer.ts";
import { countsOf } from "./content-laws.ts";
import { seedOfRun, twinCases } from "./random-cases.ts";
import { allNodes, mergeOf, settle, treesOfCase } from "./settle.ts";
import { treeProblems } from "./walk-laws.ts";

const seed = seedOfRun();
const numRuns = 3_000;

test(`S42, S110: two names of one key here come to rest with a name each there, and nothing is lost (SNAP_SEED=${seed})`, async () => {
  let twins = 0;
  const law = fc.property(twinCases, (given) => {
    const trees = treesOfCase(given);
    twins += given.local.filter(
      ({ parent, key }) => trees.local.childrenByKey(parent, key).length > 1,
    ).length;
    const end = settle(trees);
    expect(isQuiet(end)).toBe(true);
    expect(plan(mergeOf(end, allNodes(end)), end)).toEqual([]);
    expect(treeProblems(end.remote, "server")).toEqual([]);
    const old = new Set(given.base.map(({ hash }) => hash));
    const [here, there] = [countsOf(end.local.all()), countsOf(end.remote.all())];
    expect([...there]).toEqual([...here]);
    for (const { kind, hash = "" } of [...given.local, ...given.remote]) {
      if (kind === "file" && !old.has(hash)) expect([...here.keys()]).toContain(hash);
    }
  });
  await layer({ name: "case twins", cpuBudgetSeconds: 30, seed }, () => {
    fc.assert(law, { seed, numRuns });
    return numRuns;
  });
  expect(twins).toBeGreaterThan(500);
});
