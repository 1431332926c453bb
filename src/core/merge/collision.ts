import { caseConflictName } from "../path/names.ts";
import { pathKeyOf, sameName } from "../path/path-key.ts";
import { compareBytes } from "../path/rel-path.ts";
import { byNode } from "../tree/tree-view.ts";
import { putAside } from "./conflict.ts";
import { sameContent } from "./content.ts";
import type { Draft } from "./draft.ts";
import type { TargetEntry } from "./merge-result.ts";

/** Give each of several siblings with one key a name of its own, or make one of them (S42). Whether anything changed. */
export function resolveCollisions(draft: Draft): boolean {
  const groups = collidingSiblings(draft);
  const folders = groups.filter((group) => group.filter(isFolder).length > 1);
  // Folders are merged first: only then is it known what meets in them.
  for (const group of folders.length > 0 ? folders : groups) {
    const [keeper, ...losers] = group.toSorted((a, b) => byPrecedence(draft, a, b));
    for (const loser of losers) {
      // A keeper that was merged into a loser leaves the rest to the next round.
      if (keeper === undefined || draft.target.get(keeper.node) === undefined) break;
      separate(draft, keeper, loser);
    }
  }
  return groups.length > 0 || freeDiskNames(draft);
}

function isFolder({ kind }: TargetEntry): boolean {
  return kind === "folder";
}

/** One of several siblings with one key was placed: what was agreed on before has one of each. */
function collidingSiblings(draft: Draft): readonly (readonly TargetEntry[])[] {
  const groups = new Map<number, readonly TargetEntry[]>();
  for (const { parent, key } of draft.target.placed()) {
    const twins = draft.target.childrenByKey(parent, key);
    const second = twins[1];
    if (second !== undefined) groups.set(second.node, twins);
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([, twins]) => twins);
}

/** Who keeps a name: what the remote placed, then what is synced, then the smaller name. */
function byPrecedence(draft: Draft, a: TargetEntry, b: TargetEntry): number {
  const rank = ({ node }: TargetEntry): number => {
    const isNew = draft.trees.synced.get(node) === undefined;
    return (draft.isPlacedByLocal(node) ? 2 : 0) + (isNew ? 1 : 0);
  };
  return rank(a) - rank(b) || compareBytes(a.name, b.name) || a.node - b.node;
}

function separate(draft: Draft, keeper: TargetEntry, loser: TargetEntry): void {
  if (areDiskTwins(draft, keeper, loser)) {
    nameOnServer(draft, loser);
  } else if (
    keeper.kind === "folder" &&
    loser.kind === "folder" &&
    oneIsNew(draft, keeper, loser)
  ) {
    mergeFolders(draft, keeper, loser);
  } else if (keeper.kind === "file" && sameContent(keeper, loser)) {
    joinFiles(draft, keeper, loser);
  } else {
    putAside(draft, loser);
  }
}

/**
 * Two names on one disk that the server takes for one: both stay as they are on disk. So do two Unicode forms of one
 * name: a change of form is no rename, but what stands side by side are two files (S16).
 */
function areDiskTwins(draft: Draft, a: TargetEntry, b: TargetEntry): boolean {
  const one = draft.trees.local.get(a.node);
  const other = draft.trees.local.get(b.node);
  if (one === undefined || other === undefined || one.name === other.name) return false;
  // Another key on the disk is that of a copy which was put aside already: the server's name follows it.
  return (
    one.parent === other.parent &&
    one.key === other.key &&
    sameName(one.name, a.localName ?? a.name) &&
    sameName(other.name, b.localName ?? b.name)
  );
}

function nameOnServer(draft: Draft, loser: TargetEntry): void {
  const diskName = loser.localName ?? loser.name;
  const taken = (name: string): boolean => draft.isTaken(name, [loser.parent]);
  draft.rename(loser, caseConflictName(diskName, loser.kind, { taken }), diskName);
  draft.note("case-conflict", loser.node);
}

function oneIsNew(draft: Draft, a: TargetEntry, b: TargetEntry): boolean {
  return [a, b].some(({ node }) => draft.trees.synced.get(node) === undefined);
}

/** Equal bytes are no conflict: one of the two goes, the new one if there is one (S42, P5). */
function joinFiles(draft: Draft, keeper: TargetEntry, loser: TargetEntry): void {
  const [gone, stays] = newestFirst(draft, keeper, loser);
  draft.drop(gone.node);
  draft.note("equal-files-joined", stays.node);
}

/** The new one goes, and what it holds moves into the other. */
function mergeFolders(draft: Draft, keeper: TargetEntry, loser: TargetEntry): void {
  const [gone, stays] = newestFirst(draft, keeper, loser);
  draft.join(gone.node, stays.node);
  draft.note("folders-merged", stays.node);
}

/** Of two nodes that become one, the one to give up and the one to keep. */
function newestFirst(
  draft: Draft,
  keeper: TargetEntry,
  loser: TargetEntry,
): readonly [TargetEntry, TargetEntry] {
  const isKnown = ({ node }: TargetEntry): boolean => draft.trees.synced.get(node) !== undefined;
  return isKnown(loser) && !isKnown(keeper) ? [keeper, loser] : [loser, keeper];
}

/** A name on disk that another node needs now is given up for the one on the server. */
function freeDiskNames(draft: Draft): boolean {
  let isChanged = false;
  for (const entry of entriesWithDiskNames(draft)) {
    const { localName = "" } = entry;
    const other = draft.target.childByKey(entry.parent, pathKeyOf(localName));
    if (other === undefined || other.node === entry.node) continue;
    if (!sameName(other.localName ?? other.name, localName)) continue;
    // Two forms of one name stand side by side only where they were put so.
    const stays = draft.trees.local.get(entry.node)?.parent === entry.parent;
    if (stays && areDiskTwins(draft, entry, other)) continue;
    draft.put({ ...entry, localName: undefined });
    isChanged = true;
  }
  return isChanged;
}

/** Entries with a name of their own on disk that were placed, or stand on the disk where something was placed; in node order. */
function entriesWithDiskNames(draft: Draft): readonly TargetEntry[] {
  const found = new Map<number, TargetEntry>();
  const note = (entry: TargetEntry | undefined): void => {
    if (entry?.localName !== undefined) found.set(entry.node, entry);
  };
  for (const entry of draft.target.placed()) {
    note(entry);
    for (const { node } of draft.trees.local.childrenByKey(entry.parent, entry.key)) {
      if (node !== entry.node) note(draft.target.get(node));
    }
  }
  return [...found.values()].toSorted(byNode);
}
