import type { PathKey } from "../core/path/path-key.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../core/tree/node.ts";
import type { RemoteChange, RemoteItem, RemotePage } from "../core/tree/remote-item.ts";
import { descendants, isBelow } from "../core/tree/tree-view.ts";
import type { IndexStore } from "../ports.ts";

/**
 * Applies the pages of one listing to the remote tree, in order (S31). Every method is called inside a transaction.
 *
 * A node is found by the id of the server, first in the remote tree and then in the synced one, so that a move is a move
 * in whichever order its two halves arrive (S21).
 */
export class RemoteRows {
  readonly left: LeftPath[] = [];
  readonly #index: IndexStore;
  /** Ids that a listing of everything has named; undefined while only changes are listed (S34). */
  #named: Set<string> | undefined;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** Whether everything is listed, so that what stays unnamed is gone (S34). */
  get startsAnew(): boolean {
    return this.#named !== undefined;
  }

  apply(page: RemotePage): void {
    if (page.restart) {
      this.#named = new Set();
      this.left.length = 0;
    }
    for (const change of page.changes) this.#applyChange(change);
  }

  /** After the last page of a listing of everything. */
  removeUnnamed(): void {
    const named = this.#named;
    if (named === undefined) return;
    const unnamed = [...this.#index.remote.all()].filter(({ remoteId }) => !named.has(remoteId));
    for (const { node } of unnamed) this.#index.remote.remove(node);
  }

  /** What is at a place now: a file replaces everything there, a folder keeps the children of a folder (S31). */
  putItem(item: RemoteItem): void {
    this.#named?.add(item.remoteId);
    const key = item.keys.at(-1);
    if (key === undefined) return;
    const parent = this.#folderAt(item);
    const known = this.#nodeOf(item, parent);
    if (known !== undefined && this.#isOldView(known, item)) return;
    const there = this.#index.remote.childByKey(parent, key);
    const node = known ?? this.#newNodeFor(item, there);
    if (there !== undefined && there.node !== node) this.#displace(there, { node, item });
    else if (there?.kind === "file" && item.kind === "folder") this.remove(there.node);
    this.#put({ node, parent, key, item });
  }

  /** A node with everything below it. */
  remove(node: NodeId): void {
    const { remote } = this.#index;
    const below = [...descendants(remote, node)];
    for (const entry of below) remote.remove(entry.node);
    remote.remove(node);
  }

  #applyChange(change: RemoteChange): void {
    switch (change.change) {
      case "present":
        return this.putItem(change.item);
      case "removed":
        return this.#removeAt(change.keys);
      case "refused":
        this.left.push({ path: change.path, kind: "refused", reason: change.reason });
    }
  }

  #removeAt(keys: readonly PathKey[]): void {
    let node: NodeId | undefined = rootNode;
    for (const key of keys) {
      node = node === undefined ? undefined : this.#index.remote.childByKey(node, key)?.node;
    }
    if (node !== undefined && node !== rootNode) this.remove(node);
  }

  /** The folder of an item. One that was not listed yet is made, without an id, until it is (`unlisted`). */
  #folderAt(item: RemoteItem): NodeId {
    const names = item.path.split("/");
    let parent = rootNode;
    for (const [depth, key] of item.keys.slice(0, -1).entries()) {
      const there = this.#index.remote.childByKey(parent, key);
      if (there?.kind === "folder") {
        parent = there.node;
        continue;
      }
      if (there !== undefined) this.remove(there.node);
      parent = this.#putUnlisted({ parent, key, name: names[depth] ?? key });
    }
    return parent;
  }

  #putUnlisted(place: { parent: NodeId; key: PathKey; name: string }): NodeId {
    const node = this.#index.newNode();
    const nothing = { hash: "", size: 0, remoteId: "", rev: "", modified: 0 };
    this.#index.remote.put({ node, ...place, ...nothing, kind: "folder", scope: "in" });
    return node;
  }

  /**
   * The node that has the id already. Not the one whose place has been given another id meanwhile, nor one of
   * another kind, nor a folder that would then lie inside itself.
   */
  #nodeOf({ remoteId, kind }: RemoteItem, parent: NodeId): NodeId | undefined {
    const { remote, synced } = this.#index;
    const node = this.#index.nodeOfRemoteId(remoteId);
    if (node === undefined) return undefined;
    const row = remote.get(node);
    if (row !== undefined && row.remoteId !== remoteId) return undefined;
    if ((row ?? synced.get(node))?.kind !== kind) return undefined;
    return kind === "folder" && isBelow(remote, parent, node) ? undefined : node;
  }

  /** A folder whose id changed, as by sharing it, stays the folder that it was (S32). */
  #newNodeFor(item: RemoteItem, there: RemoteEntry | undefined): NodeId {
    const isSame = item.kind === "folder" && there?.kind === "folder";
    return isSame ? there.node : this.#index.newNode();
  }

  /** A revision that both sides have left behind is an old view (S33); a listing of everything has none. */
  #isOldView(node: NodeId, { kind, rev }: RemoteItem): boolean {
    if (kind === "folder" || this.startsAnew) return false;
    const synced = this.#index.synced.get(node);
    if (synced === undefined || synced.rev === rev) return false;
    return this.#index.history(node).some((state) => state.rev === rev);
  }

  #displace(
    there: RemoteEntry,
    { node, item }: { readonly node: NodeId; readonly item: RemoteItem },
  ): void {
    const { remote } = this.#index;
    if (there.kind === "file" || item.kind === "file") return this.remove(there.node);
    for (const child of remote.children(there.node)) remote.put({ ...child, parent: node });
    remote.remove(there.node);
  }

  #put(row: { node: NodeId; parent: NodeId; key: PathKey; item: RemoteItem }): void {
    const { node, parent, key, item } = row;
    const { kind, name, hash, size, remoteId, rev, modified } = item;
    const before = this.#index.remote.get(node);
    const scope = before?.scope ?? "in";
    const now = { node, parent, kind, name, key, hash, size, remoteId, rev, modified, scope };
    if (before === undefined || !isSame(before, now)) this.#index.remote.put(now);
  }
}

function isSame(a: RemoteEntry, b: RemoteEntry): boolean {
  return (
    a.parent === b.parent &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.key === b.key &&
    a.rev === b.rev &&
    a.remoteId === b.remoteId &&
    a.hash === b.hash &&
    a.size === b.size &&
    a.modified === b.modified
  );
}
