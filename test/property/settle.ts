import { merge } from "../../src/core/merge/merge.ts";
import type { MergeResult, SyncedLike } from "../../src/core/merge/merge-result.ts";
import { differingNodes, type WholeTrees } from "../../src/core/merge/sighting.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { simulate } from "../../src/core/plan/simulate.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { opsText } from "../support/text-tree.ts";
import type { Entries } from "./small-scope.ts";

/** A base and what each side made of it. */
export type Case = { readonly base: Entries; readonly local: Entries; readonly remote: Entries };

/** Rounds of merge, plan and run after which small trees must be quiet. */
const roundsMax = 8;

export function treesOfCase({ base, local, remote }: Case): MemoryTrees {
  return {
    synced: new MemoryTree<SyncedLike>(base),
    local: new MemoryTree(local),
    remote: new MemoryTree(remote),
  };
}

/** Three trees that a test may change. */
export type MemoryTrees = {
  readonly synced: MemoryTree<SyncedLike>;
  readonly local: MemoryTree;
  readonly remote: MemoryTree;
};

/** Merge what differs, as the engine does: everything else is clean. */
export function mergeOf(trees: WholeTrees, slice = differingNodes(trees)): MergeResult {
  let last = 10_000 + highestNode(trees);
  const newNode = (): NodeId => (last += 1);
  const facts = { frozen: new Set<NodeId>(), device: "pc", date: "2026-01-02", newNode };
  return merge({ ...trees, slice, ...facts });
}

/** Every node of the three trees. */
export function allNodes({ synced, local, remote }: WholeTrees): readonly NodeId[] {
  const nodes = [synced, local, remote].flatMap((tree) => [...tree.all()].map(({ node }) => node));
  return [...new Set(nodes)].toSorted((a, b) => a - b);
}

/** Merge, plan and run until nothing is left to do. The input is not changed. */
export function settle(trees: WholeTrees): WholeTrees {
  let current = trees;
  for (let round = 0; round <= roundsMax; round += 1) {
    const slice = differingNodes(current);
    // Nothing differs, so nothing is to be done; that is a law of its own (`endProblems`).
    if (slice.length === 0) return current;
    const ops = plan(mergeOf(current, slice), current);
    if (ops.length === 0) return current;
    current = simulate(current, ops);
  }
  throw new Error(
    `not quiet after ${roundsMax} rounds: ${opsText(plan(mergeOf(current), current))}`,
  );
}

function highestNode({ synced, local, remote }: WholeTrees): NodeId {
  let highest = 0;
  for (const tree of [synced, local, remote]) {
    for (const { node } of tree.all()) highest = Math.max(highest, node);
  }
  return highest;
}

/** Trees of their own, with the same entries. */
export function copyOf({ synced, local, remote }: WholeTrees): MemoryTrees {
  return {
    synced: new MemoryTree(synced.all()),
    local: new MemoryTree(local.all()),
    remote: new MemoryTree(remote.all()),
  };
}
