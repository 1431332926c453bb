import { keyFromServer } from "../core/path/path-key.ts";
import { isRelPath, joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type {
  PlaceKey,
  RemotePicture,
  RemoteSeen,
  SyncedSeen,
} from "../core/snapshot/restore-picture.ts";
import {
  rootNode,
  type ContentHash,
  type Entry,
  type NodeId,
  type RemoteEntry,
} from "../core/tree/node.ts";
import type { TreeView } from "../core/tree/tree-view.ts";
import type { IndexStore } from "../ports.ts";
import type { Outside } from "./restore-deps.ts";

/** A folder of a tree on the way down. */
type Visit = { readonly node: NodeId; readonly path: RelPath; readonly key: PlaceKey };

const top: Visit = { node: rootNode, path: topPath, key: "" };

/** Whether the row of a file need not be kept: nothing is planned at its place. */
export type Passes<E> = (row: E, place: Place) => boolean;

/** Where a row stands. */
export type Place = Pick<Visit, "path" | "key">;

/** The linked folder as the index knows it; what is out of scope or passed over only shows in the folder that holds it (S91). */
export function remotePicture(
  index: IndexStore,
  outside: Outside,
  passes: Passes<RemoteEntry> = () => false,
): RemotePicture {
  const items = new Map<PlaceKey, RemoteSeen>();
  const holding = new Set<PlaceKey>();
  const pending: Visit[] = [top];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const row of index.remote.children(folder.node)) {
      const visit = visitOf(folder, row);
      if (visit !== undefined && row.kind === "file" && passes(row, visit)) {
        holding.add(folder.key);
        continue;
      }
      // The rules are asked first: the caller may note what they leave out.
      if (visit === undefined || outside(visit.path, row.kind) || isForeign(row, index)) {
        holding.add(folder.key);
        continue;
      }
      items.set(visit.key, seenOf(visit.path, row));
      if (row.kind === "folder") pending.push(visit);
    }
  }
  return { items, holding };
}

/** What is known to be in a folder of the server, by its place from there. */
export function* remoteBelow(
  index: IndexStore,
  remoteId: string,
): Generator<Place & { readonly hash: ContentHash }> {
  const node = index.nodeOfRemoteId(remoteId);
  const pending: Visit[] = node === undefined ? [] : [{ ...top, node }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const row of index.remote.children(folder.node)) {
      const visit = visitOf(folder, row);
      if (visit === undefined) continue;
      yield { ...visit, hash: row.hash ?? "" };
      if (row.kind === "folder") pending.push(visit);
    }
  }
}

/** Out of scope, or under another name on the disk: then it is the business of the sync alone (S42). */
export function isForeign(row: RemoteEntry, index: IndexStore): boolean {
  return row.scope !== "in" || index.synced.get(row.node)?.localName !== undefined;
}

function visitOf(
  { path, key }: Visit,
  row: { readonly node: NodeId; readonly name: string; readonly key: string },
): Visit | undefined {
  if (!isRelPath(row.name) || row.name === "" || row.name.includes("/")) return undefined;
  return { node: row.node, path: joinPath(path, row.name), key: below(key, row.key) };
}

function below(folder: PlaceKey, key: string): PlaceKey {
  return folder === "" ? key : `${folder}/${key}`;
}

function seenOf(path: RelPath, row: RemoteEntry): RemoteSeen {
  const { kind, size, rev, remoteId, modified } = row;
  return { path, kind, hash: row.hash ?? "", size, rev, remoteId, modified };
}

/** What a tree of the index holds, by place. */
export function treePicture<E extends Entry>(
  tree: TreeView<E>,
  passes: Passes<E> = () => false,
): ReadonlyMap<PlaceKey, SyncedSeen> {
  const seen = new Map<PlaceKey, SyncedSeen>();
  const pending: Visit[] = [top];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const row of tree.children(folder.node)) {
      const visit = visitOf(folder, row);
      if (visit === undefined || (row.kind === "file" && passes(row, visit))) continue;
      seen.set(visit.key, { kind: row.kind, hash: row.hash ?? "" });
      if (row.kind === "folder") pending.push(visit);
    }
  }
  return seen;
}

/** The row of one place; undefined where there is none. */
export function rowAt<E extends Entry>(tree: TreeView<E>, key: PlaceKey): E | undefined {
  return roadTo(tree, key)?.at(-1);
}

/** The row of one place of the linked folder, unless it or a folder above it is foreign. */
export function remoteRowAt(index: IndexStore, key: PlaceKey): RemoteEntry | undefined {
  const road = roadTo(index.remote, key);
  return road?.some((row) => isForeign(row, index)) === false ? road.at(-1) : undefined;
}

function roadTo<E extends Entry>(tree: TreeView<E>, key: PlaceKey): readonly E[] | undefined {
  const road: E[] = [];
  for (const name of key.split("/")) {
    const row = tree.childrenByKey(road.at(-1)?.node ?? rootNode, keyFromServer(name)).at(-1);
    if (row === undefined) return undefined;
    road.push(row);
  }
  return road;
}
