import type { PathKey } from "../../src/core/path/path-key.ts";
import type { Entry, NodeId } from "../../src/core/tree/node.ts";
import type { TreeView } from "../../src/core/tree/tree-view.ts";

/** A tree that counts the rows that are read of it. */
export class CountedTree<E extends Entry> implements TreeView<E> {
  readonly #base: TreeView<E>;
  readonly #count: (rows: number) => void;

  constructor(base: TreeView<E>, count: (rows: number) => void) {
    this.#base = base;
    this.#count = count;
  }

  get(node: NodeId): E | undefined {
    this.#count(1);
    return this.#base.get(node);
  }

  *children(parent: NodeId): Generator<E> {
    this.#count(1);
    for (const entry of this.#base.children(parent)) {
      this.#count(1);
      yield entry;
    }
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    this.#count(1);
    return this.#base.childByKey(parent, key);
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    const found = this.#base.childrenByKey(parent, key);
    this.#count(1 + found.length);
    return found;
  }
}
