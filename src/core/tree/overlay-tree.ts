import type { PathKey } from "../path/path-key.ts";
import type { Entry, NodeId } from "./node.ts";
import { byNode, MemoryTree, type EditableTree, type TreeView } from "./tree-view.ts";

/**
 * A tree on top of another one, which is not changed: entries are put over it, and entries of it are hidden. It
 * costs as much memory as there are changes, however large the tree below is (S5, S107).
 */
export class OverlayTree<E extends Entry, B extends Entry = E> implements EditableTree<E> {
  readonly #base: TreeView<B>;
  readonly #lift: (entry: B) => E | undefined;
  readonly #placed = new MemoryTree<E>();
  /** Nodes whose entry in the base does not count: replaced, removed, or yet to be placed. */
  readonly #hidden: Set<NodeId>;

  /** @param lift the entry that one of the base stands for; undefined leaves it out. */
  constructor(base: TreeView<B>, lift: (entry: B) => E | undefined, hidden: Iterable<NodeId> = []) {
    this.#base = base;
    this.#lift = lift;
    this.#hidden = new Set(hidden);
  }

  get(node: NodeId): E | undefined {
    const placed = this.#placed.get(node);
    if (placed !== undefined || this.#hidden.has(node)) return placed;
    const entry = this.#base.get(node);
    return entry && this.#lift(entry);
  }

  /** May be read while what was read before is moved elsewhere. */
  *children(parent: NodeId): Generator<E> {
    const placed = this.#placed.children(parent);
    let count = 0;
    for (const below of this.#base.children(parent)) {
      const entry = this.#visible(below);
      if (entry === undefined) continue;
      for (; (placed[count]?.node ?? Infinity) < entry.node; count += 1)
        yield* placed.slice(count, count + 1);
      yield entry;
    }
    yield* placed.slice(count);
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.childrenByKey(parent, key)[0];
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    const placed = this.#placed.childrenByKey(parent, key);
    const below = this.#base.childrenByKey(parent, key);
    if (below.length === 0) return placed;
    const visible = below
      .map((entry) => this.#visible(entry))
      .filter((entry) => entry !== undefined);
    return placed.length === 0 ? visible : [...visible, ...placed].toSorted(byNode);
  }

  put(entry: E): void {
    this.#hidden.add(entry.node);
    this.#placed.put(entry);
  }

  remove(node: NodeId): void {
    this.#hidden.add(node);
    this.#placed.remove(node);
  }

  /** What was put and not removed since, in node order. */
  placed(): readonly E[] {
    return this.#placed.all();
  }

  /** Nodes of which the base is not asked any more. */
  get decided(): ReadonlySet<NodeId> {
    return this.#hidden;
  }

  #visible(entry: B): E | undefined {
    return this.#hidden.has(entry.node) ? undefined : this.#lift(entry);
  }
}
