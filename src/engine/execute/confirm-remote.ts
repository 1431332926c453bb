import { pathKeyOf } from "../../core/path/path-key.ts";
import { baseName, joinPath, parentPath, type RelPath } from "../../core/path/rel-path.ts";
import type { NodeId } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore, RemoteSide } from "../../ports.ts";
import { isSnapError } from "../../std/error.ts";
import { exclusionsInForce } from "../scope/exclusions-in-force.ts";
import { confirmListingMin } from "../limits.ts";
import { nodeAtKeys, RemoteRows } from "../listing/remote-rows.ts";

/**
 * Asks the server once more before something on the disk is removed or moved because of it (S33): listings of the real
 * service may lag behind. Where many entries of one folder are asked about, the folder is listed once instead.
 */
export class RemoteConfirmation {
  readonly #remote: RemoteSide;
  readonly #expected = new Map<RelPath, number>();
  readonly #listed = new Map<RelPath, Promise<ReadonlyMap<string, RemoteItem>>>();

  constructor(remote: RemoteSide) {
    this.#remote = remote;
  }

  /** Announce a question, so that many in one folder are known to be many. */
  expect(path: RelPath): void {
    const folder = parentPath(path);
    if (folder !== undefined) this.#expected.set(folder, (this.#expected.get(folder) ?? 0) + 1);
  }

  /** What stands at a place of the server now. */
  async at(path: RelPath): Promise<RemoteItem | undefined> {
    const folder = parentPath(path);
    if (folder === undefined || (this.#expected.get(folder) ?? 0) < confirmListingMin) {
      return await this.#remote.get(path);
    }
    const listing = this.#listed.get(folder) ?? this.#list(folder);
    this.#listed.set(folder, listing);
    return (await listing).get(keyOf(path));
  }

  async #list(folder: RelPath): Promise<ReadonlyMap<string, RemoteItem>> {
    const items = new Map<string, RemoteItem>();
    try {
      for await (const item of this.#remote.list(folder, { recursive: false })) {
        items.set(item.keys.at(-1) ?? "", item);
      }
    } catch (error) {
      // The folder went with its entries, or is a file by now.
      if (!isSnapError(error, "not-found", "conflict")) throw error;
    }
    return items;
  }
}

function keyOf(path: RelPath): string {
  return pathKeyOf(baseName(path));
}

/** Who asks, and whom. */
export type Confirming = {
  readonly deps: { readonly index: IndexStore };
  readonly confirm: RemoteConfirmation;
};

/**
 * Whether the server still has a node at the place that the listing gave it. Where it has something else, that is what was
 * seen last (S33).
 */
export async function isStillThere({ deps, confirm }: Confirming, node: NodeId): Promise<boolean> {
  const row = deps.index.remote.get(node);
  const path = pathOf(deps.index.remote, node);
  // What is only on the disk needs nobody's word.
  if (row === undefined || path === undefined) return true;
  const item = await confirm.at(path);
  if (item?.remoteId === row.remoteId) return true;
  if (item !== undefined) seeAgain(deps.index, item);
  return false;
}

/** Whether what was removed from the server has not come back to its place. If it has, that is what was seen last (S33). */
export async function isStillGone({ deps, confirm }: Confirming, node: NodeId): Promise<boolean> {
  const row = deps.index.synced.get(node);
  const path = formerPath(deps.index, node);
  if (row === undefined || path === undefined) return true;
  const item = await confirm.at(path);
  if (item?.remoteId !== row.remoteId) return true;
  if (deps.index.remote.get(node) === undefined) seeAgain(deps.index, item);
  return false;
}

/**
 * Look at a place where the server refused something, since it was not as it was seen (S57). The listing may have told of it before an
 * older page was believed, and never tells again.
 */
export async function lookThere(
  { index, remote }: { readonly index: IndexStore; readonly remote: RemoteSide },
  path: RelPath,
): Promise<void> {
  const item = await remote.get(path);
  if (item !== undefined) {
    // A folder that nobody knows is for its page to tell, together with how it stands to the rules.
    const isKnown = index.nodeOfRemoteId(item.remoteId) !== undefined;
    if (isKnown || item.kind === "file") seeAgain(index, item);
    return;
  }
  const node = nodeAtKeys(index, path.split("/").map(pathKeyOf));
  if (node === undefined || index.remote.get(node)?.kind !== "file") return;
  index.transaction(() => rowsOf(index).remove(node));
}

/** No page of a listing may ever say what the server says now: without this the same op would be planned again. */
function seeAgain(index: IndexStore, item: RemoteItem): void {
  index.transaction(() => rowsOf(index).putItem(item));
}

function rowsOf(index: IndexStore): RemoteRows {
  return new RemoteRows(index, () => exclusionsInForce(index));
}

/** Where a removed node stood on the server: in its folder, wherever that is now. */
export function formerPath(index: IndexStore, node: NodeId): RelPath | undefined {
  const row = index.synced.get(node);
  if (row === undefined) return undefined;
  const folder = pathOf(index.remote, row.parent) ?? pathOf(index.synced, row.parent);
  return folder === undefined ? undefined : joinPath(folder, row.name);
}
