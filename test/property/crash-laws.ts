import { samePlace } from "../../src/core/merge/location.ts";
import { rebindIn } from "../../src/core/merge/rebind.ts";
import type { MergeResult } from "../../src/core/merge/merge-result.ts";
import type { WholeTrees } from "../../src/core/merge/sighting.ts";
import { isWriteOp, type Op } from "../../src/core/plan/op.ts";
import { Simulation } from "../../src/core/plan/simulate.ts";
import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { opsText, textOf } from "../support/text-tree.ts";
import { copyOf, settle } from "./settle.ts";

/** How a case ends when nothing goes wrong, and what was decided first. */
export type Outcome = { readonly end: WholeTrees; readonly first: MergeResult };

/** How many of the last commits are lost, at most (S110). */
const lostCommitsMax = 3;

/** Crash closure: any prefix ran, or ran without its last commits; merging again loses and copies nothing. */
export function crashProblems(
  trees: WholeTrees,
  ops: readonly Op[],
  outcome: Outcome,
): readonly string[] {
  const isAsGood = sameOutcome(outcome);
  const problems: string[] = [];
  const states: WholeTrees[] = [trees];
  let staged = 0;
  for (const [at, op] of ops.entries()) {
    const after = copyOf(states.at(-1) ?? trees);
    new Simulation(after).apply(op);
    states.push(after);
    if ("step" in op && op.step !== "direct") staged += op.step === "to-staging" ? 1 : -1;
    // A staged node is put back by recovery before anything is merged (S74).
    if (staged > 0) continue;
    // What comes after the last op is the end.
    const committed = at === ops.length - 1 ? [] : [after];
    for (const state of [...committed, ...lostCommits(states, ops.slice(0, at + 1))]) {
      const found = settle(state);
      if (!isAsGood(found)) problems.push(`crash after ${opsText([op])}: ${textOf(found.local)}`);
    }
  }
  return problems;
}

/**
 * Whether trees are as good as what the case ends with.
 *
 * With one of several moves of a circle undone, the circle is gone, and the others hold (S41). With one of two
 * equal files removed here that was edited there, that edit wins (S37). Another tree then, but one with the same
 * contents and no more copies. Of several copies of one name the first one put aside has no number.
 */
export function sameOutcome({ end, first }: Outcome): (found: WholeTrees) => boolean {
  const expected = withoutNumbers(textOf(end.local));
  const mayDiffer = first.notices.some(
    ({ kind }) => kind === "move-undone" || kind === "equal-files-joined",
  );
  return ({ local }) => {
    const found = withoutNumbers(textOf(local));
    return found === expected || (mayDiffer && isSameButForPlaces(found, expected));
  };
}

/** The numbers of conflicted copies tell in which order they were made, and nothing else (S87). */
function withoutNumbers(text: string): string {
  return text
    .replaceAll(/(\(conflicted copy [^/()]* \d{4}-\d\d-\d\d) \d+\)/gu, "$1)")
    .split("\n")
    .toSorted()
    .join("\n");
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

/**
 * The world did what the last ops say, and the index does not know: new things are seen as new (S54). One commit after the
 * other is taken back, as far as there is no intent that would be settled first.
 *
 * @param states before the first op, and after each
 */
function lostCommits(states: readonly WholeTrees[], ops: readonly Op[]): readonly WholeTrees[] {
  const found: WholeTrees[] = [];
  const now = states.at(ops.length);
  for (let lost = 1; lost <= Math.min(lostCommitsMax, ops.length); lost += 1) {
    const before = states.at(ops.length - lost);
    const op = ops.at(-lost);
    // Asides have an intent, which recovery commits (S74); index ops have no effect but their commit.
    if (now === undefined || before === undefined || op === undefined) break;
    if (!isWriteOp(op) || op.kind === "L.aside" || ("step" in op && op.step !== "direct")) break;
    found.push(unknownTo(before.synced, now, ops.slice(-lost)));
  }
  return found;
}

/** The sides as they are, beside an older synced tree; what the ops made is known by nobody. */
function unknownTo(synced: WholeTrees["synced"], now: WholeTrees, ops: readonly Op[]): WholeTrees {
  let state: WholeTrees = { ...now, synced };
  for (const op of ops) {
    if (op.before !== undefined || !isWriteOp(op)) continue;
    const side = op.kind.startsWith("L.") ? "local" : "remote";
    const known = synced.get(op.node);
    // Pairing takes what stands at the place of a synced node for that node (S19).
    if (side === "local" && known !== undefined && samePlace(known, op)) continue;
    const tree = new MemoryTree(state[side].all());
    if (tree.get(op.node) === undefined) continue;
    rebindIn(tree, { from: op.node, to: 5_000 + op.node });
    state = { ...state, [side]: tree };
  }
  return state;
}
