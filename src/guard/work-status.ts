import { exact, type StatusNumbers } from "./numbers.ts";
import { compareEntry, type CompareContext } from "./compare-entry.ts";
import { indexEntries, type IndexEntry } from "./index-file.ts";
import type { TreeRow } from "./object-text.ts";
import { readWhole, type Bytes } from "./read-only.ts";
import { indexBytesMax } from "./shadow-files.ts";
import { Unproven } from "./unproven.ts";
import { countUntracked } from "./untracked.ts";

/** Reads one tree. Rejects where it cannot. */
export type ReadTree = (oid: string) => Promise<readonly TreeRow[]>;

/** What is compared. */
export type Comparison = {
  readonly worktree: Bytes;
  /** Path of the index, with 20-byte hashes. */
  readonly index: Bytes;
  /** That of `HEAD`; undefined before the first commit. */
  readonly tree: string | undefined;
  readonly readTree: ReadTree;
  /** A folder's path ends with `/`. */
  readonly isIgnored: (path: string) => Promise<boolean>;
  /** There are rules for it outside the folders. */
  readonly ignores: boolean;
  /** @throws when the time is over */
  readonly check: () => void;
  readonly turn: () => Promise<void>;
};

/** Other work has a turn after so many files, or trees. */
const filesInARow = 256;
const treesInARow = 64;

/**
 * Compare `HEAD`, index and files, as `git status --no-renames` counts them, without a filter or a conversion.
 *
 * @throws {Unproven} where the index cannot be read
 */
export async function compareFiles(comparison: Comparison): Promise<StatusNumbers> {
  const file = readWhole(comparison.index, indexBytesMax);
  const entries = file === undefined ? [] : readEntries(file.bytes);
  const byPath = new Map(
    entries.filter(({ stage }) => stage === 0).map((one) => [keyOf(one), one]),
  );
  const conflicts = new Set(entries.filter(({ stage }) => stage > 0).map(keyOf));
  const staged = await countStaged(comparison, byPath, conflicts);
  const context = { worktree: comparison.worktree, writtenMs: file?.modifiedMs ?? 0 };
  const unstaged = await countUnstaged(comparison, byPath, context);
  const tracked = new Set([...byPath.keys(), ...conflicts]);
  return {
    staged: exact(staged),
    unstaged: exact(unstaged),
    conflicted: exact(conflicts.size),
    untracked: await countUntracked(comparison, tracked),
  };
}

function readEntries(bytes: Buffer): IndexEntry[] {
  const entries: IndexEntry[] = [];
  const reading = indexEntries(bytes, { hashBytes: 20 });
  let step = reading.next();
  for (; step.done !== true; step = reading.next()) entries.push(step.value);
  if (step.value === undefined) throw new Unproven("index-not-read");
  return entries;
}

function keyOf({ path }: IndexEntry): string {
  return path.toString("utf8");
}

type ByPath = ReadonlyMap<string, IndexEntry>;

/** Paths that the index has otherwise than `HEAD`. One that is only announced, or in conflict, is not staged. */
async function countStaged(
  comparison: Comparison,
  index: ByPath,
  conflicts: ReadonlySet<string>,
): Promise<number> {
  const head = await flatten(comparison);
  let count = 0;
  for (const [path, { mode, oid, intentToAdd }] of index) {
    const before = head.get(path);
    head.delete(path);
    if (intentToAdd && before === undefined) continue;
    if (before?.oid !== oid || Number.parseInt(before.mode, 8) !== mode) count += 1;
  }
  return count + [...head.keys()].filter((path) => !conflicts.has(path)).length;
}

/** Every file of a tree by its path. */
async function flatten({ tree, readTree, check, turn }: Comparison): Promise<Map<string, TreeRow>> {
  const files = new Map<string, TreeRow>();
  const waiting = tree === undefined ? [] : [{ oid: tree, below: "" }];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    check();
    seen += 1;
    if (seen % treesInARow === 0) await turn();
    for (const row of await readTree(next.oid)) {
      const path = `${next.below}${row.path}`;
      if (row.type === "tree") waiting.push({ oid: row.oid, below: `${path}/` });
      else files.set(path, row);
    }
  }
  return files;
}

async function countUnstaged(
  { check, turn }: Comparison,
  index: ByPath,
  { worktree, writtenMs }: Pick<CompareContext, "worktree" | "writtenMs">,
): Promise<number> {
  const context: CompareContext = { worktree, writtenMs, check, folders: new Map() };
  let [count, seen] = [0, 0];
  for (const entry of index.values()) {
    check();
    seen += 1;
    if (seen % filesInARow === 0) await turn();
    if (entry.intentToAdd || compareEntry(entry, context) === "changed") count += 1;
  }
  return count;
}
