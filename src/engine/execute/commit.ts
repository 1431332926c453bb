import type { TargetEntry } from "../../core/merge/merge-result.ts";
import { pathKeyOf, sameName } from "../../core/path/path-key.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type {
  ContentHash,
  LocalEntry,
  NodeId,
  RemoteEntry,
  SyncedEntry,
} from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { descendants, type TreeView } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";

/*
 * What the trees remember of an op that ran. Every function here is called inside a transaction, and may be called
 * again with the same facts.
 */

/** Where a node is on the disk, and what it is. */
export type LocalFacts = {
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly stat: Pick<LocalStat, "name" | "kind" | "size" | "fileId" | "stamp">;
  readonly hash: ContentHash;
};

/**
 * The local row of something that we just put or moved there. Files are hashed once more by the next scan: an edit in the
 * same tick of the disk's clock would leave the same stamp (S24).
 */
export function localRow({ node, parent, stat, hash }: LocalFacts): LocalEntry {
  const { name, kind, size, fileId, stamp } = stat;
  return {
    node,
    parent,
    name,
    hash,
    size,
    fileId,
    stamp,
    kind: kind === "folder" ? "folder" : "file",
    key: pathKeyOf(name),
    trusted: kind === "folder",
    absentAt: undefined,
  };
}

/** The remote row of what the server answered (S54). */
export function remoteRow(node: NodeId, parent: NodeId, item: RemoteItem): RemoteEntry {
  const { kind, name, hash, size, remoteId, rev, modified } = item;
  const key = item.keys.at(-1) ?? pathKeyOf(name);
  return { node, parent, kind, name, key, hash, size, remoteId, rev, modified, scope: "in" };
}

/** A node stands on the disk as `row` says. */
export function commitLocal(index: IndexStore, row: LocalEntry, after: TargetEntry): void {
  index.local.put(row);
  finish(index, row.node, after);
}

/** A node stands on the server as `row` says. What it was there until now is left behind, agreed on or not (S33). */
export function commitRemote(index: IndexStore, row: RemoteEntry, after: TargetEntry): void {
  const before = index.remote.get(row.node);
  if (before !== undefined && before.rev !== row.rev) addHistory(index, before);
  index.remote.put(row);
  finish(index, row.node, after);
}

/** A node is gone from one side, with everything below it. Returns how many nodes that were. */
export function commitRemoval(index: IndexStore, side: "local" | "remote", node: NodeId): number {
  const nodes = subtree(index[side], node);
  for (const gone of nodes) {
    index[side].remove(gone);
    finish(index, gone, undefined);
  }
  return nodes.length;
}

function finish(index: IndexStore, node: NodeId, after: TargetEntry | undefined): void {
  index.removeParked(node);
  agree(index, node, after);
}

/** Children before their parents; read to the end before anything is written. */
function subtree(tree: TreeView, node: NodeId): readonly NodeId[] {
  return [...descendants(tree, node)]
    .map((entry) => entry.node)
    .toReversed()
    .concat(node);
}

/**
 * Bring the synced row up to what both sides agree on now: place and content each for itself, so that an edit here and a
 * move there, of which only one is done, are not mixed up (S38, S39).
 *
 * @returns whether both sides agree wholly.
 */
export function agree(index: IndexStore, node: NodeId, after: TargetEntry | undefined): boolean {
  const [local, remote] = [index.local.get(node), index.remote.get(node)];
  // What is there and out of scope is nowhere, as for the merge: what comes to its old place is something else (S19, S91).
  if (local === undefined && (remote === undefined || remote.scope !== "in")) {
    forget(index, node);
    return true;
  }
  if (local === undefined || remote === undefined || after === undefined) return false;
  return local.kind === remote.kind && agreeOn(index, { local, remote, after });
}

/** What both sides hold of a node, and what they shall. */
type Sides = {
  readonly local: LocalEntry;
  readonly remote: RemoteEntry;
  readonly after: TargetEntry;
};

function agreeOn(index: IndexStore, sides: Sides): boolean {
  const { local, remote, after } = sides;
  const synced = index.synced.get(remote.node);
  const place = samePlace(sides);
  const content = local.hash !== undefined && local.hash === remote.hash;
  if (synced === undefined && !(place && content)) return false;
  index.synced.put({
    ...(synced ?? wholeRow(sides)),
    remoteId: remote.remoteId,
    fileId: local.fileId,
    ...(place && placeOf(remote, after)),
    ...(content && contentOf(local, remote)),
  });
  if (content && remote.rev !== synced?.rev) addHistory(index, remote);
  return place && content;
}

/** Folders have no revisions. */
function addHistory(index: IndexStore, { node, kind, rev, hash }: RemoteEntry): void {
  if (kind === "file" && hash !== undefined) index.addHistory(node, rev, hash);
}

/** Drop what is remembered of a node that is on no side any more. */
export function forget(index: IndexStore, node: NodeId): void {
  index.synced.remove(node);
  index.removeUpload(node);
  index.removeParked(node);
}

/** A change of Unicode form alone is no rename (S16); a name that differs on purpose is in the target (S42). */
function samePlace({ local, remote, after }: Sides): boolean {
  return (
    local.parent === after.parent &&
    remote.parent === after.parent &&
    sameName(remote.name, after.name) &&
    sameName(local.name, after.localName ?? after.name)
  );
}

function wholeRow({ local, remote, after }: Sides): SyncedEntry {
  return {
    node: remote.node,
    kind: remote.kind,
    remoteId: remote.remoteId,
    fileId: local.fileId,
    ...placeOf(remote, after),
    ...contentOf(local, remote),
  };
}

type PlaceColumns = Pick<SyncedEntry, "parent" | "name" | "key" | "localName">;
type ContentColumns = Pick<SyncedEntry, "hash" | "size" | "rev" | "stamp" | "trusted">;

function placeOf({ parent, name, key }: RemoteEntry, { localName }: TargetEntry): PlaceColumns {
  return { parent, name, key, localName };
}

function contentOf({ stamp, trusted }: LocalEntry, remote: RemoteEntry): ContentColumns {
  return { hash: remote.hash, size: remote.size, rev: remote.rev, stamp, trusted };
}
