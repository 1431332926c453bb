import { merge } from "../../src/core/merge/merge.ts";
import { samePlace } from "../../src/core/merge/location.ts";
import type { MergeResult, SyncedLike, Trees } from "../../src/core/merge/merge-result.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { isWriteOp, type Op } from "../../src/core/plan/op.ts";
import { isQuiet, simulate } from "../../src/core/plan/simulate.ts";
import { rootNode, type Entry, type NodeId } from "../../src/core/tree/node.ts";
import { isBelow, MemoryTree, type TreeView } from "../../src/core/tree/tree-view.ts";
import { opsText, textOf } from "../support/text-tree.ts";
import type { Entries } from "./small-scope.ts";

/** A base and what each side made of it. */
export type Case = { readonly base: Entries; readonly local: Entries; readonly remote: Entries };

/** Rounds of merge, plan and run after which small trees must be quiet. */
const roundsMax = 8;

export function treesOfCase({ base, local, remote }: Case): Trees {
  return {
    synced: new MemoryTree<SyncedLike>(base),
    local: new MemoryTree(local),
    remote: new MemoryTree(remote),
  };
}

/** What is wrong with the planner's answer to a case (S110); empty if nothing is. */
export function breachesOf(given: Case): readonly string[] {
  const trees = treesOfCase(given);
  const first = mergeOf(trees);
  const ops = plan(first, trees);
  const end = settle(trees);
  return [
    ...treeProblems(first.target, "target"),
    ...stepProblems(trees, ops),
    ...endProblems(given, end),
    ...(textOf(first.target) === textOf(end.local) ? [] : ["the end is not the first target"]),
    ...oneSidedProblems(given, end),
    ...contentProblems(given, end, first),
    ...crashProblems(given, ops, { end, first }),
  ];
}

export function mergeOf(trees: Trees): MergeResult {
  let last = 10_000 + highestNode(trees);
  const newNode = (): NodeId => (last += 1);
  return merge({ ...trees, frozen: () => false, device: "pc", date: "2026-01-02", newNode });
}

export function settle(trees: Trees): Trees {
  let current = trees;
  for (let round = 0; round <= roundsMax; round += 1) {
    const ops = plan(mergeOf(current), current);
    if (ops.length === 0) return current;
    current = simulate(current, ops);
  }
  throw new Error(
    `not quiet after ${roundsMax} rounds: ${opsText(plan(mergeOf(current), current))}`,
  );
}

function highestNode({ synced, local, remote }: Trees): NodeId {
  return Math.max(
    0,
    ...[synced, local, remote].flatMap((tree) => [...tree.all()].map((e) => e.node)),
  );
}

/** A tree is valid: parents are folders that are there, no circles, no two siblings with one key. */
function treeProblems(tree: TreeView, what: string): readonly string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { node, parent, key } of tree.all()) {
    if (parent !== rootNode && tree.get(parent)?.kind !== "folder")
      problems.push(`${what}: orphan`);
    if (!isBelow(tree, node, rootNode)) problems.push(`${what}: circle`);
    if (seen.has(`${parent}/${key}`)) problems.push(`${what}: two with key ${key}`);
    seen.add(`${parent}/${key}`);
  }
  return problems;
}

/** Both sides are valid trees after each op, and each op finds what it believes. */
function stepProblems(trees: Trees, ops: readonly Op[]): readonly string[] {
  const problems: string[] = [];
  let current = trees;
  for (const op of ops) {
    if (isWriteOp(op) && !isPossible(current, op)) problems.push(`impossible: ${opsText([op])}`);
    current = simulate(current, [op]);
    problems.push(...treeProblems(current.local, `local after ${opsText([op])}`));
    problems.push(...treeProblems(current.remote, `remote after ${opsText([op])}`));
  }
  return problems;
}

function isPossible(trees: Trees, op: Op): boolean {
  if (!isWriteOp(op)) return true;
  const tree = op.kind.startsWith("L.") ? trees.local : trees.remote;
  const entry = tree.get(op.node);
  if (op.before === undefined) return entry === undefined;
  return entry !== undefined && entry.hash === op.before.hash;
}

function endProblems({ base }: Case, end: Trees): readonly string[] {
  const problems = [...treeProblems(end.local, "end")];
  if (!isQuiet(end)) problems.push("the three trees differ in the end");
  const again = plan(mergeOf(end), end);
  if (again.length > 0) problems.push(`not idempotent: ${opsText(again)} after ${base.length}`);
  return problems;
}

/** S110: what only one side changed is applied exactly. */
function oneSidedProblems({ base, local, remote }: Case, end: Trees): readonly string[] {
  const problems: string[] = [];
  const isSame = (a: Entries, b: Entries): boolean => JSON.stringify(a) === JSON.stringify(b);
  const endText = textOf(end.local);
  if (isSame(base, local) && endText !== textOf(new MemoryTree(remote)))
    problems.push("remote change not exact");
  if (isSame(base, remote) && endText !== textOf(new MemoryTree(local)))
    problems.push("local change not exact");
  return problems;
}

/** P1, P5, P6, P7: what must be there is there, once, and what must not is not. */
function contentProblems(given: Case, end: Trees, first: MergeResult): readonly string[] {
  const counts = countsOf(end.local.all());
  return [
    ...lostContents(given, counts),
    ...[...counts]
      .filter(([hash, count]) => hash !== "same" && count > 1)
      .map(([hash]) => `${hash} twice`),
    ...zombies(given, counts),
    ...(first.conflicts.length > possibleConflicts(given, first) ? ["too many conflicts"] : []),
  ];
}

