import type { PathKey } from "../path/path-key.ts";
import type { Entry, NodeId } from "./node.ts";
import { byNode, MemoryTree, type EditableTree, type TreeView } from "./tree-view.ts";

/** What lies over a tree that is not changed itself: entries of its own, and nodes of which that tree is not asked any more. */
export interface Cover<E extends Entry = Entry> extends EditableTree<E> {
  /** Whether the entry that the tree below has of a node does not count: replaced, removed, or yet to be placed. */
  hides(node: NodeId): boolean;
}

/**
 * A tree on top of another one, which is not changed: entries are put over it, and entries of it are hidden. What it
 * costs lies in its cover, and follows the number of changes, however large the tree below is (S5, S107).
 */
export class CoveredTree<E extends Entry, B extends Entry = E> implements EditableTree<E> {
  readonly #base: TreeView<B>;
  readonly #lift: (entry: B) => E | undefined;
  readonly #cover: Cover<E>;

  /** @param lift the entry that one of the base stands for; undefined leaves it out. */
  constructor(base: TreeView<B>, lift: (entry: B) => E | undefined, cover: Cover<E>) {
    this.#base = base;
    this.#lift = lift;
    this.#cover = cover;
  }

  get(node: NodeId): E | undefined {
    const placed = this.#cover.get(node);
    if (placed !== undefined || this.#cover.hides(node)) return placed;
    const entry = this.#base.get(node);
    return entry && this.#lift(entry);
  }

  /** May be read while what was read before is moved elsewhere. */
  children(parent: NodeId): Generator<E> {
    const below = this.#visibleOf(this.#base.children(parent));
    return inNodeOrder(this.#cover.children(parent), below);
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.childrenByKey(parent, key)[0];
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    const placed = this.#cover.childrenByKey(parent, key);
    const below = this.#base.childrenByKey(parent, key);
    if (below.length === 0) return placed;
    const visible = [...this.#visibleOf(below)];
    return placed.length === 0 ? visible : [...visible, ...placed].toSorted(byNode);
  }

  put(entry: E): void {
    this.#cover.put(entry);
  }

  remove(node: NodeId): void {
    this.#cover.remove(node);
  }

  *#visibleOf(below: Iterable<B>): Generator<E> {
    for (const entry of below) {
      const visible = this.#cover.hides(entry.node) ? undefined : this.#lift(entry);
      if (visible !== undefined) yield visible;
    }
  }
}

/** A covered tree whose cover is in memory. */
export class OverlayTree<E extends Entry, B extends Entry = E> extends CoveredTree<E, B> {
  readonly #cover: MemoryCover<E>;

  /** @param hidden nodes whose entry in the base does not count from the start. */
  constructor(base: TreeView<B>, lift: (entry: B) => E | undefined, hidden: Iterable<NodeId> = []) {
    const cover = new MemoryCover<E>(hidden);
    super(base, lift, cover);
    this.#cover = cover;
  }

  /** What was put and not removed since, in node order. */
  placed(): readonly E[] {
    return this.#cover.placed();
  }

  /** Nodes of which the base is not asked any more. */
  get decided(): ReadonlySet<NodeId> {
    return this.#cover.hidden;
  }
}

class MemoryCover<E extends Entry> implements Cover<E> {
  readonly hidden: Set<NodeId>;
  readonly #placed = new MemoryTree<E>();

  constructor(hidden: Iterable<NodeId>) {
    this.hidden = new Set(hidden);
  }

  get(node: NodeId): E | undefined {
    return this.#placed.get(node);
  }

  children(parent: NodeId): readonly E[] {
    return this.#placed.children(parent);
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.#placed.childByKey(parent, key);
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    return this.#placed.childrenByKey(parent, key);
  }

  put(entry: E): void {
    this.hidden.add(entry.node);
    this.#placed.put(entry);
  }

  remove(node: NodeId): void {
    this.hidden.add(node);
    this.#placed.remove(node);
  }

  hides(node: NodeId): boolean {
    return this.hidden.has(node);
  }

  placed(): readonly E[] {
    return this.#placed.all();
  }
}

/** Two lists in node order as one; no node is in both. */
function* inNodeOrder<E extends Entry>(first: Iterable<E>, second: Iterable<E>): Generator<E> {
  const above = first[Symbol.iterator]();
  let next = above.next();
  for (const entry of second) {
    for (; next.done !== true && next.value.node < entry.node; next = above.next()) {
      yield next.value;
    }
    yield entry;
  }
  for (; next.done !== true; next = above.next()) yield next.value;
}
