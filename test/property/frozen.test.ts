/** S29 over random cases: what is unknown is untouched on both sides, and comes to rest once it is known. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { merge } from "../../src/core/merge/merge.ts";
import { differingNodes, type WholeTrees } from "../../src/core/merge/sighting.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { isWriteOp } from "../../src/core/plan/op.ts";
import { simulate } from "../../src/core/plan/simulate.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { isBelow, pathOf, type TreeView } from "../../src/core/tree/tree-view.ts";
import { cases, seedOfRun } from "./random-cases.ts";
import { countsOf } from "./planner-laws.ts";
import { settle, treesOfCase } from "./settle.ts";

const seed = seedOfRun();
const roundsMax = 8;

function settleWith(trees: WholeTrees, frozen: ReadonlySet<NodeId>): WholeTrees {
  let current = trees;
  let last = 20_000;
  for (let round = 0; round <= roundsMax; round += 1) {
    const newNode = (): NodeId => (last += 1);
    const slice = differingNodes(current);
    const facts = { slice, frozen, device: "pc", date: "2026-01-02", newNode };
    const ops = plan(merge({ ...current, ...facts }), current);
    if (ops.length === 0) return current;
    for (const op of ops) {
      if (isWriteOp(op))
        expect([...frozen].filter((node) => touches(current, op.node, node))).toEqual([]);
    }
    current = simulate(current, ops);
  }
  throw new Error("not quiet");
}

function touches({ local, remote }: WholeTrees, node: NodeId, frozen: NodeId): boolean {
  return [local, remote].some(
    (tree) => tree.get(node) !== undefined && isBelow(tree, node, frozen),
  );
}

function stateOf(tree: TreeView, node: NodeId): string {
  return `${pathOf(tree, node)} ${tree.get(node)?.hash}`;
}

test(`S29: unknown nodes and all below them stay as they are (SNAP_SEED=${seed})`, () => {
  const law = fc.property(
    cases,
    fc.noBias(fc.nat(40)),
    fc.noBias(fc.nat(40)),
    (given, one, two) => {
      const trees = treesOfCase(given);
      const nodes = [
        ...new Set([...given.base, ...given.local, ...given.remote].map((e) => e.node)),
      ];
      if (nodes.length === 0) return;
      const frozen = new Set([one, two].map((pick) => nodes[pick % nodes.length] ?? 0));
      const end = settleWith(trees, frozen);
      for (const node of frozen) {
        expect(stateOf(end.local, node)).toBe(stateOf(trees.local, node));
        expect(stateOf(end.remote, node)).toBe(stateOf(trees.remote, node));
        expect(end.synced.get(node)?.hash).toBe(trees.synced.get(node)?.hash);
      }
      // Once everything is known again, nothing has been lost.
      const old = new Set(given.base.map(({ hash }) => hash));
      const kept = countsOf(settle(end).local.all());
      for (const { kind, hash = "" } of [...given.local, ...given.remote]) {
        if (kind === "file" && !old.has(hash)) expect([...kept.keys()]).toContain(hash);
      }
    },
  );
  fc.assert(law, { seed, numRuns: 1_500 });
});
