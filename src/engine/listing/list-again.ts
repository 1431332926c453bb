import { pathKeyOf } from "../../core/path/path-key.ts";
import { pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { RemoteChange, RemoteItem } from "../../core/tree/remote-item.ts";
import type { NodeId, RemoteEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { foldersToList, setFoldersToList } from "../scope/exclusions-in-force.ts";
import type { Listing } from "./remote-listing.ts";
import { nodeAtKeys } from "./remote-rows.ts";

/** Items that are put into the tree in one transaction. */
const itemsMax = 1_000;

/**
 * List folders that are excluded no more (S93), or that we moved, before the changes since the cursor are read. Cut off, all
 * of it is done again; before a listing of everything it is no use.
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
  await askForUnnamed(deps, listing, { ...listed, named });
}

type Named = Listed & { readonly named: ReadonlySet<string> };

/** A listing may lag behind (S33): what it did not name goes only when the server has it no more. */
async function askForUnnamed(deps: EngineDeps, listing: Listing, listed: Named): Promise<void> {
  const { index, remote } = deps;
  const top = nodeAtKeys(index, pathComponents(listed.path).map(pathKeyOf));
  const open: NodeId[] = top === undefined ? [] : [top];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const row of index.remote.children(folder)) {
      throwIfAborted(listed.work.signal);
      const path = listed.named.has(row.remoteId) ? undefined : pathOf(index.remote, row.node);
      const item = path === undefined ? undefined : await remote.get(path);
      if (path !== undefined) settleUnnamed(deps, listing, { row, item });
      if (index.remote.get(row.node)?.kind === "folder") open.push(row.node);
    }
  }
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
