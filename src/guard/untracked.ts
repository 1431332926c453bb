import type { Measured } from "../core/repo/finding.ts";
import {
  textOf,
  inside,
  isOutOfReach,
  kindAt,
  readFolder,
  type Bytes,
  type RawEntry,
} from "./read-only.ts";
import type { Comparison } from "./work-status.ts";

type Search = Pick<Comparison, "worktree" | "isIgnored" | "check" | "turn"> & {
  readonly tracked: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** Rules of the library's were applied, or something could not be looked into. */
  isApproximate: boolean;
};

/**
 * Files that Git knows nothing of, as `git status --untracked-files=normal` counts them: a folder with nothing tracked counts
 * as one. Where rules to ignore files are found, the count is approximate.
 */
export async function countUntracked(
  { worktree, isIgnored, ignores, check, turn }: Comparison,
  tracked: ReadonlySet<string>,
): Promise<Measured> {
  const folders = foldersOf(tracked);
  const search: Search = {
    worktree,
    isIgnored,
    check,
    turn,
    tracked,
    folders,
    isApproximate: ignores,
  };
  let value = 0;
  const waiting = [""];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    check();
    await turn();
    for (const entry of entriesOf(folder, search)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (search.tracked.has(path)) continue;
      if (entry.kind === "folder" && search.folders.has(path)) waiting.push(path);
      else if (await counts(path, entry, search)) value += 1;
    }
  }
  return { precision: search.isApproximate ? "approximate" : "exact", value };
}

function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

/** Entries of a folder without its marker. Git leaves out what is neither a file, a link nor a folder. */
function entriesOf(folder: string, search: Search): readonly RawEntry[] {
  try {
    const entries = readFolder(pathOf(folder, search));
    if (entries.some(({ name }) => name === ".gitignore")) search.isApproximate = true;
    return entries.filter(({ name, kind }) => name.toLowerCase() !== ".git" && kind !== "special");
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    search.isApproximate = true;
    return [];
  }
}

function pathOf(folder: string, { worktree }: Search): Bytes {
  return folder === "" ? worktree : inside(worktree, folder);
}

async function counts(path: string, entry: RawEntry, search: Search): Promise<boolean> {
  search.check();
  if (entry.name !== entry.bytes.toString("utf8") || textOf(entry.bytes) !== entry.name) {
    search.isApproximate = true;
  }
  const isFolder = entry.kind === "folder";
  if (search.isApproximate && (await search.isIgnored(isFolder ? `${path}/` : path))) return false;
  if (!isFolder) return true;
  // A repository in it is one thing, whatever it holds.
  if (kindAt(inside(pathOf(path, search), ".git")) !== undefined) return true;
  for (const below of entriesOf(path, search)) {
    if (await counts(`${path}/${below.name}`, below, search)) return true;
  }
  return false;
}
