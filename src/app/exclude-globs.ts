import type { Exclusions } from "../core/exclusions.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import {
  comparePaths,
  joinPath,
  parentPath,
  parseRelPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import { selectionOf } from "../core/snapshot/restore-select.ts";
import { rootNode, type Kind, type NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** Folders that one glob may stand for: the list of exclusions is a small document. */
const matchesMax = 1_000;

/**
 * The folders in Dropbox that a path names: itself, or where it is a glob, the topmost folders that match it (`*` and `?` stay in one
 * name, `**` spans folders). What the index knows of Dropbox is looked at first, Dropbox itself where nothing matches there.
 *
 * @throws {SnapError} `path-missing` where no folder matches, `usage` where too many do
 */
export async function foldersNamed(
  { state, remote }: Pick<LinkedWorkspace, "state" | "remote">,
  named: RelPath,
): Promise<readonly RelPath[]> {
  if (!isGlob(named) || kindAt(state.index, named) === "folder") return [named];
  const selection = selectionOf([named]);
  const selects: Selects = (path) => selection.selects(path);
  const prefix = literalPrefix(named);
  const known = matchesInIndex(state.index, prefix, selects);
  const found = known.length > 0 ? known : await matchesOnServer(remote, prefix, selects);
  if (found.length > matchesMax) {
    throw new SnapError("usage", `"${named}" matches ${found.length} folders`, {
      hint: `At most ${matchesMax} are excluded at a time: name the folder above them.`,
    });
  }
  if (found.length > 0) return found;
  throw new SnapError("path-missing", `No folder in Dropbox matches "${named}"`, { path: named });
}

/** Those of the excluded folders that a path names, itself or as a glob. */
export function exclusionsNamed(known: Exclusions, named: RelPath): readonly RelPath[] {
  if (!isGlob(named) || known.has(named)) return [named];
  const selection = selectionOf([named]);
  const found = known.paths.filter((path) => selection.selects(path));
  return found.length === 0 ? [named] : found;
}

/** What the index knows to stand in Dropbox at a path, as the last look left it. */
export function kindAt(index: IndexStore, path: RelPath): Kind | undefined {
  return nodeAt(index, path)?.kind;
}

/** The node that stands in Dropbox at a path, whatever its case, as the last look left it. */
export function nodeAt(
  { remote }: IndexStore,
  path: RelPath,
): { readonly node: NodeId; readonly kind: Kind } | undefined {
  let at: { readonly node: NodeId; readonly kind: Kind } | undefined = {
    node: rootNode,
    kind: "folder",
  };
  for (const name of pathComponents(path)) {
    at = at && remote.childByKey(at.node, pathKeyOf(name));
  }
  return at;
}

function isGlob(path: string): boolean {
  return /[*?]/u.test(path);
}

/** The folder above the first name with a wildcard in it. */
function literalPrefix(path: RelPath): RelPath {
  const names = pathComponents(path);
  return parseRelPath(names.slice(0, names.findIndex(isGlob)).join("/"));
}

type Selects = (path: RelPath) => boolean;

function matchesInIndex(index: IndexStore, prefix: RelPath, selects: Selects): readonly RelPath[] {
  const start = nodeAt(index, prefix);
  if (start === undefined) return [];
  const found: RelPath[] = [];
  const pending = [{ node: start.node, path: prefix }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const { node, kind, name } of index.remote.children(folder.node)) {
      if (kind !== "folder") continue;
      const path = joinPath(folder.path, name);
      if (selects(path)) found.push(path);
      else pending.push({ node, path });
    }
  }
  return found.toSorted(comparePaths);
}

async function matchesOnServer(
  remote: LinkedWorkspace["remote"],
  prefix: RelPath,
  selects: Selects,
): Promise<readonly RelPath[]> {
  const found: RelPath[] = [];
  try {
    for await (const { kind, path } of remote.list(prefix, { recursive: true })) {
      if (kind === "folder" && selects(path)) found.push(path);
    }
  } catch (error) {
    if (isSnapError(error, "not-found")) return [];
    throw error;
  }
  const matched = new Set<RelPath>(found);
  return found.filter((path) => !isBelowAny(matched, path)).toSorted(comparePaths);
}

function isBelowAny(folders: ReadonlySet<RelPath>, path: RelPath): boolean {
  for (let above = parentPath(path); above !== undefined && above !== topPath;) {
    if (folders.has(above)) return true;
    above = parentPath(above);
  }
  return false;
}
