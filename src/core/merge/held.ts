import { rootNode, type NodeId } from "../tree/node.ts";
import type { MergeInput, Sighting, Trees } from "./merge-result.ts";
import { treesOf } from "./sighting.ts";

/** What a merge leaves alone. */
export type Held = {
  /** What is frozen, and what of the slice is left alone. */
  readonly held: ReadonlySet<NodeId>;
  /** Of these, the local files that only wait for their hash. */
  readonly asks: readonly NodeId[];
  /** Whether any node, of the slice or not, is left alone. */
  readonly isHeld: (node: NodeId) => boolean;
};

/**
 * The nodes that are left alone: those that are unknown or out of scope, everything below them in any of the trees
 * (S29), and files whose local content is not known yet. What is below them is never visited: a node finds out by
 * the folders above it.
 */
export function heldNodes(input: MergeInput, seen: readonly Sighting[]): Held {
  const frozen = new FrozenNodes(input, input.frozen);
  const below = seen.filter(({ node }) => frozen.covers(node)).map(({ node }) => node);
  const held = new Set([...input.frozen, ...below]);
  const asks = seen
    .filter(
      ({ node, local }) => local?.kind === "file" && local.hash === undefined && !held.has(node),
    )
    .map(({ node }) => node);
  for (const node of asks) held.add(node);
  return { held, asks, isHeld: (node) => held.has(node) || frozen.covers(node) };
}

/** Tells what is frozen by itself, or by a folder that it is below in any of the trees. */
export class FrozenNodes {
  readonly #trees: Trees;
  readonly #frozen: ReadonlySet<NodeId>;
  readonly #known = new Map<NodeId, boolean>();

  constructor(trees: Trees, frozen: ReadonlySet<NodeId>) {
    this.#trees = trees;
    this.#frozen = frozen;
  }

  covers(node: NodeId): boolean {
    if (this.#frozen.size === 0) return false;
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const { above, isBelow } = this.#climb(node);
    // Where nothing above is frozen, nothing above what is above is either.
    if (!isBelow) for (const folder of above) this.#known.set(folder, false);
    this.#known.set(node, isBelow);
    return isBelow;
  }

  /** Folders may be above each other in different trees, so each is visited once. */
  #climb(node: NodeId): { readonly above: ReadonlySet<NodeId>; readonly isBelow: boolean } {
    const above = new Set([node]);
    for (const current of above) {
      if (this.#frozen.has(current) || this.#known.get(current) === true) {
        return { above, isBelow: true };
      }
      if (current === rootNode || this.#known.has(current)) continue;
      for (const tree of treesOf(this.#trees)) {
        const entry = tree.get(current);
        if (entry !== undefined) above.add(entry.parent);
      }
    }
    return { above, isBelow: false };
  }
}
