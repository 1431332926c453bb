import { parseRelPath, pathFrom, type RelPath } from "../core/path/rel-path.ts";
import { unitPlaceAt } from "../core/repo/unit.ts";
import type { EntryChange } from "../core/snapshot/diff.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { dirstateMeaning, indexMeaning } from "../guard/index-meaning.ts";
import { unitContent } from "../snapshot/unit-content.ts";
import type { UnitSides } from "./unit-refs.ts";
import type { UnitFiles } from "./unit-files.ts";

/** Longer ones count byte by byte. */
const bytesMax = 64 * 1024 * 1024;

type Vcs = "git" | "hg";

/**
 * A hash over what a repository holds, for a restore (T45): over names, kinds, modes and contents. Of what notes the state of the work tree
 * counts what it says and not what the file system said: a look with `git status` is no change.
 *
 * @throws {SnapError} `damaged`
 */
export async function unitWitness(files: UnitFiles, unit: RelPath, vcs: Vcs): Promise<string> {
  return await unitContent(meant(files, unit, vcs));
}

/** Whether a file of a repository notes what the file system said of the work tree. */
export function notesStats(vcs: Vcs, name: string): boolean {
  return vcs === "git"
    ? /^(?:(?:worktrees|modules)\/.+\/)?index$/u.test(name)
    : name === "dirstate";
}

/** What Mercurial can find out again, and writes at any look. */
function isMemory(vcs: Vcs, name: string): boolean {
  return vcs === "hg" && /^w?cache(?:\/|$)/u.test(name);
}

async function* meant(files: UnitFiles, unit: RelPath, vcs: Vcs): AsyncGenerator<SnapshotEntry> {
  for await (const entry of files.entries(unit)) {
    const name = nameIn(unit, entry);
    if (isMemory(vcs, name)) continue;
    const meaning = await meaningOf(files, entry, { vcs, name });
    yield meaning === undefined ? entry : { ...entry, size: 0, blocks: [meaning] };
  }
}

/** Whether a file of a repository that is another one says nothing else. */
export async function saysTheSame(
  { from, to, unit }: UnitSides,
  change: EntryChange,
): Promise<boolean> {
  if (change.change === "moved") return false;
  const { vcs } = unitPlaceAt(unit);
  const name = nameIn(unit, change.change === "added" ? change.after : change.before);
  if (isMemory(vcs, name)) return true;
  if (change.change !== "changed" || change.before.mode !== change.after.mode) return false;
  const { before, after } = change;
  const meaning = await meaningOf(to, after, { vcs, name });
  return meaning !== undefined && meaning === (await meaningOf(from, before, { vcs, name }));
}

function nameIn(unit: RelPath, { path }: SnapshotEntry): string {
  return pathFrom(unit, parseRelPath(path));
}

/** What a file says that notes the state of a work tree; undefined for any other. */
async function meaningOf(
  files: UnitFiles,
  entry: SnapshotEntry,
  { vcs, name }: { readonly vcs: Vcs; readonly name: string },
): Promise<string | undefined> {
  if (entry.type !== "file" || !notesStats(vcs, name)) return undefined;
  const bytes = await files.bytes(entry, bytesMax);
  return bytes && (vcs === "git" ? indexMeaning(bytes) : dirstateMeaning(bytes));
}
