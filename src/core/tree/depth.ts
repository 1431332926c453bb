import { rootNode, type NodeId } from "./node.ts";
import { pathDepthMax } from "../path/rel-path.ts";
import type { TreeView } from "./tree-view.ts";

/**
 * Tells how many names the path of a node has in one tree; folders are asked for once. What hangs on nothing counts from
 * there.
 */
export function depthsIn(tree: TreeView): (node: NodeId) => number {
  const known = new Map<NodeId, number>([[rootNode, 0]]);
  return (node) => {
    const way: NodeId[] = [];
    let current = node;
    while (!known.has(current) && way.length <= pathDepthMax) {
      const entry = tree.get(current);
      if (entry === undefined) break;
      way.push(current);
      current = entry.parent;
    }
    let depth = known.get(current) ?? 0;
    for (const on of way.toReversed()) {
      depth += 1;
      if (on !== node) known.set(on, depth);
    }
    return depth;
  };
}

/** Nodes in an order that takes parents before their children, in one tree. */
export function topFirst(tree: TreeView, nodes: readonly NodeId[]): readonly NodeId[] {
  if (nodes.length < 2) return nodes;
  const depthOf = depthsIn(tree);
  return nodes
    .map((node) => ({ node, depth: depthOf(node) }))
    .toSorted((a, b) => a.depth - b.depth || a.node - b.node)
    .map(({ node }) => node);
}

/** Nodes in an order that takes children before their parents, in one tree. */
export function deepestFirst(tree: TreeView, nodes: readonly NodeId[]): readonly NodeId[] {
  if (nodes.length < 2) return nodes;
  const depthOf = depthsIn(tree);
  return nodes
    .map((node) => ({ node, depth: depthOf(node) }))
    .toSorted((a, b) => b.depth - a.depth || a.node - b.node)
    .map(({ node }) => node);
}
