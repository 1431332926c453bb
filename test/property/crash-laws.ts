import { samePlace } from "../../src/core/merge/location.ts";
import type { MergeResult } from "../../src/core/merge/merge-result.ts";
import type { WholeTrees } from "../../src/core/merge/sighting.ts";
import { isWriteOp, type Op } from "../../src/core/plan/op.ts";
import { Simulation } from "../../src/core/plan/simulate.ts";
import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { opsText, textOf } from "../support/text-tree.ts";
import { copyOf, settle } from "./settle.ts";

/** How a case ends when nothing goes wrong, and what was decided first. */
export type Outcome = { readonly end: WholeTrees; readonly first: MergeResult };

/** Crash closure: any prefix ran, or ran without the commit of its last op; merging again loses and copies nothing. */
export function crashProblems(
  trees: WholeTrees,
  ops: readonly Op[],
  outcome: Outcome,
): readonly string[] {
  const isAsGood = sameOutcome(outcome);
  const problems: string[] = [];
  let staged = 0;
  let before: WholeTrees = trees;
  for (const op of ops) {
    const after = copyOf(before);
    new Simulation(after).apply(op);
    if ("step" in op && op.step !== "direct") staged += op.step === "to-staging" ? 1 : -1;
    // A staged node is put back by recovery before anything is merged (S74). What comes after the last op is the end.
    const committed = op === ops.at(-1) ? [] : [after];
    const states = staged === 0 ? [...committed, ...lostCommits(before, after, op)] : [];
    for (const state of states) {
      const found = settle(state);
      if (!isAsGood(found)) problems.push(`crash after ${opsText([op])}: ${textOf(found.local)}`);
    }
    before = after;
  }
  return problems;
}

/**
 * Whether trees are as good as what the case ends with.
 *
 * With one of several moves of a circle undone, the circle is gone, and the others hold (S41). With one of two
 * equal files removed here that was edited there, that edit wins (S37). Another tree then, but one with the same
 * contents and no more copies.
 */
export function sameOutcome({ end, first }: Outcome): (found: WholeTrees) => boolean {
  const expected = textOf(end.local);
  const mayDiffer = first.notices.some(
    ({ kind }) => kind === "move-undone" || kind === "equal-files-joined",
  );
  return ({ local }) => {
    const found = textOf(local);
    return found === expected || (mayDiffer && isSameButForPlaces(found, expected));
  };
}

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
function lostCommits(before: WholeTrees, after: WholeTrees, op: Op): readonly WholeTrees[] {
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
