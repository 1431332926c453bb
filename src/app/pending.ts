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

/**
 * How many files and folders are not in sync, by what the disk shows now and what the last observation knew of the
 * server: one `lstat` an entry, nothing is read, nothing is written. A touched file counts, even if its content is the same.
 */
export async function countPending(view: PendingView): Promise<number> {
  const pending = new Set<NodeId>(unequalNodes(view.index));
  let fresh = 0;
  const seen = new Set<NodeId>();
  const folders: { path: RelPath; node: NodeId }[] = [{ path: topPath, node: rootNode }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    throwIfAborted(view.signal);
    const rows = new Map(
      Array.from(view.index.local.children(folder.node), (row) => [row.name, row]),
    );
    const listing = await view.local.list(folder.path);
    for (const stat of listing.entries) {
      const path = joinPath(folder.path, stat.name);
      if (!isSyncable(stat) || view.boundary.isOutside(path, stat.kind)) continue;
      const row = rows.get(stat.name);
      if (row === undefined) {
        fresh += 1;
        continue;
      }
      seen.add(row.node);
      if (hasChanged(row, stat)) pending.add(row.node);
      else if (stat.kind === "folder") folders.push({ path, node: row.node });
    }
    // What an unreadable folder holds is unknown, not missing (S29).
    if (listing.trouble !== undefined) for (const row of rows.values()) seen.add(row.node);
    for (const row of rows.values()) if (!seen.has(row.node)) pending.add(row.node);
  }
  return pending.size + fresh;
}

function isSyncable(stat: LocalStat): boolean {
  return stat.kind === "file" || stat.kind === "folder";
}

function hasChanged(row: LocalEntry, stat: LocalStat): boolean {
  if (row.kind !== stat.kind) return true;
  return stat.kind === "file" && row.stamp !== stat.stamp;
}

/** Nodes of which one side is not what both agreed on. */
function* unequalNodes({ synced, local, remote }: IndexStore): Generator<NodeId> {
  for (const row of local.all()) {
    if (!isAgreed(row, localView(synced.get(row.node)))) yield row.node;
  }
  for (const row of remote.all()) {
    if (row.scope === "in" && !isAgreed(row, synced.get(row.node))) yield row.node;
  }
  for (const { node } of synced.all()) {
    if (local.get(node) === undefined || remote.get(node) === undefined) yield node;
  }
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
