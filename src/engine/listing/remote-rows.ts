import type { Exclusions } from "../../core/exclusions.ts";
import type { PathKey } from "../../core/path/path-key.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { RemoteChange, RemoteItem, RemotePage } from "../../core/tree/remote-item.ts";
import { descendants, isBelow } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { Touched } from "./judge-remote.ts";
import { isOldView } from "./old-views.ts";

/**
 * Applies the pages of one listing to the remote tree, in order (S31). Every method is called inside a transaction.
 *
 * A node is found by the id of the server, first in the remote tree and then in the synced one, so that a move is a move
 * in whichever order its two halves arrive (S21).
 */
export class RemoteRows {
  readonly #index: IndexStore;
  readonly #exclusions: () => Exclusions;
  #startsAnew = false;
  #touched = new Touched();

  /** @param exclusions what is excluded now: a page may have added to it (S94) */
  constructor(index: IndexStore, exclusions: () => Exclusions) {
    this.#index = index;
    this.#exclusions = exclusions;
  }

  /** Whether everything is listed, so that what stays unnamed is gone (S34). */
  get startsAnew(): boolean {
    return this.#startsAnew;
  }

  apply(page: Pick<RemotePage, "changes" | "restart">): void {
    if (page.restart) {
      this.#startsAnew = true;
      this.#index.remoteMemory.beginListing();
    }
    for (const change of page.changes) this.#applyChange(change);
  }

  /** What was touched since the last call, for the judge. */
  takeTouched(): Touched {
    const touched = this.#touched;
    this.#touched = new Touched();
    return touched;
  }

  /** What surely is at a place now: a file replaces everything there, a folder keeps the children of a folder (S31). */
  putItem(item: RemoteItem): void {
    if (this.#exclusions().hides(item.keys)) return this.#hide(item);
    const key = item.keys.at(-1);
    if (key === undefined) return;
    if (this.#startsAnew) this.#index.remoteMemory.noteListed(item.remoteId);
    this.#unrefuse(item);
    const parent = this.#folderAt(item);
    const known = this.#nodeOf(item, parent);
    if (known === undefined) this.#releaseId(item.remoteId);
    const there = this.#index.remote.childByKey(parent, key);
    const node = known ?? this.#newNodeFor(item, there);
    if (there !== undefined && there.node !== node) this.#displace(there, { node, item });
    else if (there?.kind === "file" && item.kind === "folder") this.remove(there.node);
    this.#put({ node, parent, key, item });
  }

  /** A node with everything below it. */
  remove(node: NodeId): void {
    const { remote } = this.#index;
    const row = remote.get(node);
    if (row !== undefined) this.#touched.inFolder(row.parent, row.name);
    for (const entry of descendants(remote, node)) remote.remove(entry.node);
    remote.remove(node);
  }

  #applyChange(change: RemoteChange): void {
    switch (change.change) {
      case "present":
        return this.#putListed(change.item);
      case "removed":
        return this.#removeAt(change.keys);
      case "refused": {
        const { path, reason, place = path } = change;
        if (this.#exclusions().hides(place.split("/"))) return;
        this.#index.remoteMemory.putRefusal({ place, path, reason });
      }
    }
  }

  /** An old view is left out (S33); a listing of everything has none. */
  #putListed(item: RemoteItem): void {
    if (this.#startsAnew || !isOldView(this.#index, item)) this.putItem(item);
  }

  /** What moved below an excluded folder has left the tree (S93). */
  #hide({ remoteId }: RemoteItem): void {
    const node = this.#index.nodeOfRemoteId(remoteId);
    if (node !== undefined && this.#index.remote.get(node)?.remoteId === remoteId)
      this.remove(node);
  }

  /** Something that a tree may hold stands where something was refused. */
  #unrefuse({ keys, kind }: RemoteItem): void {
    this.#index.remoteMemory.removeRefusals(keys.join("/"), { below: kind === "file" });
  }

  #removeAt(keys: readonly PathKey[]): void {
    this.#index.remoteMemory.removeRefusals(keys.join("/"), { below: true });
    const node = nodeAtKeys(this.#index, keys);
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
    this.#touched.entries.add(node);
    this.#touched.inFolder(place.parent, place.name);
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

  /** An id is at one place (S21): what had it and cannot be what is named now is asked for, as if it was never listed. */
  #releaseId(remoteId: string): void {
    const { remote } = this.#index;
    const node = this.#index.nodeOfRemoteId(remoteId);
    const row = node === undefined ? undefined : remote.get(node);
    if (row?.remoteId !== remoteId) return;
    if (row.kind === "file") this.remove(row.node);
    else remote.put({ ...row, remoteId: "" });
  }

  /** A folder whose id changed, as by sharing it, stays the folder that it was (S32). */
  #newNodeFor(item: RemoteItem, there: RemoteEntry | undefined): NodeId {
    const isSame = item.kind === "folder" && there?.kind === "folder";
    return isSame ? there.node : this.#index.newNode();
  }

  #displace(
    there: RemoteEntry,
    { node, item }: { readonly node: NodeId; readonly item: RemoteItem },
  ): void {
    const { remote } = this.#index;
    if (there.kind === "file" || item.kind === "file") return this.remove(there.node);
    for (const child of remote.children(there.node)) {
      remote.put({ ...child, parent: node });
      this.#touched.inFolder(node, child.name);
    }
    remote.remove(there.node);
    this.#touched.moved.add(node);
  }

  #put(row: { node: NodeId; parent: NodeId; key: PathKey; item: RemoteItem }): void {
    const { node, parent, key, item } = row;
    const { kind, name, hash, size, remoteId, rev, modified } = item;
    const before = this.#index.remote.get(node);
    const scope = before?.scope ?? "in";
    const now = { node, parent, kind, name, key, hash, size, remoteId, rev, modified, scope };
    this.#touched.entries.add(node);
    if (before !== undefined && isSame(before, now)) return;
    if (before === undefined || !isSamePlace(before, now)) this.#noteMove(before, now);
    this.#index.remote.put(now);
  }

  #noteMove(before: RemoteEntry | undefined, now: RemoteEntry): void {
    this.#touched.inFolder(now.parent, now.name);
    if (before === undefined) return;
    this.#touched.inFolder(before.parent, before.name);
    if (now.kind === "folder") this.#touched.moved.add(now.node);
  }
}

/** What stands at a place of the server; `rootNode` for the top itself. */
export function nodeAtKeys(index: IndexStore, keys: readonly PathKey[]): NodeId | undefined {
  let node: NodeId | undefined = rootNode;
  for (const key of keys) {
    node = node === undefined ? undefined : index.remote.childByKey(node, key)?.node;
  }
  return node;
}

function isSamePlace(a: RemoteEntry, b: RemoteEntry): boolean {
  return a.parent === b.parent && a.kind === b.kind && a.name === b.name && a.key === b.key;
}

function isSame(a: RemoteEntry, b: RemoteEntry): boolean {
  return (
    isSamePlace(a, b) &&
    a.rev === b.rev &&
    a.remoteId === b.remoteId &&
    a.hash === b.hash &&
    a.size === b.size &&
    a.modified === b.modified
  );
}
