import { assert, present } from "../../std/assert.ts";
import { samePlace } from "../merge/location.ts";
import type { SyncedLike, TargetEntry, Trees } from "../merge/merge-result.ts";
import { rebindIn } from "../merge/rebind.ts";
import { differingNodes, type WholeTrees } from "../merge/sighting.ts";
import { pathKeyOf } from "../path/path-key.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import { CoveredTree, type Cover } from "../tree/overlay-tree.ts";
import { descendants, MemoryTree, type EditableTree } from "../tree/tree-view.ts";
import {
  isWriteOp,
  type AsideOp,
  type IndexOp,
  type MkdirOp,
  type MoveOp,
  type Op,
  type PutOp,
  type RemoveOp,
  type WriteOp,
} from "./op.ts";
import { placeOn } from "./places.ts";

/** The trees as they will be when all the ops have run and are committed (S52). The input is not changed. */
export function simulate({ synced, local, remote }: WholeTrees, ops: readonly Op[]): WholeTrees {
  const trees = {
    synced: new MemoryTree(synced.all()),
    local: new MemoryTree(local.all()),
    remote: new MemoryTree(remote.all()),
  };
  const simulation = new Simulation(trees);
  for (const op of ops) simulation.apply(op);
  return trees;
}

/** Three trees that ops are applied to, without a disk or a server: they are changed in place. */
export class Simulation implements Trees {
  readonly synced: EditableTree<SyncedLike>;
  readonly local: EditableTree;
  readonly remote: EditableTree;

  constructor({ synced, local, remote }: EditableTrees) {
    this.synced = synced;
    this.local = local;
    this.remote = remote;
  }

  apply(op: Op): void {
    if (isWriteOp(op)) this.#write(op);
    else this.#note(op);
  }

  #write(op: WriteOp): void {
    switch (op.kind) {
      case "L.mkdir":
      case "R.mkdir":
      case "L.put":
      case "R.put":
        return this.#make(op);
      case "L.move":
      case "R.move":
        return this.#move(op);
      case "L.trash":
      case "R.delete":
      case "R.deleteDir":
        return this.#remove(op);
      case "L.aside":
        return this.#putAside(op);
    }
  }

  #note(op: IndexOp): void {
    switch (op.kind) {
      case "S.adopt":
        return this.synced.put(op.after);
      case "S.forget":
        return this.synced.remove(op.node);
      case "S.rebind":
        rebindIn(this.local, { from: op.node, to: op.to });
        return rebindIn(this.synced, { from: op.node, to: op.to });
      case "ASK.hash":
        // What the hash will be is not known here; the node stays held.
        return undefined;
    }
  }

  #sideOf({ kind }: Op): EditableTree {
    return kind.startsWith("L.") ? this.local : this.remote;
  }

  #make(op: MkdirOp | PutOp): void {
    const { node, parent, name, after } = op;
    const { kind, hash, size } = after;
    const tree = this.#sideOf(op);
    const known = tree.get(node) ?? { node, parent, name, kind, key: pathKeyOf(name) };
    this.#put(tree, { ...known, hash, size });
    this.#commit(after);
  }

  #move(op: MoveOp): void {
    const tree = this.#sideOf(op);
    const entry = present(tree.get(op.node), "an entry to move");
    // Staging is shown as a name at the top that nothing else has.
    const isAway = op.step === "to-staging";
    const name = isAway ? `.snap-tmp-${op.node}` : op.name;
    const parent = isAway ? rootNode : op.parent;
    this.#put(tree, { ...entry, parent, name, key: pathKeyOf(name) });
    if (!isAway) this.#commit(op.after);
  }

  #remove(op: RemoveOp): void {
    const tree = this.#sideOf(op);
    // What is below is read as it goes: it may be very much.
    for (const { node } of descendants(tree, op.node)) this.#drop(tree, node);
    this.#drop(tree, op.node);
  }

  #drop(tree: EditableTree, node: NodeId): void {
    tree.remove(node);
    if (this.local.get(node) === undefined && this.remote.get(node) === undefined) {
      this.synced.remove(node);
    }
  }

  #putAside({ node, copyNode, keepsPlace, parent, name }: AsideOp): void {
    const entry = present(this.local.get(node), "an entry to put aside");
    this.local.remove(node);
    this.#put(this.local, { ...entry, node: copyNode, parent, name, key: pathKeyOf(name) });
    const synced = this.synced.get(node);
    if (keepsPlace && synced !== undefined) this.synced.put({ ...synced, localName: name });
  }

  #put(tree: EditableTree, entry: Entry): void {
    assert(entry.parent === rootNode || tree.get(entry.parent)?.kind === "folder", "a folder");
    tree.put(entry);
  }

  /** What both sides agree on now goes into the synced row: place and content each by itself. */
  #commit(after: TargetEntry): void {
    const here = this.local.get(after.node);
    const there = this.remote.get(after.node);
    if (here === undefined || there === undefined) return;
    const synced = this.synced.get(after.node);
    const isPlaced = samePlace(here, placeOn("local", after)) && samePlace(there, after);
    const isContent = here.hash === there.hash;
    if (isPlaced && isContent) this.synced.put({ ...after, hash: there.hash, size: there.size });
    else if (synced !== undefined && isPlaced) {
      this.synced.put({ ...after, hash: synced.hash, size: synced.size });
    } else if (synced !== undefined && isContent) {
      this.synced.put({ ...synced, hash: there.hash, size: there.size });
    }
  }
}

/** Whether three trees are one: nothing is left to do. */
export function isQuiet(trees: WholeTrees): boolean {
  return differingNodes(trees).length === 0;
}

/** The three trees where each can be changed. */
export type EditableTrees = {
  readonly synced: EditableTree<SyncedLike>;
  readonly local: EditableTree;
  readonly remote: EditableTree;
};

/** What is put over three trees. */
export type Covers = {
  readonly synced: Cover<SyncedLike>;
  readonly local: Cover;
  readonly remote: Cover;
};

/** Trees that can be changed, on top of trees that stay as they are. */
export function coveredBy(covers: Covers, { synced, local, remote }: Trees): EditableTrees {
  return {
    synced: new CoveredTree<SyncedLike>(synced, (entry) => entry, covers.synced),
    local: new CoveredTree(local, (entry) => entry, covers.local),
    remote: new CoveredTree(remote, (entry) => entry, covers.remote),
  };
}
