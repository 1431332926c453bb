import { parentPath, parseRelPath, topPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { SnapshotStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { randomFraction, type Rng } from "../std/random.ts";

/** Files of a sample. */
const sampleMax = 1000;

/** A snapshot to be restored for practice. */
export type DrillSource = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  /** Everything instead of a sample. */
  readonly all: boolean;
};

/** What is to be restored. `passed` counts what has no content in the store. */
export type Chosen = {
  /** In path order. */
  readonly entries: () => AsyncIterable<SnapshotEntry>;
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
  let [seen, passed, bytes] = [0, 0, 0];
  for await (const entry of store.entries(root.id)) {
    throwIfAborted(work.signal);
    if (entry.type === "folder") continue;
    if (!isHeld(entry)) {
      passed += 1;
      continue;
    }
    seen += 1;
    if (all) bytes += entry.size ?? 0;
    else if (sample.length < sampleMax) sample.push(entry);
    else {
      // Each of those seen so far is in the sample with the same chance.
      const place = Math.floor(randomFraction(rng) * seen);
      if (place < sampleMax) sample[place] = entry;
    }
  }
  if (all) return { entries: () => heldEntries(store, root), files: seen, bytes, passed };
  const wanted = new Set(sample.flatMap(({ path }) => [path, ...above(path)]));
  const total = sample.reduce((sum, { size = 0 }) => sum + size, 0);
  const entries = (): AsyncIterable<SnapshotEntry> => among(heldEntries(store, root), wanted);
  return { entries, files: sample.length, bytes: total, passed };
}

/** Whether the store has what a restore needs. */
function isHeld({ type, blocks, flags }: SnapshotEntry): boolean {
  if (flags.includes("unreadable")) return false;
  return type === "symlink" || type === "folder" || (type === "file" && blocks !== undefined);
}

async function* heldEntries(
  store: SnapshotStore,
  root: SnapshotRoot,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of store.entries(root.id)) if (isHeld(entry)) yield entry;
}

async function* among(
  entries: AsyncIterable<SnapshotEntry>,
  wanted: ReadonlySet<string>,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of entries) if (wanted.has(entry.path)) yield entry;
}

/** The folders above a path, the nearest first. */
export function above(path: string): readonly string[] {
  const parent = parentPath(parseRelPath(path));
  return parent === undefined || parent === topPath ? [] : [parent, ...above(parent)];
}
