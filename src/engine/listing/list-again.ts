import { pathKeyOf } from "../../core/path/path-key.ts";
import { pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { RemoteChange, RemoteItem } from "../../core/tree/remote-item.ts";
import type { NodeId, RemoteEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import {
  foldersToList,
  movedFolders,
  setFoldersToList,
  setMovedFolders,
} from "../scope/exclusions-in-force.ts";
import type { Listing } from "./remote-listing.ts";
import { nodeAtKeys } from "./remote-rows.ts";

/** Items that are put into the tree in one transaction. */
const itemsMax = 1_000;

/** Items of one moved folder that are asked for by themselves; where more were not named, it is listed. */
const asksMax = 16;

/**
 * List folders that are excluded no more (S93), before the changes since the cursor are read. Cut off, all of it is done again;
 * before a listing of everything it is no use.
 */
export async function listAgain(deps: EngineDeps, listing: Listing, work: Work): Promise<void> {
  const { index } = deps;
  const paths = foldersToList(index);
  if (paths.length === 0) return;
  if (index.meta("cursor") !== undefined) {
    for (const path of paths) await listFolder(deps, listing, { path, work });
  }
  index.transaction(() => setFoldersToList(index, []));
}

/**
 * After the changes since the cursor were read: a folder that we moved was named with all that is in it, at its new place. What was not
 * named may have gone before the move, and is asked for. Cut off, the next look has not read these changes any more, and lists the folder.
 */
export async function settleMoved(deps: EngineDeps, listing: Listing, work: Work): Promise<void> {
  const { index } = deps;
  const paths = movedFolders(index);
  if (paths.length === 0) return;
  for (const path of listing.isWhole ? [] : paths) {
    if (!(await askForMissed(deps, listing, { path, work }))) {
      await listFolder(deps, listing, { path, work });
    }
  }
  index.transaction(() => setMovedFolders(index, []));
}

/** False where the changes said nothing of the folder, or left out much of what is in it. */
async function askForMissed(deps: EngineDeps, listing: Listing, listed: Listed): Promise<boolean> {
  const top = nodeAt(deps, listed.path);
  const isNamed = (id: string): boolean => listing.hasNamed(id);
  if (top === undefined || !isNamed(deps.index.remote.get(top)?.remoteId ?? "")) return false;
  return await askForUnnamed(deps, listing, { ...listed, isNamed, asksMax });
}

function nodeAt({ index }: EngineDeps, path: RelPath): NodeId | undefined {
  return nodeAtKeys(index, pathComponents(path).map(pathKeyOf));
}

type Listed = { readonly path: RelPath; readonly work: Work };

async function listFolder(deps: EngineDeps, listing: Listing, listed: Listed): Promise<void> {
  const { path, work } = listed;
  const named = new Set<string>();
  let changes: RemoteChange[] = [];
  const put = (): void => {
    listing.apply({ changes, restart: false }, () => {});
    changes = [];
  };
  try {
    for await (const item of deps.remote.list(path, { recursive: true })) {
      throwIfAborted(work.signal);
      named.add(item.remoteId);
      changes.push(presentAt(item));
      if (changes.length >= itemsMax) put();
    }
  } catch (error) {
    if (!isSnapError(error, "not-found", "conflict")) throw error;
    // It went while it was excluded, or since it was moved, or is a file now: the changes say so, too.
    return put();
  }
  put();
  const isNamed = (id: string): boolean => named.has(id);
  await askForUnnamed(deps, listing, { ...listed, isNamed, asksMax: Number.POSITIVE_INFINITY });
}

type Named = Listed & {
  readonly isNamed: (remoteId: string) => boolean;
  readonly asksMax: number;
};

/**
 * A listing may lag behind (S33): what it did not name goes only when the server has it no more. From above, so that what lies in
 * something that is gone is not asked for. False where more would be to ask.
 */
async function askForUnnamed(deps: EngineDeps, listing: Listing, listed: Named): Promise<boolean> {
  const { index, remote } = deps;
  let asks = 0;
  const top = nodeAt(deps, listed.path);
  const open: NodeId[] = top === undefined ? [] : [top];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const row of index.remote.children(folder)) {
      throwIfAborted(listed.work.signal);
      const path = listed.isNamed(row.remoteId) ? undefined : pathOf(index.remote, row.node);
      if (path !== undefined) asks += 1;
      if (asks > listed.asksMax) return false;
      const item = path === undefined ? undefined : await remote.get(path);
      if (path !== undefined) settleUnnamed(deps, listing, { row, item });
      if (index.remote.get(row.node)?.kind === "folder") open.push(row.node);
    }
  }
  return true;
}

/** What stands at its place is what was seen last, whatever it is. */
function settleUnnamed(
  { index }: EngineDeps,
  listing: Listing,
  { row, item }: { readonly row: RemoteEntry; readonly item: RemoteItem | undefined },
): void {
  const nothing = { changes: [], restart: false } as const;
  if (item !== undefined) listing.apply({ ...nothing, answers: [item] }, () => {});
  if (item?.remoteId === row.remoteId) return;
  const isStill = index.remote.get(row.node)?.remoteId === row.remoteId;
  if (isStill) listing.apply({ ...nothing, gone: [row.node] }, () => {});
}

function presentAt(item: RemoteItem): RemoteChange {
  return { change: "present", item };
}
