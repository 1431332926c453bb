/** S45: merging in slices ends in the same trees as merging at once, whatever the slices are. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { merge } from "../../src/core/merge/merge.ts";
import type { MergeResult } from "../../src/core/merge/merge-result.ts";
import { differingNodes, sightingOf, type WholeTrees } from "../../src/core/merge/sighting.ts";
import { isMovedOrRemoved, Slices, type Slice } from "../../src/core/merge/slice.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { Simulation } from "../../src/core/plan/simulate.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { layer } from "../support/layer.ts";
import { textOf } from "../support/text-tree.ts";
import { sameOutcome } from "./crash-laws.ts";
import { allNodes, copyOf, mergeOf, settle, treesOfCase, type MemoryTrees } from "./settle.ts";
import { cases, runsOf, seedOfRun } from "./random-cases.ts";

const seed = seedOfRun();

const numRuns = runsOf(5_000);

/** Looks at everything that a small case needs, slice by slice; more is a mistake. */
const looksMax = 12;

function mergerOf(): (trees: WholeTrees, slice: Slice) => MergeResult {
  let last = 20_000;
  const newNode = (): NodeId => (last += 1);
  const facts = { frozen: new Set<NodeId>(), device: "pc", date: "2026-01-02", newNode };
  return (trees, { nodes, partial }) => merge({ ...trees, slice: nodes, partial, ...facts });
}

/** Work off all slices, look again, and so on, as the engine does. */
function settleInSlices(given: WholeTrees, nodesMax: number): MemoryTrees {
  const trees = copyOf(given);
  const simulation = new Simulation(trees);
  const mergeSlice = mergerOf();
  for (let look = 0; look < looksMax; look += 1) {
    const dirtyAfter = (node: NodeId): readonly NodeId[] =>
      differingNodes(trees).filter((other) => other > node);
    const slices = new Slices({ trees, frozen: new Set(), dirtyAfter, nodesMax });
    let count = 0;
    for (let slice = slices.next(); slice !== undefined; slice = slices.next()) {
      const ops = plan(mergeSlice(trees, slice), trees);
      for (const op of ops) simulation.apply(op);
      if (ops.length > 0) slices.noteWork();
      count += ops.length;
    }
    if (count === 0) return trees;
  }
  throw new Error(`not quiet: ${textOf(trees.local)}\nremote:\n${textOf(trees.remote)}`);
}

test(`S45: slices of any size end as one merge does (SNAP_SEED=${seed})`, async () => {
  const law = fc.property(cases, fc.integer({ min: 1, max: 5 }), (given, nodesMax) => {
    const trees = treesOfCase(given);
    const outcome = { end: settle(trees), first: mergeOf(trees) };
    const found = settleInSlices(trees, nodesMax);
    if (!sameOutcome(outcome)(found)) expect(textOf(found.local)).toBe(textOf(outcome.end.local));
    expect(textOf(found.remote)).toBe(textOf(found.local));
  });
  await layer({ name: "slices", cpuBudgetSeconds: 30, seed }, () => {
    fc.assert(law, { seed, numRuns });
    return numRuns;
  });
});

test(`S45: moves and deletes with any other nodes are a step on the way, and loses nothing (SNAP_SEED=${seed})`, () => {
  const law = fc.property(cases, fc.infiniteStream(fc.boolean()), (given, choices) => {
    const trees = treesOfCase(given);
    const outcome = { end: settle(trees), first: mergeOf(trees) };
    const nodes = differingNodes(trees).filter(
      (node) => choices.next().value === true || isMovedOrRemoved(sightingOf(trees, node)),
    );
    const found = copyOf(trees);
    const simulation = new Simulation(found);
    const ops = plan(mergerOf()(found, { nodes, partial: true }), found);
    for (const op of ops) simulation.apply(op);
    const end = settle(found);
    if (!sameOutcome(outcome)(end)) expect(textOf(end.local)).toBe(textOf(outcome.end.local));
  });
  fc.assert(law, { seed, numRuns: 2_000 });
});

test(`S5: the dirty nodes alone give the plan that all nodes give (SNAP_SEED=${seed})`, () => {
  const law = fc.property(cases, (given) => {
    const trees = treesOfCase(given);
    const all = plan(mergeOf(trees, allNodes(trees)), trees);
    expect(plan(mergeOf(trees), trees)).toEqual(all);
  });
  fc.assert(law, { seed, numRuns: 2_000 });
});
