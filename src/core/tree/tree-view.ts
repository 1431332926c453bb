import type { PathKey } from "../path/path-key.ts";
import { pathDepthMax, pathOfNames, type RelPath } from "../path/rel-path.ts";
import { rootNode, type Entry, type NodeId } from "./node.ts";

/**
 * How the merge and the plan read a tree; implemented by the index and by a plain map (S6). There is no way to visit
 * everything: the cost of a merge follows the number of changes (S5).
 */
export interface TreeView<E extends Entry = Entry> {
  get(node: NodeId): E | undefined;
  /** In node order. */
  children(parent: NodeId): Iterable<E>;
  /** The first of `childrenByKey`. */
  childByKey(parent: NodeId, key: PathKey): E | undefined;
  /** Siblings of one key, in node order: one but for twins on a disk and rings of renames under way. */
  childrenByKey(parent: NodeId, key: PathKey): readonly E[];
}

/** A tree that can also be visited as a whole: for the checker, for listings, and in tests. */
export interface WholeTree<E extends Entry = Entry> extends TreeView<E> {
  /** Every entry, in node order. */
  all(): Iterable<E>;
}

/** A tree that can be changed. */
export interface EditableTree<E extends Entry = Entry> extends TreeView<E> {
  /** Put or replace the entry of a node. */
  put(entry: E): void;
  /** Remove one entry; its children stay until they are removed themselves. */
  remove(node: NodeId): void;
}

/** The path of a node in one tree; undefined where the node or one of its parents is not in it. */
export function pathOf(tree: TreeView, node: NodeId): RelPath | undefined {
  const names: string[] = [];
  let current = node;
  for (let depth = 0; current !== rootNode; depth += 1) {
    const entry = tree.get(current);
    if (entry === undefined || depth > pathDepthMax) return undefined;
    names.push(entry.name);
    current = entry.parent;
  }
  return pathOfNames(names);
}

/** Whether `node` is `ancestor` or lies below it in this tree. */
export function isBelow(tree: TreeView, node: NodeId, ancestor: NodeId): boolean {
  let current = node;
  for (let depth = 0; depth <= pathDepthMax; depth += 1) {
    if (current === ancestor) return true;
    if (current === rootNode) return false;
    const entry = tree.get(current);
    if (entry === undefined) return false;
    current = entry.parent;
  }
  return false;
}

/** Everything below a node, parents before children; the node itself is left out. */
export function* descendants<E extends Entry>(tree: TreeView<E>, node: NodeId): Generator<E> {
  for (const child of tree.children(node)) {
    yield child;
    if (child.kind === "folder") yield* descendants(tree, child.node);
  }
}

/** A tree in memory, indexed by place; the lookups are those of `TreeView`. */
export class MemoryTree<E extends Entry = Entry> implements EditableTree<E>, WholeTree<E> {
  readonly #entries = new Map<NodeId, E>();
  /** Entries by folder and key; each list in node order. */
  readonly #places = new Map<NodeId, Map<PathKey, readonly E[]>>();
  /** All entries in node order, until something changes. */
  #all: readonly E[] | undefined;

  constructor(entries: Iterable<E> = []) {
    for (const entry of entries) this.put(entry);
  }

  get(node: NodeId): E | undefined {
    return this.#entries.get(node);
  }

  children(parent: NodeId): readonly E[] {
    const keys = this.#places.get(parent);
    return keys === undefined ? [] : [...keys.values()].flat().toSorted(byNode);
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.#places.get(parent)?.get(key)?.[0];
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    return this.#places.get(parent)?.get(key) ?? [];
  }

  all(): readonly E[] {
    this.#all ??= [...this.#entries.values()].toSorted(byNode);
    return this.#all;
  }

  get size(): number {
    return this.#entries.size;
  }

  put(entry: E): void {
    this.remove(entry.node);
    this.#all = undefined;
    this.#entries.set(entry.node, entry);
    const { parent, key } = entry;
    let keys = this.#places.get(parent);
    if (keys === undefined) this.#places.set(parent, (keys = new Map<PathKey, readonly E[]>()));
    const twins = keys.get(key);
    keys.set(key, twins === undefined ? [entry] : [...twins, entry].toSorted(byNode));
  }

  remove(node: NodeId): void {
    const entry = this.#entries.get(node);
    if (entry === undefined) return;
    this.#all = undefined;
    this.#entries.delete(node);
    const { parent, key } = entry;
    const keys = this.#places.get(parent);
    const rest = keys?.get(key)?.filter((twin) => twin.node !== node) ?? [];
    if (rest.length > 0) keys?.set(key, rest);
    else keys?.delete(key);
    if (keys?.size === 0) this.#places.delete(parent);
  }
}

/** Orders entries, as every iteration does (S4). */
export function byNode(a: Entry, b: Entry): number {
  return a.node - b.node;
}
