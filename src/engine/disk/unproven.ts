import { joinPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";

/** Rows that are asked for in one step. */
const pageRows = 512;

/** Folders whose paths are remembered at a time. */
const foldersMax = 1_000;

/** Files of up to so many bytes are read in groups of so many files and bytes: nothing else has a turn meanwhile. */
const smallBytesMax = 64 * 1024;
const groupFilesMax = 64;
const groupBytesMax = 1024 * 1024;

/** A file whose hash is missing or not to be trusted. */
export type Unproven = { readonly row: LocalEntry; readonly path: RelPath };

/**
 * Files that have to be read, in groups: small ones together, each other one alone. They are taken from the index page by page while
 * the rows of those before are written.
 *
 * @param isUnknown nodes that are left alone with everything below
 */
export function* unprovenGroups(
  index: IndexStore,
  isUnknown: (node: NodeId) => boolean,
): Generator<readonly Unproven[]> {
  let group: Unproven[] = [];
  let bytes = 0;
  for (const file of unproven(index, isUnknown)) {
    const { size } = file.row;
    if (size > smallBytesMax) {
      yield [file];
      continue;
    }
    group.push(file);
    bytes += size;
    if (group.length < groupFilesMax && bytes < groupBytesMax) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}

function* unproven(index: IndexStore, isUnknown: (node: NodeId) => boolean): Generator<Unproven> {
  const folders = new KnownFolders(index, isUnknown);
  for (let page = index.unproven(0, pageRows); page.length > 0;) {
    for (const row of page) {
      const folder = isUnknown(row.node) ? undefined : folders.pathOf(row.parent);
      if (folder !== undefined) yield { row, path: joinPath(folder, row.name) };
    }
    page = index.unproven(page.at(-1)?.node ?? 0, pageRows);
  }
}

/** Paths of folders, each found once for the files that stand side by side. */
class KnownFolders {
  readonly #index: IndexStore;
  readonly #isUnknown: (node: NodeId) => boolean;
  readonly #paths = new Map<NodeId, RelPath | undefined>();

  constructor(index: IndexStore, isUnknown: (node: NodeId) => boolean) {
    this.#index = index;
    this.#isUnknown = isUnknown;
  }

  /** Undefined for a folder that is unknown or lies in one, or whose way to the top is broken. */
  pathOf(folder: NodeId): RelPath | undefined {
    if (this.#paths.has(folder)) return this.#paths.get(folder);
    if (this.#paths.size >= foldersMax) this.#paths.clear();
    const path = this.#find(folder);
    this.#paths.set(folder, path);
    return path;
  }

  #find(folder: NodeId): RelPath | undefined {
    if (folder === rootNode) return this.#isUnknown(rootNode) ? undefined : topPath;
    const row = this.#index.local.get(folder);
    if (row === undefined || isBelowUnknown(this.#index, row, this.#isUnknown)) return undefined;
    return pathOf(this.#index.local, folder);
  }
}

/** Whether a row is unknown itself, or anything above it. */
export function isBelowUnknown(
  { local }: IndexStore,
  row: LocalEntry,
  isUnknown: (node: NodeId) => boolean,
): boolean {
  let at: LocalEntry | undefined = row;
  while (at !== undefined) {
    if (isUnknown(at.node) || isUnknown(at.parent)) return true;
    at = local.get(at.parent);
  }
  return false;
}
