import { composed, pathKeyOf, sameName, type PathKey } from "../path/path-key.ts";
import { pathOfNames, type RelPath } from "../path/rel-path.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import type { TargetEntry } from "../merge/merge-result.ts";
import type { Side } from "./op.ts";

/** A name in a folder, with the key that the server compares. */
export type SidePlace = { readonly parent: NodeId; readonly name: string; readonly key: PathKey };

/** Where a target entry is to be on one side. */
export function placeOn(side: Side, { parent, name, key, localName }: TargetEntry): SidePlace {
  return { parent, name: side === "local" ? (localName ?? name) : name, key };
}

/**
 * Who is where on one side, while a plan is put into order: the tree, and on top of it what the ops so far did.
 *
 * On the server a place is a key; on a disk it is an exact name, since a disk may hold two names with one key.
 */
export class Places {
  readonly #side: Side;
  readonly #tree: TreeView;
  /** Undefined: not in the tree any more, or in staging. */
  readonly #changed = new Map<NodeId, SidePlace | undefined>();
  readonly #arrived = new Map<string, NodeId>();

  constructor(side: Side, tree: TreeView) {
    this.#side = side;
    this.#tree = tree;
  }

  placeOf(node: NodeId): SidePlace | undefined {
    return this.#changed.has(node) ? this.#changed.get(node) : this.#tree.get(node);
  }

  occupantOf(place: SidePlace): NodeId | undefined {
    const arrived = this.#arrived.get(this.#textOf(place));
    if (arrived !== undefined) return arrived;
    const found = this.#firstOccupant(place)?.node;
    return found === undefined || this.#changed.has(found) ? undefined : found;
  }

  /** Who else still has a name there that a disk which folds case takes for the same one; nobody on the server. */
  alikeOn({ parent, name }: SidePlace): readonly NodeId[] {
    if (this.#side === "remote") return [];
    const alike = this.#tree.childrenByKey(parent, pathKeyOf(name));
    return alike.map(({ node }) => node).filter((node) => !this.#changed.has(node));
  }

  /** Put a node somewhere; undefined takes it away. */
  set(node: NodeId, place: SidePlace | undefined): void {
    const old = this.#changed.get(node);
    if (old !== undefined) this.#arrived.delete(this.#textOf(old));
    this.#changed.set(node, place);
    if (place !== undefined) this.#arrived.set(this.#textOf(place), node);
  }

  /** Undefined where the node, or a folder above it, is in staging or not there. */
  pathOf(node: NodeId): RelPath | undefined {
    const names = this.#namesOf(node);
    return names && pathOfNames(names);
  }

  /** How many names the path of a node has; 0 where it has no path. */
  depthOf(node: NodeId): number {
    return this.#namesOf(node)?.length ?? 0;
  }

  #namesOf(node: NodeId): readonly string[] | undefined {
    const names: string[] = [];
    for (let current = node; current !== rootNode;) {
      const place = this.placeOf(current);
      if (place === undefined) return undefined;
      names.push(place.name);
      current = place.parent;
    }
    return names;
  }

  /** The server compares keys; on a disk the key of the very name leads to what may have it. */
  #firstOccupant({ parent, name, key }: SidePlace): Entry | undefined {
    if (this.#side === "remote") return this.#tree.childByKey(parent, key);
    const alike = this.#tree.childrenByKey(parent, pathKeyOf(name));
    return alike.find((entry) => sameName(entry.name, name));
  }

  #textOf({ parent, name, key }: SidePlace): string {
    return `${parent}/${this.#side === "local" ? composed(name) : key}`;
  }
}
