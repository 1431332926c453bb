import { merge } from "../../src/core/merge/merge.ts";
import { differingNodes, type WholeTrees } from "../../src/core/merge/sighting.ts";
import { isWriteOp, type Op } from "../../src/core/plan/op.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { simulate } from "../../src/core/plan/simulate.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { isBelow, pathOf, type TreeView } from "../../src/core/tree/tree-view.ts";
import { opsText } from "../support/text-tree.ts";
import { countsOf } from "./content-laws.ts";
import { settle, treesOfCase, type Case } from "./settle.ts";

const roundsMax = 8;

/** Every node of a case, in the order in which it was first seen. */
export function nodesOf({ base, local, remote }: Case): readonly NodeId[] {
  return [...new Set([...base, ...local, ...remote].map(({ node }) => node))];
}

/** What is wrong with the planner's answer where some nodes are unknown (S29); empty if nothing is. */
export function frozenBreachesOf(given: Case, frozen: ReadonlySet<NodeId>): readonly string[] {
  const trees = treesOfCase(given);
  const { end, problems } = settleWith(trees, frozen);
  const found = [...problems];
  for (const node of frozen) {
    const isSame =
      stateOf(end.local, node) === stateOf(trees.local, node) &&
      stateOf(end.remote, node) === stateOf(trees.remote, node) &&
      end.synced.get(node)?.hash === trees.synced.get(node)?.hash;
    if (!isSame) found.push(`the unknown node ${node} was touched`);
  }
  // Once everything is known again, nothing has been lost.
  const old = new Set(given.base.map(({ hash }) => hash));
  const kept = countsOf(settle(end).local.all());
  for (const { kind, hash = "" } of [...given.local, ...given.remote]) {
    if (kind === "file" && !old.has(hash) && !kept.has(hash)) found.push(`lost ${hash}`);
  }
  return found;
}

type Rest = { readonly end: WholeTrees; readonly problems: readonly string[] };

function settleWith(trees: WholeTrees, frozen: ReadonlySet<NodeId>): Rest {
  const problems: string[] = [];
  let current = trees;
  let last = 20_000;
  for (let round = 0; round <= roundsMax; round += 1) {
    const newNode = (): NodeId => (last += 1);
    const slice = differingNodes(current);
    const facts = { frozen, device: "pc", date: "2026-01-02", newNode };
    const ops = plan(merge({ ...current, slice, ...facts }), current);
    if (ops.length === 0) return { end: current, problems };
    for (const op of ops) if (touchesAny(current, op, frozen)) problems.push(opsText([op]));
    current = simulate(current, ops);
  }
  return { end: current, problems: [...problems, "not quiet"] };
}

function touchesAny({ local, remote }: WholeTrees, op: Op, frozen: ReadonlySet<NodeId>): boolean {
  if (!isWriteOp(op)) return false;
  return [...frozen].some((node) =>
    [local, remote].some((tree) => tree.get(node) !== undefined && isBelow(tree, op.node, node)),
  );
}

function stateOf(tree: TreeView, node: NodeId): string {
  return `${pathOf(tree, node)} ${tree.get(node)?.hash}`;
}
