/**
 * @module core/merge — three trees in, one target tree out.
 *
 * Each node has three attributes, merged by themselves against the last common state: whether it exists
 * (`existence.ts`), what it contains (`content.ts`) and where it is (`location.ts`). Before that, nodes that were
 * given two ids become one (`rebind.ts`); afterwards the result is made a valid tree (`structure.ts`,
 * `collision.ts`). Conflicts are settled on the local side first (`conflict.ts`). What is unknown is left out
 * (`held.ts`). Nothing is promised about a single merge of a half-done state but this: it loses nothing, and
 * merging again after each step ends with both sides equal.
 */
import { keepBothContents } from "./conflict.ts";
import { mergeContent } from "./content.ts";
import { Draft } from "./draft.ts";
import { exists, revivedNodes } from "./existence.ts";
import { heldNodes } from "./held.ts";
import { bothMovedApart, mergeLocation } from "./location.ts";
import type { MergeInput, MergeResult, Sighting } from "./merge-result.ts";
import type { NodeId } from "../tree/node.ts";
import { findRebinds, rebase } from "./rebind.ts";
import { OutsideSearch } from "./outside.ts";
import { sightingOf } from "./sighting.ts";
import { settleStructure } from "./structure.ts";

/**
 * The one tree that both sides shall have (S36–S46).
 *
 * Pure, total and deterministic: nodes are visited in node order. Only the slice is visited, what it meets, and the folders
 * above; whatever a slice that is not everything meets is merged with it (S45), so each time round the slice
 * is larger.
 */
export function merge(input: MergeInput): MergeResult {
  for (let { slice } = input; ;) {
    const { result, met } = mergeSlice({ ...input, slice });
    if (met.size === 0) return result;
    slice = [...slice, ...met].toSorted((a, b) => a - b);
  }
}

type SliceMerge = { readonly result: MergeResult; readonly met: ReadonlySet<NodeId> };

function mergeSlice(input: MergeInput): SliceMerge {
  const { slice, partial = false } = input;
  const seen = slice.map((node) => sightingOf(input, node));
  const { held, asks, isHeld } = heldNodes(input, seen);
  const known = seen.filter(({ node }) => !held.has(node));
  const revived = revivedNodes(input, known);
  const rebinds = findRebinds(input, slice, isHeld);
  const trees = rebase(input, revived, rebinds);
  const draft = new Draft(input, trees, isHeld);
  const outside = new OutsideSearch(draft, new Set(slice));
  placeNodes(draft, trees === input ? known : known.map(({ node }) => sightingOf(trees, node)));
  if (partial) outside.visitBelow(input.synced, revived);
  settleStructure(draft, () => partial && outside.update());
  const notices = [
    ...revived.map((node) => ({ kind: "edit-wins-over-delete", node }) as const),
    ...draft.notices,
  ];
  const { target } = draft;
  const conflicts = [...draft.conflicts.values()];
  const decisions = { target, touched: target.placed(), decided: target.decided };
  const result = { ...decisions, revived, rebinds, asks, conflicts, notices, held, isHeld, trees };
  return { result, met: outside.met };
}

function placeNodes(draft: Draft, known: readonly Sighting[]): void {
  const contested: Sighting[] = [];
  for (const sighting of known) {
    if (!exists(sighting)) continue;
    if (mergeContent(sighting) === "conflict") contested.push(sighting);
    else placeNode(draft, sighting);
  }
  for (const sighting of contested) keepBothContents(draft, sighting);
}

function placeNode(draft: Draft, sighting: Sighting): void {
  const { node, local, remote } = sighting;
  const content = mergeContent(sighting) === "pull" ? remote : (local ?? remote);
  if (content !== undefined) draft.place(node, mergeLocation(sighting), content);
  if (bothMovedApart(sighting)) draft.note("both-moved", node);
}
