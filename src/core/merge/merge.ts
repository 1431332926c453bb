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
import type { MergeInput, MergeResult } from "./merge-result.ts";
import { findRebinds, rebase } from "./rebind.ts";
import { sightings, type Sighting } from "./sighting.ts";
import { settleStructure } from "./structure.ts";

/**
 * The one tree that both sides shall have (S36–S46).
 *
 * Pure, total and deterministic: nodes are visited in node order.
 */
export function merge(input: MergeInput): MergeResult {
  const seen = sightings(input);
  const { held, asks } = heldNodes(input, seen);
  const known = seen.filter(({ node }) => !held.has(node));
  const revived = revivedNodes(input, known);
  const rebinds = findRebinds(input, held);
  const trees = rebase(input, revived, rebinds);
  const draft = new Draft(input, trees);
  placeNodes(
    draft,
    trees === input ? known : sightings(trees).filter(({ node }) => !held.has(node)),
  );
  settleStructure(draft);
  return {
    target: draft.target,
    revived,
    rebinds,
    asks,
    conflicts: [...draft.conflicts.values()],
    notices: [
      ...revived.map((node) => ({ kind: "edit-wins-over-delete", node }) as const),
      ...draft.notices,
    ],
    held,
    trees,
  };
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
