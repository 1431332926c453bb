import type { NodeId } from "../tree/node.ts";
import type { MergeInput, Trees } from "./merge-result.ts";
import { treesOf, type Sighting } from "./sighting.ts";

/** What a merge leaves alone. */
export type Held = {
  readonly held: ReadonlySet<NodeId>;
  /** Of these, the local files that only wait for their hash. */
  readonly asks: readonly NodeId[];
};

/**
 * The nodes that are left alone: those that are unknown or out of scope, everything below them in any of the trees
 * (S29), and files whose local content is not known yet.
 */
export function heldNodes(input: MergeInput, seen: readonly Sighting[]): Held {
  const held = new Set<NodeId>();
  const hashless: NodeId[] = [];
  for (const { node, local } of seen) {
    if (input.frozen(node)) holdWithAllBelow(input, node, held);
    if (local?.kind === "file" && local.hash === undefined) hashless.push(node);
  }
  const asks = hashless.filter((node) => !held.has(node));
  for (const node of asks) held.add(node);
  return { held, asks };
}

function holdWithAllBelow(trees: Trees, top: NodeId, held: Set<NodeId>): void {
  const pending = [top];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (held.has(node)) continue;
    held.add(node);
    for (const tree of treesOf(trees)) {
      for (const child of tree.children(node)) pending.push(child.node);
    }
  }
}
