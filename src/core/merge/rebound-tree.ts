import type { PathKey } from "../path/path-key.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { byNode, type TreeView } from "../tree/tree-view.ts";
import type { Rebind } from "./merge-result.ts";

/** What is read otherwise than it stands in the tree. */
export type Rebound = {
  readonly rebinds: readonly Rebind[];
  /** Nodes whose own entries do not count any more. */
  readonly without?: readonly NodeId[];
};

/**
 * A tree in which some nodes have other ids, without changing or copying it: the entry of `from` is that of `to`, unless
 * that one has its own, and what was in the folder `from` is in the folder `to`.
 */
export class ReboundTree<E extends Entry> implements TreeView<E> {
  readonly #base: TreeView<E>;
  readonly #without: ReadonlySet<NodeId>;
  readonly #newOf: ReadonlyMap<NodeId, NodeId>;
  readonly #oldOf: ReadonlyMap<NodeId, NodeId>;

  constructor(base: TreeView<E>, { rebinds, without = [] }: Rebound) {
    this.#base = base;
    this.#without = new Set(without);
    this.#newOf = new Map(rebinds.map(({ from, to }) => [from, to]));
    this.#oldOf = new Map(rebinds.map(({ from, to }) => [to, from]));
  }

  get(node: NodeId): E | undefined {
    const entry = this.#entryOf(node);
    return entry && this.#renamed(entry, node);
  }

  *children(parent: NodeId): Generator<E> {
    const old = this.#oldOf.get(parent);
    if (this.#newOf.has(parent)) return;
    if (old === undefined && this.#newOf.size === 0) {
      for (const entry of this.#base.children(parent))
        if (!this.#without.has(entry.node)) yield entry;
      return;
    }
    const below = [...this.#base.children(parent)];
    if (old !== undefined) below.push(...this.#base.children(old));
    yield* this.#translated(below);
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.childrenByKey(parent, key)[0];
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    const old = this.#oldOf.get(parent);
    if (this.#newOf.has(parent)) return [];
    const below = this.#base.childrenByKey(parent, key);
    return this.#translated(
      old === undefined ? below : [...below, ...this.#base.childrenByKey(old, key)],
    );
  }

  /** The entry that counts for a node, as it stands in the tree. */
  #entryOf(node: NodeId): E | undefined {
    if (this.#newOf.has(node)) return undefined;
    const own = this.#base.get(node);
    if (own !== undefined && !this.#without.has(node)) return own;
    const old = this.#oldOf.get(node);
    return old === undefined || this.#without.has(old) ? undefined : this.#base.get(old);
  }

  #translated(entries: readonly E[]): readonly E[] {
    return entries
      .flatMap((entry) => {
        const node = this.#newOf.get(entry.node) ?? entry.node;
        if (node === entry.node) return this.#without.has(node) ? [] : [this.#renamed(entry, node)];
        // Where both ids have an entry, that of `to` counts.
        return this.#entryOf(node)?.node === entry.node ? [this.#renamed(entry, node)] : [];
      })
      .toSorted(byNode);
  }

  #renamed(entry: E, node: NodeId): E {
    const parent = this.#newOf.get(entry.parent) ?? entry.parent;
    return node === entry.node && parent === entry.parent ? entry : { ...entry, node, parent };
  }
}
