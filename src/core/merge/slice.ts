import { rootNode, type NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import { FrozenNodes } from "./held.ts";
import { diskPlaceOf, samePlace } from "./location.ts";
import type { Sighting, Trees } from "./merge-result.ts";
import { isClean, sightingOf } from "./sighting.ts";

/** Nodes that are merged at once (S107). */
export const sliceNodesMax = 20_000;

/** A part of the dirty nodes, for `MergeInput`. */
export type Slice = {
  /** In node order. */
  readonly nodes: readonly NodeId[];
  /** There are others that are not clean. */
  readonly partial: boolean;
};

/** Where slices come from. */
export type SliceSource = {
  /** Read again for each slice, so they may change in between. */
  readonly trees: Trees;
  readonly frozen: ReadonlySet<NodeId>;
  /** The dirty nodes behind a node, in node order; all that are not clean are among them. */
  readonly dirtyAfter: (node: NodeId) => Iterable<NodeId>;
  /** Told of dirty nodes that are clean, and not held. */
  readonly onClean?: (node: NodeId) => void;
  /** `sliceNodesMax` but in tests. */
  readonly nodesMax?: number;
};

/**
 * The dirty nodes in slices (S45): first all moves and deletes with as many creations and edits as there is room for, then
 * the rest of these, in node order. The merge takes folders above them along. Where they fit into one slice, that is all.
 *
 * A pass over all of them in which nothing was found to do is repeated with slices twice as large, so what can be done is
 * found in the end.
 */
export class Slices {
  readonly #source: SliceSource;
  #nodesMax: number;
  #pass: "begins" | "goes on" | "ended" | "was the last" = "begins";
  /** The last creation or edit that was taken in this pass. */
  #after: NodeId = rootNode;
  #isFruitful = false;

  constructor(source: SliceSource) {
    this.#source = source;
    this.#nodesMax = source.nodesMax ?? sliceNodesMax;
  }

  /** The next one, which has at least one node; undefined after the last. */
  next(): Slice | undefined {
    for (;;) {
      if (this.#pass === "ended") this.#endPass();
      if (this.#pass === "was the last") return undefined;
      const slice = this.#pass === "begins" ? this.#firstOfPass() : this.#further();
      if (slice.nodes.length > 0) return slice;
    }
  }

  /** The last slice gave something to do. */
  noteWork(): void {
    this.#isFruitful = true;
  }

  #endPass(): void {
    this.#pass = this.#isFruitful ? "was the last" : "begins";
    this.#nodesMax *= 2;
    this.#after = rootNode;
  }

  #firstOfPass(): Slice {
    const moved: NodeId[] = [];
    const others: NodeId[] = [];
    let room = this.#nodesMax;
    for (const sighting of this.#unequal()) {
      if (isMovedOrRemoved(sighting)) {
        moved.push(sighting.node);
        if (!this.#goesWithFolder(sighting)) room -= 1;
      } else if (others.length <= this.#nodesMax) others.push(sighting.node);
    }
    const taken = others.slice(0, Math.max(0, room));
    const partial = taken.length < others.length;
    this.#pass = partial ? "goes on" : "was the last";
    this.#after = taken.at(-1) ?? rootNode;
    return { nodes: [...moved, ...taken].toSorted((a, b) => a - b), partial };
  }

  #further(): Slice {
    const nodes: NodeId[] = [];
    for (const sighting of this.#unequal()) {
      if (isMovedOrRemoved(sighting)) continue;
      nodes.push(sighting.node);
      if (nodes.length < this.#nodesMax) continue;
      this.#after = sighting.node;
      return { nodes, partial: true };
    }
    this.#pass = "ended";
    return { nodes, partial: true };
  }

  /** The dirty nodes behind the last one that are not clean; of those that are held, only what pins folders elsewhere. */
  *#unequal(): Generator<Sighting> {
    const { trees, frozen, dirtyAfter, onClean } = this.#source;
    const held = new FrozenNodes(trees, frozen);
    for (const node of dirtyAfter(this.#after)) {
      const sighting = sightingOf(trees, node);
      if (!held.covers(node)) {
        if (!isClean(sighting)) yield sighting;
        else onClean?.(node);
      } else if (isMovedOrRemoved(sighting)) yield sighting;
    }
  }

  /** A subtree that was removed counts as one. */
  #goesWithFolder({ local, remote }: Sighting): boolean {
    const { trees } = this.#source;
    if (local === undefined) return remote !== undefined && !isIn(trees.local, remote.parent);
    return remote === undefined && !isIn(trees.remote, local.parent);
  }
}

function isIn(tree: TreeView, folder: NodeId): boolean {
  return folder === rootNode || tree.get(folder) !== undefined;
}

/** Whether a node is not where it was, on either side: such nodes are merged together, since one may decide about another. */
export function isMovedOrRemoved({ synced, local, remote }: Sighting): boolean {
  if (synced === undefined) return false;
  if (local === undefined || remote === undefined) return true;
  return !samePlace(local, diskPlaceOf(synced)) || !samePlace(remote, synced);
}
