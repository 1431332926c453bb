import type { HeldItem } from "../tree/index-rows.ts";
import type { NodeId } from "../tree/node.ts";
import { distinctHeld, inOrder } from "./hold-digest.ts";
import { guards, type Guard, type Suspect, type Suspects } from "./suspects.ts";

/** Bounds of the mass guards (S79); a share is of the synced files and folders, for contents of the files (S81). */
export const removedItemsMax = 50;
/** So many removals in one direction are held whatever their share. */
export const removedItemsAlways = 1_000;
/** One item in so many may go. */
export const removedShare = 4;
/** A side that holds so many is never emptied unasked. */
export const emptiedItemsMin = 10;
/** Uploads of new content over known files. */
export const changedFilesMax = 200;
/** One file in so many may get new content. */
export const changedShare = 2;
/** So many files that are what they were before look like a disk that was put back. */
export const earlierFilesMin = 20;
/** And so do they when they are one in so many of the changed ones. */
export const earlierShare = 2;
/** Conflicted copies that are made unasked. */
export const conflictsMax = 100;

/** What the guards ask about the rest of the world; asked only where the answer matters. */
export type GuardFacts = {
  /** Synced files and folders. */
  readonly tracked: () => number;
  /** Whether there are fewer synced files than this. */
  readonly filesBelow: (count: number) => boolean;
  /** Whether a file would go up as an older synced state of it. */
  readonly isEarlier: (suspect: Suspect) => boolean;
  /** Whether an item is in a set that a guard held before, wherever it was then. */
  readonly wasHeld: (guard: Guard, item: HeldItem) => boolean;
};

/** What one guard wants to hold. */
export type Verdict = {
  readonly guard: Guard;
  readonly nodes: ReadonlySet<NodeId>;
  /** In the order of their digest. */
  readonly items: readonly HeldItem[];
};

/**
 * Which ops have to wait for the user (S79).
 *
 * A guard whose bound is passed holds all that it looks at. What it held before stays held as long as it is planned, also where
 * what is left of it is within the bounds (S82): otherwise a set would slip through in pieces. An upload is named by one
 * guard, rollback before change, and keeps its name once it was held.
 */
export function judge(suspects: Suspects, facts: GuardFacts): readonly Verdict[] {
  const held: Readonly<Record<Guard, readonly Suspect[]>> = {
    "local-delete": judgeRemovals("local-delete", suspects["local-delete"], facts),
    "remote-delete": judgeRemovals("remote-delete", suspects["remote-delete"], facts),
    ...judgeContents(suspects.change, facts),
    conflict:
      suspects.conflict.length > conflictsMax
        ? suspects.conflict
        : heldBefore("conflict", suspects.conflict, facts),
  };
  return guards
    .filter((guard) => held[guard].length > 0)
    .map((guard) => ({
      guard,
      nodes: new Set(held[guard].map(({ node }) => node)),
      items: inOrder(distinctHeld(held[guard].flatMap(({ items }) => items))),
    }));
}

function judgeRemovals(
  guard: Guard,
  suspects: readonly Suspect[],
  facts: GuardFacts,
): readonly Suspect[] {
  const count = distinctHeld(suspects.flatMap(({ items }) => items)).length;
  return isMassRemoval(count, facts.tracked) ? suspects : heldBefore(guard, suspects, facts);
}

function isMassRemoval(count: number, tracked: () => number): boolean {
  if (count > removedItemsAlways) return true;
  // Counting all that is tracked costs more than the few removals of a usual plan.
  if (count < emptiedItemsMin) return false;
  const all = tracked();
  return count >= all || (count > removedItemsMax && count * removedShare > all);
}

function judgeContents(
  changed: readonly Suspect[],
  facts: GuardFacts,
): Readonly<Record<"rollback" | "change", readonly Suspect[]>> {
  const earlier = changed.length < earlierFilesMin ? [] : changed.filter(facts.isEarlier);
  const isRollback =
    earlier.length >= earlierFilesMin && earlier.length * earlierShare >= changed.length;
  const isMass =
    changed.length > changedFilesMax && facts.filesBelow(changed.length * changedShare);
  const before = {
    rollback: new Set(heldBefore("rollback", changed, facts)),
    change: new Set(heldBefore("change", changed, facts)),
  };
  const fresh = new Set(isRollback ? earlier : []).difference(before.change);
  const rollback = before.rollback.union(fresh);
  const rest = changed.filter((suspect) => !rollback.has(suspect));
  return {
    rollback: changed.filter((suspect) => rollback.has(suspect)),
    change: isMass ? rest : rest.filter((suspect) => before.change.has(suspect)),
  };
}

function heldBefore(
  guard: Guard,
  suspects: readonly Suspect[],
  { wasHeld }: GuardFacts,
): readonly Suspect[] {
  return suspects.filter(({ items }) => items.some((item) => wasHeld(guard, item)));
}
