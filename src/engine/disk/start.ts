import type { Where } from "../../core/live/marks.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  baseName,
  comparePaths,
  isInside,
  parentPath,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { rootNode } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { isLeftOut } from "../scope/standing.ts";
import { Folder } from "./folder.ts";
import type { Looker } from "./scan.ts";
import { statIfSound } from "./whereabouts.ts";

/** Rows that are read in one step. */
const pageNodes = 1_000;

/** Where a path leads: to the folder itself, or to the nearest one above it that is known and as its row says. */
type Reached = { readonly folder: Folder; readonly isExact: boolean };

/** Finds known folders by their paths, each level looked at once. */
export class Ways {
  readonly #index: IndexStore;
  readonly #looker: Looker;
  readonly #reached = new Map<RelPath, Reached | undefined>([
    [topPath, { folder: Folder.top(), isExact: true }],
  ]);

  constructor(index: IndexStore, looker: Looker) {
    this.#index = index;
    this.#looker = looker;
  }

  /** Undefined for what is left out by the rules: nothing in it is in any tree. */
  async to(path: RelPath): Promise<Reached | undefined> {
    if (this.#reached.has(path)) return this.#reached.get(path);
    const reached = await this.#step(path);
    this.#reached.set(path, reached);
    return reached;
  }

  async #step(path: RelPath): Promise<Reached | undefined> {
    const above = await this.to(parentPath(path) ?? topPath);
    if (above?.isExact !== true) return above;
    const { folder } = above;
    const row = rowOfFolder(this.#index, folder.node ?? rootNode, baseName(path));
    if (row === undefined) {
      const name = { name: baseName(path), kind: "folder" } as const;
      const isOut = isLeftOut(this.#looker.scope, folder.path, name);
      return isOut ? undefined : { folder, isExact: false };
    }
    const stat = await statIfSound(this.#looker.local, path);
    // What was missing and is back may have been anywhere meanwhile: it is entered like a new one.
    const isSame = stat?.kind === "folder" && stat.fileId === row.fileId;
    if (!isSame || row.absentAt !== undefined) return { folder, isExact: false };
    return { folder: folder.below(stat, row.node), isExact: true };
  }
}

/** The row of the folder of one name in a folder. */
export function rowOfFolder(
  { local }: IndexStore,
  parent: NodeId,
  name: string,
): LocalEntry | undefined {
  return local
    .childrenByKey(parent, pathKeyOf(name))
    .find((row) => row.kind === "folder" && row.name === name);
}

/**
 * The folders where a look starts, those above first. A marked folder that is unknown, gone, or not the one that it was is left to
 * the nearest one above it, which shows what became of it. Where the server has something that the disk has not, the disk is
 * looked at first: its place may be taken.
 */
export async function startOf(
  index: IndexStore,
  looker: Looker,
  where: Where,
): Promise<readonly Folder[]> {
  if (where.kind === "everything") return [Folder.top()];
  const ways = new Ways(index, looker);
  const starts = new Map<RelPath, Folder>();
  const add = async (path: RelPath, how: "alone" | "whole"): Promise<void> => {
    const reached = await ways.to(path);
    if (reached === undefined) return;
    const { folder, isExact } = reached;
    if (how === "whole" && isExact) folder.start = "whole";
    folder.start ??= "alone";
    starts.set(folder.path, folder);
  };
  for (const path of where.whole) await add(path, "whole");
  for (const path of where.folders) await add(path, "alone");
  for (const path of placesWanted(index)) await add(path, "alone");
  return outermost([...starts.values()]);
}

/** Without those that lie in one that is read as a whole. */
function outermost(starts: readonly Folder[]): readonly Folder[] {
  const found: Folder[] = [];
  let whole: Folder | undefined;
  for (const folder of starts.toSorted((a, b) => comparePaths(a.path, b.path))) {
    if (whole !== undefined && isInside(folder.path, whole.path)) continue;
    found.push(folder);
    if (folder.start === "whole") whole = folder;
  }
  return found;
}

/** Folders of the disk to which something is to come down. */
function placesWanted(index: IndexStore): ReadonlySet<RelPath> {
  const { remote, local } = index;
  const parents = new Set<NodeId>();
  for (let page = index.dirty(0, pageNodes); page.length > 0;) {
    for (const node of page) {
      const wanted = remote.get(node);
      if (wanted?.scope !== "in" || parents.has(wanted.parent)) continue;
      if (local.childByKey(wanted.parent, wanted.key) === undefined) parents.add(wanted.parent);
    }
    page = index.dirty(page.at(-1) ?? 0, pageNodes);
  }
  const paths = [...parents].map((node) => pathOf(local, node));
  return new Set(paths.filter((path) => path !== undefined));
}
