import { join } from "node:path";
import { isOutsideName } from "../core/path/names.ts";
import { isRelPath, joinPath, pathFrom, topPath, type RelPath } from "../core/path/rel-path.ts";
import {
  gitIgnored,
  noGitRules,
  type GitIgnored,
  type GitIgnores,
  type WorkTreeRules,
} from "../core/repo/git-ignored.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { FolderNames, type NamesInFolder } from "./folder-names.ts";
import { commonDirOf, readGitFile, readHead } from "./gitdir.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";
import { TrackedIndex } from "./tracked-paths.ts";
import { GatheredRules, type CompiledRules } from "./work-tree-rules.ts";

/** Other work has a turn after so many folders. */
const foldersInARow = 256;

/** What is kept of a work tree from one look to the next. */
type Memory = { readonly index: TrackedIndex; compiled: CompiledRules };

/** A work tree in the course of one look. */
type Tree = {
  readonly folder: RelPath;
  /** Its own gitdir, and the one that it shares with others; undefined where its `.git` leads nowhere. */
  readonly places: { readonly gitdir: Bytes; readonly common: Bytes } | undefined;
  readonly rules: GatheredRules;
};

/** A folder that is to be looked into. */
type Stop = { readonly path: RelPath; readonly tree: Tree | undefined };

/**
 * What Git ignores in the work trees of a workspace (G50): by the `.gitignore` files of each and its `info/exclude`, but for what its
 * index tracks. The user's own `core.excludesFile` is left out, since devices would differ. A folder whose time is as before costs one
 * look at it, an index that is as before one.
 */
export function openGitIgnores({
  top,
  clock,
}: {
  readonly top: string;
  readonly clock: Clock;
}): GitIgnores {
  const names = new FolderNames(clock);
  let memory: ReadonlyMap<RelPath, Memory> = new Map();
  let last: { readonly digest: string; readonly trees: readonly Tree[] } | undefined;
  return {
    look: async ({ isOutside, digest }) => {
      const isAsBefore =
        last?.digest === digest &&
        last.trees.every(({ rules }) => rules.areAsBefore()) &&
        (await names.areAsBefore());
      if (last !== undefined && isAsBefore) return await judged(last.trees, memory);
      last = undefined;
      names.begin();
      const trees = await findTrees({ top, clock, names, memory, isOutside });
      const kept = new Map<RelPath, Memory>();
      for (const { folder, rules } of trees) {
        const index = memory.get(folder)?.index ?? new TrackedIndex();
        kept.set(folder, { index, compiled: rules.compiled });
      }
      memory = kept;
      last = { digest, trees };
      return await judged(trees, memory);
    },
  };
}

type Search = {
  readonly top: string;
  readonly clock: Clock;
  readonly names: FolderNames;
  readonly memory: ReadonlyMap<RelPath, Memory>;
  readonly isOutside: (folder: RelPath) => boolean;
};

/** Every work tree that is not itself ignored by another; a folder that is ignored holds no rule that counts. */
async function findTrees(search: Search): Promise<readonly Tree[]> {
  const trees: Tree[] = [];
  const waiting: Stop[] = [{ path: topPath, tree: undefined }];
  let seen = 0;
  for (let stop = waiting.pop(); stop !== undefined; stop = waiting.pop()) {
    seen += 1;
    if (seen % foldersInARow === 0) await turn();
    const names = search.names.in(Buffer.from(join(search.top, stop.path)));
    const tree = treeAt(search, stop, names);
    if (tree !== undefined && tree !== stop.tree) trees.push(tree);
    if (names.hasRules)
      tree?.rules.add(pathFrom(tree.folder, stop.path), fileIn(search, stop.path));
    for (const path of openFolders(search, { path: stop.path, tree }, names)) {
      waiting.push({ path, tree });
    }
  }
  return trees;
}

/** Folders that neither the link nor Git leaves out. */
function openFolders(search: Search, { path, tree }: Stop, names: NamesInFolder): RelPath[] {
  return names.folders
    .filter((name) => !isOutsideName(name) && isRelPath(name))
    .map((name) => joinPath(path, name))
    .filter((folder) => tree?.rules.now().ignores(pathFrom(tree.folder, folder), "folder") !== true)
    .filter((folder) => !search.isOutside(folder));
}

function fileIn({ top }: Search, folder: RelPath): Bytes {
  return Buffer.from(join(top, folder, ".gitignore"));
}

function treeAt(search: Search, { path, tree }: Stop, { marker }: NamesInFolder): Tree | undefined {
  if (marker === undefined) return tree;
  const folder = Buffer.from(join(search.top, path));
  const isFile = marker.kind === "file";
  const places = placesOf(folder, marker);
  const isWhole = isGitdir(places);
  if (tree !== undefined && !isFile && !isWhole) {
    // Git passes over such a one, and goes by the rules of the repository around it.
    for (const name of signs) tree.rules.dependOn(inside(folder, `${marker.name}/${name}`));
    return tree;
  }
  const compiled: CompiledRules = search.memory.get(path)?.compiled ?? new Map();
  const rules = new GatheredRules(compiled, search.clock.now());
  if (isFile) rules.dependOn(inside(folder, marker.name));
  if (places !== undefined) rules.add(topPath, inside(places.common, "info/exclude"));
  return { folder: path, places: isFile && !isWhole ? undefined : places, rules };
}

/** Where the marker in a folder leads. */
function placesOf(
  folder: Bytes,
  { name, kind }: NonNullable<NamesInFolder["marker"]>,
): Tree["places"] {
  const gitdir = kind === "file" ? readGitFile(folder, name).gitdir : inside(folder, name);
  if (gitdir === undefined) return undefined;
  return { gitdir, common: Buffer.from(commonDirOf(gitdir) ?? gitdir) };
}

const signs = ["HEAD", "objects", "refs", "commondir"] as const;

/** Whether they are what Git takes for a repository. */
function isGitdir(places: Tree["places"]): boolean {
  if (places === undefined || readHead(places.gitdir) === undefined) return false;
  return ["objects", "refs"].every((name) => kindAt(inside(places.common, name)) !== undefined);
}

async function judged(
  trees: readonly Tree[],
  memory: ReadonlyMap<RelPath, Memory>,
): Promise<GitIgnored> {
  const known: WorkTreeRules[] = [];
  const unclear = new Map<RelPath, string>();
  for (const { folder, places, rules } of trees) {
    const index = memory.get(folder)?.index;
    const inForce = rules.now();
    const answer =
      places === undefined || index === undefined
        ? { unclear: "is nowhere" }
        : await index.against(inside(places.gitdir, "index"), inForce);
    const tracked = "tracked" in answer ? answer.tracked : noGitRules.tracked;
    known.push({ folder, rules: inForce, tracked });
    const why = "unclear" in answer ? `its index ${answer.unclear}` : rules.trouble;
    if (why !== undefined) {
      unclear.set(folder, `holds a repository of which nobody can tell what Git ignores: ${why}`);
    }
  }
  return gitIgnored(known, unclear);
}
