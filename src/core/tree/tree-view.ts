import { present } from "../../std/assert.ts";
import type { PathKey } from "../path/path-key.ts";
import { joinPath, pathDepthMax, topPath, type RelPath } from "../path/rel-path.ts";
import { rootNode, type Entry, type NodeId } from "./node.ts";

/** How the merge and the plan read a tree; implemented by the index and by a plain map (S6). */
export interface TreeView<E extends Entry = Entry> {
  get(node: NodeId): E | undefined;
  /** In node order. */
  children(parent: NodeId): Iterable<E>;
  childByKey(parent: NodeId, key: PathKey): E | undefined;
  /** Every entry, in node order. */
  all(): Iterable<E>;
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
  return names.reduceRight<RelPath>((path, name) => joinPath(path, name), topPath);
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
export class MemoryTree<E extends Entry = Entry> implements TreeView<E> {
  readonly #entries = new Map<NodeId, E>();
  readonly #children = new Map<NodeId, Map<PathKey, Set<NodeId>>>();

  constructor(entries: Iterable<E> = []) {
    for (const entry of entries) this.put(entry);
  }

  get(node: NodeId): E | undefined {
    return this.#entries.get(node);
  }

  *children(parent: NodeId): Generator<E> {
    const nodes = [...(this.#children.get(parent)?.values() ?? [])].flatMap((twins) => [...twins]);
    for (const node of nodes.sort((a, b) => a - b)) yield present(this.#entries.get(node), "child");
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    const twins = this.#children.get(parent)?.get(key);
    return twins === undefined ? undefined : this.#entries.get(Math.min(...twins));
  }

  *all(): Generator<E> {
    for (const node of [...this.#entries.keys()].sort((a, b) => a - b)) {
      yield present(this.#entries.get(node), "entry");
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Put or replace the entry of a node. */
  put(entry: E): void {
    this.remove(entry.node);
    this.#entries.set(entry.node, entry);
    const keys = this.#children.get(entry.parent) ?? new Map<PathKey, Set<NodeId>>();
    this.#children.set(entry.parent, keys);
    keys.set(entry.key, (keys.get(entry.key) ?? new Set()).add(entry.node));
  }

  /** Remove one entry; its children stay until they are removed themselves. */
  remove(node: NodeId): void {
    const entry = this.#entries.get(node);
    if (entry === undefined) return;
    this.#entries.delete(node);
    const keys = this.#children.get(entry.parent);
    const twins = keys?.get(entry.key);
    twins?.delete(node);
    if (twins?.size === 0) keys?.delete(entry.key);
    if (keys?.size === 0) this.#children.delete(entry.parent);
  }
}
