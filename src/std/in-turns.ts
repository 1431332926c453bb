import { turn } from "./turn.ts";

/** Items that are worked on between two turns of everything else: some milliseconds of light work. */
const itemsInARow = 1024;

/** The same as `toSorted`, of many items, while everything else has its turns. */
export async function sortInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += itemsInARow) {
    runs.push(items.slice(at, at + itemsInARow).sort(compare));
    await turn();
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Of equal items those of `a` come first. */
async function merge<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<readonly T[]> {
  const merged: T[] = [];
  let at = 0;
  for (const item of a) {
    for (let other = b[at]; other !== undefined && compare(item, other) > 0; other = b[at]) {
      merged.push(other);
      at += 1;
    }
    merged.push(item);
    if (merged.length % itemsInARow === 0) await turn();
  }
  for (const rest of b.slice(at)) merged.push(rest);
  return merged;
}
