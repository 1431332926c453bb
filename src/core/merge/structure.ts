import { assert, present } from "../../std/assert.ts";
import { rootNode, type NodeId } from "../tree/node.ts";
import { resolveCollisions } from "./collision.ts";
import type { Draft } from "./draft.ts";
import type { TargetEntry } from "./merge-result.ts";

/**
 * Make a valid tree of the target: every parent is there, no folder is in itself, no two siblings share a key (S40–S42).
 *
 * @param hasMet whether something outside the slice was met (S45): then the rest is left undone, since all of it begins anew.
 */
export function settleStructure(draft: Draft, hasMet: () => boolean): void {
  // Each round but the last undoes a move, joins two nodes or names one, and none of these is ever taken back.
  for (let round = 0; round < roundsMax(draft); round += 1) {
    if (hasMet() || !recreateFolders(draft, hasMet)) return;
    const isChanged = undoCircles(draft) || resolveCollisions(draft);
    if (!isChanged) {
      for (const node of draft.recreated) draft.note("folder-recreated", node);
      return;
    }
  }
  assert(false, "the structure of a target settles");
}

/** What was joined or named may bring in clean nodes that were not touched before, so the bound grows with them. */
function roundsMax(draft: Draft): number {
  return 10 + 4 * draft.target.placed().length;
}

/** Bring back the folders that something in the target needs: only the chain, not what else they held (S40). Whether all came. */
function recreateFolders(draft: Draft, hasMet: () => boolean): boolean {
  const seen = new Set<NodeId>([rootNode]);
  for (const { parent } of draft.target.placed()) {
    for (let folder = parent; !seen.has(folder);) {
      seen.add(folder);
      const entry = draft.target.get(folder);
      folder = entry === undefined ? recreate(draft, folder) : entry.parent;
      if (entry === undefined && hasMet()) return false;
    }
  }
  return true;
}

function recreate(draft: Draft, node: NodeId): NodeId {
  const remote = draft.trees.remote.get(node);
  const entry = present(remote ?? draft.trees.local.get(node), "a folder that holds something");
  const { parent, name, key } = entry;
  const by = remote === undefined ? "local" : "remote";
  draft.place(node, { parent, name, key, localName: undefined, by }, entry);
  draft.recreated.add(node);
  return draft.folderOf(parent);
}

/** Undo every local move on a circle of folders, where each is in the next: the remote's places hold (S41). */
function undoCircles(draft: Draft): boolean {
  const circles = findCircles(draft);
  for (const circle of circles) {
    const undone = circle.filter(
      ({ node }) => draft.isPlacedByLocal(node) && draft.trees.remote.get(node) !== undefined,
    );
    assert(undone.length > 0, "a circle has a local move: neither side has circles of its own");
    for (const entry of undone) undoMove(draft, entry);
  }
  if (circles.length > 0) forgetRecreated(draft);
  return circles.length > 0;
}

function undoMove(draft: Draft, entry: TargetEntry): void {
  const { parent, name, key } = present(draft.trees.remote.get(entry.node), "remote place");
  draft.place(entry.node, { parent, name, key, localName: undefined, by: "remote" }, entry);
  draft.note("move-undone", entry.node);
}

/** What was brought back for something that has been moved back since is not needed any more; the rest comes again. */
function forgetRecreated(draft: Draft): void {
  for (const node of draft.recreated) draft.drop(node);
  draft.recreated.clear();
}

/** What was agreed on has no circles, so each leads through something that was placed. */
function findCircles(draft: Draft): readonly (readonly TargetEntry[])[] {
  const circles: TargetEntry[][] = [];
  const done = new Set<NodeId>([rootNode]);
  for (const { node } of draft.target.placed()) {
    const way = new Set<NodeId>();
    let current = node;
    while (!done.has(current) && !way.has(current)) {
      way.add(current);
      current = present(draft.target.get(current), "every parent is there").parent;
    }
    if (way.has(current)) circles.push(entriesFrom(draft, [...way], current));
    for (const on of way) done.add(on);
  }
  return circles;
}

function entriesFrom(draft: Draft, way: readonly NodeId[], first: NodeId): TargetEntry[] {
  return way.slice(way.indexOf(first)).map((on) => present(draft.target.get(on), "on the way"));
}
