import { randomFraction } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { parentKey } from "../tree/node.ts";
import type { ListedNode } from "./stretch.ts";

/** Shuffled, because nobody shall rely on an order; parents stay before what they contain (V28). */
export function shuffled(entries: readonly ListedNode[], rng: Rng): readonly ListedNode[] {
  // All chances at once: asking the system for each costs more than the rest of a page.
  const chances = Buffer.from(rng.bytes(4 * entries.length));
  return entries
    .map((entry, index) => ({
      entry,
      depth: depthOf(entry.key),
      chance: chances.readUInt32BE(4 * index),
    }))
    .toSorted((a, b) => a.depth - b.depth || a.chance - b.chance)
    .map(({ entry }) => entry);
}

/**
 * Another order of changes with the same end (V72): each removal stays before what stands at its path or below it
 * now, and folders before what they contain. Nothing else depends on the order: what a page says of a path that is
 * there comes after every removal that touches it.
 */
export function reordered(entries: readonly ListedNode[], rng: Rng): readonly ListedNode[] {
  const ranks = new Map<string, number>();
  const removals = entries.filter(isRemoval).map((entry) => {
    const rank = randomFraction(rng);
    ranks.set(entry.key, Math.max(rank, ranks.get(entry.key) ?? 0));
    return { entry, rank };
  });
  const present = entries
    .filter((entry) => !isRemoval(entry))
    .toSorted((a, b) => depthOf(a.key) - depthOf(b.key))
    .map((entry) => {
      const earliest = rankAbove(entry.key, ranks);
      const rank = earliest + (1 - earliest) * randomFraction(rng);
      ranks.set(entry.key, rank);
      return { entry, rank };
    });
  return [...removals, ...present].toSorted((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

/** What is removed, and then what is there from the bottom up: clients have to make the folders themselves (V72). */
export function childrenFirst(entries: readonly ListedNode[]): readonly ListedNode[] {
  const present = entries.filter((entry) => !isRemoval(entry));
  return [
    ...entries.filter(isRemoval),
    ...present.toSorted((a, b) => depthOf(b.key) - depthOf(a.key)),
  ];
}

/** The last rank at a key and above it. */
function rankAbove(key: string, ranks: ReadonlyMap<string, number>): number {
  let rank = 0;
  for (let at = key; at !== ""; at = parentKey(at)) rank = Math.max(rank, ranks.get(at) ?? 0);
  return rank;
}

function isRemoval({ kind }: ListedNode): boolean {
  return kind === "deleted";
}

function depthOf(key: string): number {
  let depth = 0;
  for (let at = key.indexOf("/"); at >= 0; at = key.indexOf("/", at + 1)) depth += 1;
  return depth;
}
