import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { sameName } from "../core/path/path-key.ts";
import {
  rootNode,
  type Entry,
  type LocalEntry,
  type NodeId,
  type SyncedEntry,
} from "../core/tree/node.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { judgeFolder } from "../engine/scope/standing.ts";
import type { IndexStore, LocalSide } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Boundary } from "./boundary.ts";

/** Where to look for changes. */
export type PendingView = {
  readonly local: LocalSide;
  readonly index: IndexStore;
  readonly boundary: Boundary;
  readonly signal: AbortSignal | undefined;
};

/** Nodes that are asked for in one step. */
const pageNodes = 512;

/**
 * How many files and folders are not in sync, by what the disk shows now and what the last observation knew of the
 * server: one `lstat` an entry, nothing is read, nothing is written. A touched file counts, even if its content is the
 * same. Folder by folder; only what differs is kept.
 */
export async function countPending(view: PendingView): Promise<number> {
  const pending = new Set<NodeId>(unequalNodes(view.index));
  const { changed, fresh } = await changesBelow(view, { path: topPath, node: rootNode });
  for (const node of changed) pending.add(node);
  return pending.size + fresh;
}

/** What the disk shows below a folder against the rows of it. */
export async function changesBelow(
  view: PendingView,
  start: PlacedFolder,
): Promise<{ readonly changed: readonly NodeId[]; readonly fresh: number }> {
  const pending: NodeId[] = [];
  let fresh = 0;
  const folders: PlacedFolder[] = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    throwIfAborted(view.signal);
    const found = await compare(view, folder);
    fresh += found.fresh;
    pending.push(...found.changed);
    for (const below of found.folders) folders.push(below);
  }
  return { changed: pending, fresh };
}

/** A folder that the index knows. */
export type PlacedFolder = { readonly path: RelPath; readonly node: NodeId };

/** What one folder shows against its rows. */
type Compared = {
  /** How many things have no row. */
  readonly fresh: number;
  readonly changed: readonly NodeId[];
  /** Those that are in it, and known. */
  readonly folders: readonly PlacedFolder[];
};

async function compare(view: PendingView, { path: above, node }: PlacedFolder): Promise<Compared> {
  const rows = new Map(Array.from(view.index.local.children(node), (row) => [row.name, row]));
  const listing = await view.local.list(above);
  // What an unreadable folder holds is unknown, not missing (S29).
  if (listing.trouble !== undefined) return { fresh: 0, changed: [], folders: [] };
  let fresh = 0;
  const changed: NodeId[] = [];
  const folders: PlacedFolder[] = [];
  for (const stat of judgeFolder(view.boundary.scope, above, listing.entries).inside) {
    if (!isSyncable(stat)) continue;
    const path = joinPath(above, stat.name);
    const row = rows.get(stat.name);
    rows.delete(stat.name);
    if (row === undefined) fresh += 1;
    else if (hasChanged(row, stat)) changed.push(row.node);
    else if (stat.kind === "folder") folders.push({ path, node: row.node });
  }
  for (const missing of rows.values()) changed.push(missing.node);
  return { fresh, changed, folders };
}

function isSyncable(stat: LocalStat): boolean {
  return stat.kind === "file" || stat.kind === "folder";
}

/** Whether the disk shows something else than the row. */
export function hasChanged(row: LocalEntry, stat: LocalStat): boolean {
  if (row.kind !== stat.kind) return true;
  return stat.kind === "file" && row.stamp !== stat.stamp;
}

/** Nodes of which one side is not what both agreed on: they are among those that are marked (S7). */
export function* unequalNodes(index: IndexStore): Generator<NodeId> {
  for (let page = index.dirty(0, pageNodes); page.length > 0;) {
    for (const node of page) if (isUnequal(index, node)) yield node;
    page = index.dirty(page.at(-1) ?? 0, pageNodes);
  }
}

function isUnequal(index: IndexStore, node: NodeId): boolean {
  const { here, there } = unequalSides(index, node);
  return here || there;
}

/** Which sides are not what both agreed on, by what is known of them. */
export function unequalSides(
  { synced, local, remote }: IndexStore,
  node: NodeId,
): { readonly here: boolean; readonly there: boolean } {
  const [agreed, here, there] = [synced.get(node), local.get(node), remote.get(node)];
  return {
    here: here === undefined ? agreed !== undefined : !isAgreed(here, localView(agreed)),
    there:
      there === undefined ? agreed !== undefined : there.scope === "in" && !isAgreed(there, agreed),
  };
}

/** The agreed state under the name that the disk has for it (S42). */
function localView(agreed: SyncedEntry | undefined): Entry | undefined {
  return agreed && { ...agreed, name: agreed.localName ?? agreed.name };
}

function isAgreed(row: Entry, agreed: Entry | undefined): boolean {
  return agreed !== undefined && isSame(row, agreed);
}

function isSame(a: Entry, b: Entry): boolean {
  return (
    a.kind === b.kind && a.parent === b.parent && a.hash === b.hash && sameName(a.name, b.name)
  );
}
