import type { MergeResult } from "../../src/core/merge/merge-result.ts";
import type { WholeTrees } from "../../src/core/merge/sighting.ts";
import type { Op } from "../../src/core/plan/op.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { isQuiet } from "../../src/core/plan/simulate.ts";
import type { WholeTree } from "../../src/core/tree/tree-view.ts";
import { opsText, textOf, wholeOf } from "../support/text-tree.ts";
import { contentProblems } from "./content-laws.ts";
import { crashProblems } from "./crash-laws.ts";
import { allNodes, mergeOf, settle, treesOfCase, type Case } from "./settle.ts";
import { hasParallelOps, haveSameEntries, orderProblems, treeProblems, walk } from "./walk-laws.ts";

export { countsOf } from "./content-laws.ts";

/** Which laws are looked at; the closure under crashes costs several times as much as all others together. */
export type Laws = { readonly crashes: boolean };

/** What is wrong with the planner's answer to a case (S110); empty if nothing is. */
export function breachesOf(given: Case, { crashes }: Laws = { crashes: true }): readonly string[] {
  const trees = treesOfCase(given);
  const first = mergeOf(trees);
  const ops = plan(first, trees);
  const steps = walk(trees, ops);
  const end = settle(steps.end);
  return [
    ...steps.problems,
    ...(hasParallelOps(ops) ? orderProblems(trees, ops, steps.end) : []),
    ...targetProblems(first, trees, end),
    ...endProblems(end),
    ...oneSidedProblems(trees, end),
    ...contentProblems(trees, end, first),
    ...(crashes ? crashProblems(trees, ops, { end, first }) : []),
    ...(crashes && !isSamePlan(trees, ops) ? ["another plan for the same trees"] : []),
  ];
}

/** S4: equal input gives an equal plan. */
function isSamePlan(trees: WholeTrees, ops: readonly Op[]): boolean {
  return JSON.stringify(plan(mergeOf(trees), trees)) === JSON.stringify(ops);
}

/** The first target is a valid tree, and what both sides are in the end. */
function targetProblems(
  first: MergeResult,
  { synced }: WholeTrees,
  end: WholeTrees,
): readonly string[] {
  // The end is valid, which is a law of its own; so a target of the very same entries is.
  if (isEnd(first, synced, end.local)) return [];
  const whole = wholeOf(first.target);
  const isAlike = whole.size === [...end.local.all()].length && textOf(whole) === textOf(end.local);
  const problems = isAlike ? [] : ["the end is not the first target"];
  return [...treeProblems(whole, "target"), ...problems];
}

/** What is in the target was touched, or is in the synced tree. */
function isEnd({ target, touched }: MergeResult, synced: WholeTree, end: WholeTree): boolean {
  for (const entry of end.all()) {
    const wanted = target.get(entry.node);
    if (wanted === undefined || wanted.parent !== entry.parent || wanted.name !== entry.name)
      return false;
    if (wanted.hash !== entry.hash) return false;
  }
  const nodes = [...touched, ...synced.all()].map(({ node }) => node);
  return nodes.every((node) => end.get(node) !== undefined || target.get(node) === undefined);
}

/** Trees at rest that were looked at before, by what is in them: there are few of them, and many ways lead to each. */
const atRest = new Map<string, readonly string[]>();
const atRestMax = 200_000;

function endProblems(end: WholeTrees): readonly string[] {
  if (!isQuiet(end)) return ["the three trees differ in the end"];
  const key = restKeyOf(end);
  const known = atRest.get(key);
  if (known !== undefined) return known;
  const problems = [...treeProblems(end.local, "end")];
  const again = plan(mergeOf(end, allNodes(end)), end);
  if (again.length > 0) problems.push(`not idempotent: ${opsText(again)}`);
  if (atRest.size < atRestMax) atRest.set(key, problems);
  return problems;
}

/** All that a merge can see of three equal trees: the nodes in their order, and which files are alike, whatever they are called. */
function restKeyOf({ synced, local, remote }: WholeTrees): string {
  const nodes = new Map<number, number>([[0, 0]]);
  const contents = new Map<string, number>([["", 0]]);
  for (const { node } of local.all()) nodes.set(node, nodes.size);
  let key = "";
  for (const { node, parent, name, hash = "" } of local.all()) {
    if (!contents.has(hash)) contents.set(hash, contents.size);
    const there = remote.get(node)?.name ?? "";
    const disk = synced.get(node)?.localName ?? "";
    key += `${nodes.get(parent)}/${contents.get(hash)}/${name}`;
    if (there !== name || disk !== "") key += `/${there}/${disk}`;
    key += "\n";
  }
  return key;
}

/** S110: what only one side changed is applied exactly. */
function oneSidedProblems(
  { synced, local, remote }: WholeTrees,
  end: WholeTrees,
): readonly string[] {
  const problems: string[] = [];
  const isEndOf = (tree: WholeTree): boolean =>
    haveSameEntries(tree, end.local) || textOf(tree) === textOf(end.local);
  if (haveSameEntries(synced, local) && !isEndOf(remote)) problems.push("remote change not exact");
  if (haveSameEntries(synced, remote) && !isEndOf(local)) problems.push("local change not exact");
  return problems;
}
