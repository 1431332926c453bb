import { createHash } from "node:crypto";
import { comparePaths, compareBytes } from "../path/rel-path.ts";
import type { HeldItem } from "../tree/index-rows.ts";

/** Digits by which a set of held ops is named (S80). */
export const holdDigits = 12;

/**
 * The name of a set of held ops: the first digits of the SHA-256 of its canonical form, one JSON array of kind, path
 * and what is there now a line, in order (S80). JSON quotes what a name may hold, so no two sets have one form.
 *
 * @param items in the order of `inOrder`
 */
export function holdDigestOf(items: readonly HeldItem[]): string {
  const digest = createHash("sha256");
  for (const item of items) digest.update(`${keyOfHeld(item)}\n`);
  return digest.digest("hex").slice(0, holdDigits);
}

/** One item as a text that no other item has: just what the user lets pass. */
export function keyOfHeld({ op, path, before }: HeldItem): string {
  return JSON.stringify([op, path, before]);
}

/** What an item does to which node, wherever that is by now and whatever it holds (S82). */
export function fateOfHeld({ op, node }: HeldItem): string {
  return `${op} ${node}`;
}

/** Each op on each node once: as it was named first. */
export function distinctHeld(items: readonly HeldItem[]): readonly HeldItem[] {
  const found = new Map<string, HeldItem>();
  for (const item of items) {
    const fate = fateOfHeld(item);
    if (!found.has(fate)) found.set(fate, item);
  }
  return [...found.values()];
}

/** Items in the order of their digest: by path, then by kind and content. */
export function inOrder(items: readonly HeldItem[]): readonly HeldItem[] {
  return items.toSorted(
    (a, b) =>
      comparePaths(a.path, b.path) || compareBytes(a.op, b.op) || compareBytes(a.before, b.before),
  );
}
