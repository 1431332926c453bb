import { assert } from "../../std/assert.ts";
import { conflictName, isConflictName, leftoverName } from "../path/names.ts";
import { pathKeyOf } from "../path/path-key.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { OverlayTree } from "../tree/overlay-tree.ts";
import type { Held } from "./held.ts";
import type { Location } from "./location.ts";
import type {
  Conflict,
  MergeInput,
  Notice,
  SyncedLike,
  TargetEntry,
  Trees,
} from "./merge-result.ts";

/** The target as it is being made: the synced tree, but for the slice and what is put or dropped on the way (S5). */
export type TargetTree = OverlayTree<TargetEntry, SyncedLike>;

/** The target while it is being made, with what is decided along the way. */
export class Draft {
  readonly target: TargetTree;
  /** By the node that the copy will be. */
  readonly conflicts: Map<NodeId, Conflict> = new Map();
  readonly notices: Notice[] = [];
  /** Folders that are in the target only because something in them is (S40). */
  readonly recreated: Set<NodeId> = new Set();
  /** Every entry that ever was in the target of a part of the dirty nodes: what it met there may have sent it elsewhere (S45). */
  readonly wanted: TargetEntry[] = [];
  /** Folders that were merged into another one. */
  readonly #joined = new Map<NodeId, NodeId>();
  readonly #placedByLocal = new Set<NodeId>();
  /** By folder, for `copiesIn`. */
  readonly #copies = new Map<NodeId, readonly NodeId[]>();
  readonly #searched = new Set<NodeId>();
  readonly #input: MergeInput;
  /** As they are after revivals and rebinds. */
  readonly trees: Trees;

  constructor(input: MergeInput, trees: Trees, isHeld: Held["isHeld"]) {
    this.#input = input;
    this.trees = trees;
    const lift = (entry: SyncedLike): TargetEntry | undefined =>
      // What is clean has one place, so the folder above tells whether it is held.
      input.frozen.size > 0 && (input.frozen.has(entry.node) || isHeld(entry.parent))
        ? undefined
        : targetOf(entry);
    this.target = new OverlayTree(trees.synced, lift, input.slice);
  }

  note(kind: Notice["kind"], node: NodeId): void {
    this.notices.push({ kind, node });
  }

  /** Put a node at a place, with the content of one of its entries. */
  place(node: NodeId, location: Location, content: Entry): void {
    const { kind, size, hash } = content;
    assert(hash !== undefined, "a node without a known hash is held");
    const { name, key, localName } = location;
    const parent = this.folderOf(location.parent);
    this.put({ node, parent, kind, name, key, hash, size, localName });
    if (location.by === "local") this.#placedByLocal.add(node);
    else this.#placedByLocal.delete(node);
  }

  /** Put an entry into the target, as it is. */
  put(entry: TargetEntry): void {
    this.target.put(entry);
    if (this.#input.partial === true) this.wanted.push(entry);
  }

  /** Whether a node stands where the local side wants it and the server does not have it. */
  isPlacedByLocal(node: NodeId): boolean {
    return this.#placedByLocal.has(node);
  }

  /** Take a node out of the target: another one stands for it. */
  drop(node: NodeId): void {
    this.target.remove(node);
  }

  /** Merge one folder into another: what it holds goes there, whatever side it came from. */
  join(folder: NodeId, into: NodeId): void {
    for (const child of this.target.children(folder)) {
      this.put({ ...child, parent: into });
    }
    this.#joined.set(folder, into);
    this.#copies.clear();
    this.drop(folder);
  }

  /** The folder that stands for this one in the target. */
  folderOf(folder: NodeId): NodeId {
    let current = folder;
    for (
      let next = this.#joined.get(current);
      next !== undefined;
      next = this.#joined.get(current)
    ) {
      current = next;
    }
    return current;
  }

  /** A new name for a node that stays in its folder. */
  rename(entry: TargetEntry, name: string, localName: string | undefined): void {
    this.put({ ...entry, name, key: pathKeyOf(name), localName });
    this.#placedByLocal.add(entry.node);
  }

  /** A name for what steps aside that is free in a folder on both sides and in the target (S70, S87). */
  freeConflictName(entry: Entry, folders: readonly NodeId[]): string {
    const { device, date, isLeftover } = this.#input;
    const taken = (name: string): boolean => this.isTaken(name, folders);
    if (isLeftover?.(entry.node) === true) return leftoverName(entry.name, { date, taken });
    return conflictName(entry.name, entry.kind, { device, date, taken });
  }

  /** The conflicted copies that were in a folder when it was first asked about, as they are now. */
  copiesIn(folder: NodeId): readonly TargetEntry[] {
    this.#searched.add(folder);
    const copies =
      this.#copies.get(folder) ??
      [...this.target.children(folder)]
        .filter(({ name }) => isConflictName(name))
        .map(({ node }) => node);
    this.#copies.set(folder, copies);
    return copies
      .map((node) => this.target.get(node))
      .filter((entry) => entry !== undefined)
      .filter((entry) => entry.parent === folder);
  }

  isTaken(name: string, folders: readonly NodeId[]): boolean {
    const key = pathKeyOf(name);
    const { local, remote } = this.trees;
    return folders.some((folder) =>
      [this.target, local, remote].some((tree) => tree.childByKey(folder, key) !== undefined),
    );
  }

  newNode(): NodeId {
    return this.#input.newNode();
  }

  /** Folders that are in the target no more, since another one stands for them. */
  get joined(): Iterable<NodeId> {
    return this.#joined.keys();
  }

  /** Folders in which copies were looked for. */
  get searched(): Iterable<NodeId> {
    return this.#searched;
  }
}

/** What a node shall be that is as it was agreed on. */
function targetOf({
  node,
  parent,
  kind,
  name,
  key,
  hash,
  size,
  localName,
}: SyncedLike): TargetEntry {
  return { node, parent, kind, name, key, hash: hash ?? "", size, localName };
}
