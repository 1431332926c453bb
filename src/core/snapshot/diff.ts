import { comparePaths } from "../path/rel-path.ts";
import { isSameAttributes } from "./attributes.ts";
import { isSameTime } from "./entry.ts";
import type { SnapshotEntry } from "./entry.ts";
import { joinByPath } from "./manifest.ts";
import type { Pair } from "./manifest.ts";

/** One difference between two manifests; a move has equal content at another path. */
export type EntryChange =
  | { readonly change: "added"; readonly after: SnapshotEntry }
  | { readonly change: "removed"; readonly before: SnapshotEntry }
  | { readonly change: "changed"; readonly before: SnapshotEntry; readonly after: SnapshotEntry }
  | { readonly change: "metadata"; readonly before: SnapshotEntry; readonly after: SnapshotEntry }
  | { readonly change: "moved"; readonly before: SnapshotEntry; readonly after: SnapshotEntry };

/** Files that are held back at once, to see whether they moved; memory is bounded by it (N6). */
const heldMax = 200_000;

/**
 * What leads from manifest `a` to manifest `b`, both in path order.
 *
 * Content is compared by hash, never by time; a file whose hash is known on one side only counts as changed.
 * Changes, folders and links come in path order. Files that were added or removed come after them, in path
 * order too, because each may be one half of a move; beyond `heldMax` of them moves are looked for in groups.
 */
export async function* diffEntries(
  a: AsyncIterable<SnapshotEntry>,
  b: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<EntryChange> {
  let held: EntryChange[] = [];
  for await (const pair of joinByPath(a, b)) {
    const change = compareSides(pair);
    if (change === undefined) continue;
    if (!mayBeMoved(change)) {
      yield change;
      continue;
    }
    held.push(change);
    if (held.length < heldMax) continue;
    yield* pairMoves(held);
    held = [];
  }
  yield* pairMoves(held);
}

function compareSides({ left, right }: Pair): EntryChange | undefined {
  if (left === undefined) return right && { change: "added", after: right };
  if (right === undefined) return { change: "removed", before: left };
  if (!isSameContent(left, right)) return { change: "changed", before: left, after: right };
  if (!isSameMetadata(left, right)) return { change: "metadata", before: left, after: right };
  return undefined;
}

/** Whether two entries are the same kind of thing with the same content. */
function isSameContent(a: SnapshotEntry, b: SnapshotEntry): boolean {
  if (a.type !== b.type || a.hash !== b.hash || a.linkTarget !== b.linkTarget) return false;
  return a.type !== "file" || a.hash !== undefined || isSameStat(a, b);
}

/** All that can be compared of two files that could not be read. */
function isSameStat(a: SnapshotEntry, b: SnapshotEntry): boolean {
  const [before, after] = [a.modifiedNs, b.modifiedNs];
  const isSameMoment = before === undefined || after === undefined || isSameTime(before, after);
  return a.size === b.size && isSameMoment;
}

/** Extended attributes, mode, owner, and the time of files: that of a folder only follows from its children. What a side does not know is not compared. */
function isSameMetadata(a: SnapshotEntry, b: SnapshotEntry): boolean {
  if (isOther(a.mode, b.mode) || isOther(a.owner, b.owner)) return false;
  if (![a, b].some(isStripped) && !isSameAttributes(a.attributes, b.attributes)) return false;
  if (a.type !== "file" || a.modifiedNs === undefined || b.modifiedNs === undefined) return true;
  return isSameTime(a.modifiedNs, b.modifiedNs);
}

function isStripped({ flags }: SnapshotEntry): boolean {
  return flags.includes("stripped");
}

function isOther(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** Entries to be compared with a side of which the extended attributes are not known. */
export async function* withoutAttributes(
  entries: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry> {
  for await (const { attributes: _attributes, ...entry } of entries) yield entry;
}

/** Whether a change may be one half of a move; empty files are all alike and never move. */
function mayBeMoved(change: EntryChange): boolean {
  if (change.change !== "added" && change.change !== "removed") return false;
  const entry = change.change === "added" ? change.after : change.before;
  return entry.type === "file" && entry.size !== 0 && entry.hash !== undefined;
}

function contentOf(half: Half): string {
  return (half.change === "added" ? half.after.hash : half.before.hash) ?? "";
}

type Half = Extract<EntryChange, { change: "added" | "removed" }>;

/** Joins each addition with a removal of the same content: of the same name if there is one, else the first. */
function pairMoves(held: readonly EntryChange[]): readonly EntryChange[] {
  const sameName = joinHalves(held, (half) => `${contentOf(half)} ${nameOf(pathOf(half))}`);
  const sameContent = joinHalves(sameName, contentOf);
  return sameContent.toSorted((one, other) => comparePaths(pathOf(one), pathOf(other)));
}

function joinHalves(
  changes: readonly EntryChange[],
  keyOf: (half: Half) => string,
): readonly EntryChange[] {
  const removals = changes.filter((change) => change.change === "removed");
  const free = Map.groupBy(removals.toReversed(), keyOf);
  const joined = new Set<EntryChange>();
  const after = changes.map((change): EntryChange => {
    const removal = change.change === "added" ? free.get(keyOf(change))?.pop() : undefined;
    if (change.change !== "added" || removal === undefined) return change;
    joined.add(removal);
    return { change: "moved", before: removal.before, after: change.after };
  });
  return after.filter((change) => !joined.has(change));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path at which a change is listed: where the thing is now, or was last. */
export function pathOf(change: EntryChange): string {
  return change.change === "removed" ? change.before.path : change.after.path;
}
