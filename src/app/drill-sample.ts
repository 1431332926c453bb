import { topUnit } from "../core/repo/unit.ts";
import { parentPath, parseRelPath, topPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { randomFraction, type Rng } from "../std/random.ts";

/** Files of a sample. */
const sampleMax = 1000;

/** A snapshot to be restored for practice. */
export type DrillSource = {
  readonly store: OpenedStore;
  readonly root: SnapshotRoot;
  /** Everything instead of a sample. */
  readonly all: boolean;
};

/** What is to be restored. `passed` counts what has no content in the store. */
export type Chosen = {
  /** In path order. */
  readonly entries: () => AsyncIterable<SnapshotEntry>;
  /** Whether a path is among them; everything if absent. */
  readonly selects: ((path: string) => boolean) | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly passed: number;
};

/** Choose what to restore: everything that the store holds, or files and links drawn by lot with the folders above them. */
export async function choose(
  { store, root, all }: DrillSource,
  rng: Rng,
  work: Work,
): Promise<Chosen> {
  const sample: SnapshotEntry[] = [];
  let [seen, whole, passed, bytes] = [0, 0, 0, 0];
  for await (const entry of store.entries(root.id)) {
    throwIfAborted(work.signal);
    if (entry.type === "folder") continue;
    if (!isHeld(entry)) {
      passed += 1;
      continue;
    }
    // Repositories are restored whole: a part of one proves nothing.
    if (all || entry.unit !== undefined) {
      [whole, bytes] = [whole + 1, bytes + (entry.size ?? 0)];
      continue;
    }
    seen += 1;
    if (sample.length < sampleMax) sample.push(entry);
    else {
      // Each of those seen so far is in the sample with the same chance.
      const place = Math.floor(randomFraction(rng) * seen);
      if (place < sampleMax) sample[place] = entry;
    }
  }
  const files = whole + sample.length;
  const ids = new Set((root.git ?? []).map(({ id }) => id));
  if (all || ids.has(topUnit))
    return { entries: () => heldEntries(store, root), selects: undefined, files, bytes, passed };
  const wanted = new Set(sample.flatMap(({ path }) => [path, ...above(path)]));
  const around = new Set([...ids].flatMap(above));
  const total = sample.reduce((sum, { size = 0 }) => sum + size, bytes);
  const selects = (path: string): boolean =>
    wanted.has(path) || around.has(path) || [path, ...above(path)].some((each) => ids.has(each));
  const entries = (): AsyncIterable<SnapshotEntry> => among(heldEntries(store, root), selects);
  return { entries, selects, files, bytes: total, passed };
}

/** Whether the store has what a restore needs. */
function isHeld({ type, blocks, flags }: SnapshotEntry): boolean {
  if (flags.includes("unreadable")) return false;
  return type === "symlink" || type === "folder" || (type === "file" && blocks !== undefined);
}

async function* heldEntries(store: OpenedStore, root: SnapshotRoot): AsyncGenerator<SnapshotEntry> {
  for await (const entry of store.entries(root.id)) if (isHeld(entry)) yield entry;
}

async function* among(
  entries: AsyncIterable<SnapshotEntry>,
  selects: (path: string) => boolean,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of entries) if (selects(entry.path)) yield entry;
}

/** The folders above a path, the nearest first. */
function above(path: string): readonly string[] {
  const parent = parentPath(parseRelPath(path));
  return parent === undefined || parent === topPath ? [] : [parent, ...above(parent)];
}