export function countsOf(entries: Iterable<Entry>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, hash = "" } of entries) {
    if (kind === "file") counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  return counts;
}

/** New contents stay, whoever wrote them; old ones stay where nobody deleted or edited them. */
function lostContents(
  { base, local, remote }: Case,
  counts: Map<string, number>,
): readonly string[] {
  const old = new Set(base.map(({ hash }) => hash));
  const fresh = [...local, ...remote].filter(({ kind, hash }) => kind === "file" && !old.has(hash));
  const untouched = base.filter(({ node, kind, hash }) => {
    const holds = (side: Entries): boolean => side.some((e) => e.node === node && e.hash === hash);
    return kind === "file" && holds(local) && holds(remote);
  });
  return [...fresh, ...untouched]
    .filter(({ hash = "" }) => !counts.has(hash))
    .map(({ hash }) => `lost ${hash}`);
}

/** P6: a delete that nothing opposes stays. A move of the node, or of a folder above that went too, opposes it. */
function zombies({ base, local, remote }: Case, counts: Map<string, number>): readonly string[] {
  const synced = new MemoryTree(base);
  return base
    .filter(({ node, kind, hash = "" }) => {
      if (kind === "folder" || !counts.has(hash)) return false;
      const here = local.find((e) => e.node === node);
      const there = remote.find((e) => e.node === node);
      if (here === undefined && there === undefined) return true;
      if (here !== undefined && there !== undefined) return false;
      const kept = here === undefined ? remote : local;
      return isUntouched(synced, new MemoryTree(kept), node);
    })
    .map(({ hash }) => `resurrected ${hash}`);
}

function isUntouched(synced: TreeView, kept: TreeView, node: NodeId): boolean {
  for (let current = node; current !== rootNode;) {
    const old = synced.get(current);
    const now = kept.get(current);
    if (old === undefined || now === undefined || !samePlace(old, now) || old.hash !== now.hash)
      return false;
    current = old.parent;
  }
  return true;
}

/** Copies come from two edits of one file, or from two things at one place. */
function possibleConflicts({ base, local, remote }: Case, first: MergeResult): number {
  const edits = base.filter(({ node, hash }) => {
    const [here, there] = [local, remote].map((side) => side.find((e) => e.node === node)?.hash);
    if (here === undefined || there === undefined) return false;
    return here !== hash && there !== hash && here !== there;
  });
  return edits.length + first.conflicts.filter(({ node, copyNode }) => node === copyNode).length;
}

/** Crash closure: any prefix ran, or ran without the commit of its last op; merging again loses and copies nothing. */
function crashProblems(
  given: Case,
  ops: readonly Op[],
  { end, first }: Outcome,
): readonly string[] {
  const expected = textOf(end.local);
  // With one of several moves of a circle undone, the circle is gone, and the others hold (S41). With one of two
  // equal files removed here that was edited there, that edit wins (S37). Another tree then, but one with the same
  // contents and no more copies.
  const mayDiffer = first.notices.some(
    ({ kind }) => kind === "move-undone" || kind === "equal-files-joined",
  );
  const isAsGood = (found: string): boolean =>
    found === expected || (mayDiffer && isSameButForPlaces(found, expected));
  const problems: string[] = [];
  let staged = 0;
  let before = treesOfCase(given);
  for (const op of ops) {
    const after = simulate(before, [op]);
    if ("step" in op && op.step !== "direct") staged += op.step === "to-staging" ? 1 : -1;
    // A staged node is put back by recovery before anything is merged (S74).
    const states = staged === 0 ? [after, ...lostCommits(before, after, op)] : [];
    for (const state of states) {
      const found = textOf(settle(state).local);
      if (!isAsGood(found)) problems.push(`crash after ${opsText([op])}: ${found}`);
    }
    before = after;
  }
  return problems;
}

type Outcome = { readonly end: Trees; readonly first: MergeResult };

function isSameButForPlaces(found: string, expected: string): boolean {
  const contents = (text: string): string =>
    [...text.matchAll(/: (\S+)$/gmu)]
      .map(([hash]) => hash)
      .filter((hash, index, all) => hash !== ": same" || all.indexOf(hash) === index)
      .toSorted()
      .join();
  const copies = (text: string): number =>
    text.split("\n").filter((line) => /conflicted copy[^/]*$/u.test(line)).length;
  return contents(found) === contents(expected) && copies(found) <= copies(expected);
}

/** The world did what the op says, and the index does not know: new things are seen as new (S54). */
function lostCommits(before: Trees, after: Trees, op: Op): readonly Trees[] {
  // Asides have an intent, which recovery commits (S74); index ops have no effect but their commit.
  if (!isWriteOp(op) || op.kind === "L.aside") return [];
  const { synced } = before;
  if (op.before !== undefined) return [{ ...after, synced }];
  const side = op.kind.startsWith("L.") ? "local" : "remote";
  const known = synced.get(op.node);
  // Pairing takes what stands at the place of a synced node for that node (S19).
  if (side === "local" && known !== undefined && samePlace(known, op))
    return [{ ...after, synced }];
  const tree = new MemoryTree(after[side].all());
  const made = tree.get(op.node);
  if (made === undefined) return [];
  tree.remove(op.node);
  tree.put({ ...made, node: 5_000 + op.node });
  return [{ ...after, synced, [side]: tree }];
}
