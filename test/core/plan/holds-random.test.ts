/** S50, S79 over random cases: whatever is held, the rest of the plan runs, overwrites nothing and comes to rest. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MergeResult } from "../../../src/core/merge/merge-result.ts";
import type { WholeTrees } from "../../../src/core/merge/sighting.ts";
import { withoutHeld } from "../../../src/core/plan/hold-back.ts";
import { isWriteOp, type Op } from "../../../src/core/plan/op.ts";
import { plan } from "../../../src/core/plan/plan.ts";
import { simulate } from "../../../src/core/plan/simulate.ts";
import { isRemoval, sideOf } from "../../../src/core/plan/suspects.ts";
import { rootNode, type NodeId } from "../../../src/core/tree/node.ts";
import { isBelow } from "../../../src/core/tree/tree-view.ts";
import { countsOf } from "../../property/planner-laws.ts";
import { mergeOf, settle, treesOfCase } from "../../property/settle.ts";
import { cases, seedOfRun } from "../../property/random-cases.ts";
import { opsText } from "../../support/text-tree.ts";

const seed = seedOfRun();
const roundsMax = 8;

/** What a guard may stop. */
function isGuarded(op: Op): boolean {
  return isRemoval(op) || op.kind === "L.aside" || (op.kind === "R.put" && op.before !== undefined);
}

type Planned = { readonly result: MergeResult; readonly ops: readonly Op[] };

function planned(trees: WholeTrees): Planned {
  const result = mergeOf(trees);
  return { result, ops: plan(result, trees) };
}

/** Run what is not held, until nothing is left. */
function settleHeld(trees: WholeTrees, isHeld: (op: Op) => boolean): WholeTrees {
  let current = trees;
  for (let round = 0; round <= roundsMax; round += 1) {
    const { result, ops } = planned(current);
    const held = new Set(ops.filter(isHeld));
    const free = withoutHeld(ops, held, result);
    if (free.length === 0) {
      for (const op of held) expect(stateBefore(current, op)).toBe(op.before?.hash);
      return current;
    }
    for (const op of free) {
      expectPossible(current, op);
      current = simulate(current, [op]);
      expectValid(current, op);
    }
  }
  throw new Error(`not quiet: ${opsText(planned(current).ops)}`);
}

function stateBefore(trees: WholeTrees, op: Op): string | undefined {
  return trees[sideOf(op)].get(op.node)?.hash;
}

/** Every op finds what it believes; what goes somewhere finds a folder and a free name. */
function expectPossible(trees: WholeTrees, op: Op): void {
  if (!isWriteOp(op)) return;
  const tree = trees[sideOf(op)];
  expect(tree.get(op.node)?.hash, opsText([op])).toBe(op.before?.hash);
  // New content goes where the file is by then.
  if (isRemoval(op) || (op.kind.endsWith("put") && op.before !== undefined)) return;
  if ("step" in op && op.step === "to-staging") return;
  if (op.parent !== rootNode) expect(tree.get(op.parent)?.kind, opsText([op])).toBe("folder");
}

function expectValid(trees: WholeTrees, op: Op): void {
  for (const tree of [trees.local, trees.remote]) {
    const places = new Set<string>();
    for (const { node, parent, key } of tree.all()) {
      expect(places.has(`${parent}/${key}`), `two with ${key} after ${opsText([op])}`).toBe(false);
      expect(isBelow(tree, node, rootNode), `lost after ${opsText([op])}`).toBe(true);
      places.add(`${parent}/${key}`);
    }
  }
}

function contents({ local, remote }: WholeTrees): ReadonlySet<string> {
  return new Set([local, remote].flatMap((tree) => [...countsOf(tree.all()).keys()]));
}

test(`S50: what is held stays as it is, and what depends on it waits (SNAP_SEED=${seed})`, () => {
  let heldOps = 0;
  const law = fc.property(cases, fc.noBias(fc.nat(2)), (given, third) => {
    const trees = treesOfCase(given);
    const picked = (node: NodeId): boolean => third === 0 || node % 3 === third;
    const isHeld = (op: Op): boolean => isGuarded(op) && picked(op.node);
    heldOps += planned(trees).ops.filter(isHeld).length;
    const end = settleHeld(trees, isHeld);
    // Nothing that a run without holds keeps is gone, and once all is let pass both sides come to rest.
    const wanted = contents(settle(trees));
    expect([...wanted.difference(contents(end))]).toEqual([]);
    expect([...wanted.difference(contents(settle(end)))]).toEqual([]);
  });
  fc.assert(law, { numRuns: 1_500, seed });
  expect(heldOps).toBeGreaterThan(500);
});
