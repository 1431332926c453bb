import type { MergeResult } from "../../core/merge/merge-result.ts";
import type { NodeId } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";

/**
 * Give what left the scope on the server a node of its own where its old node shall stay on both sides. So it is where
 * somebody moved a file or folder to a name that is ignored here, or that this disk cannot hold, while it was changed
 * on the disk (S37, S91): the one there stays as it is, and the one here becomes a new one on the server.
 *
 * So it is, too, where what is here becomes one with another thing of the server (S36).
 *
 * @param result what the merge wants to be somewhere, and what becomes another node; a clean node is in the scope.
 */
export function giveOwnNodes(
  index: IndexStore,
  { touched, rebinds }: Pick<MergeResult, "touched" | "rebinds">,
): void {
  const nodes = [...touched.map(({ node }) => node), ...rebinds.map(({ from }) => from)];
  const left = nodes.filter((node) => (index.remote.get(node)?.scope ?? "in") !== "in");
  if (left.length === 0) return;
  index.transaction(() => {
    for (const node of left) giveOwnNode(index, node);
  });
}

/** A folder takes along what it holds. */
function giveOwnNode(index: IndexStore, node: NodeId): void {
  const { remote } = index;
  const row = remote.get(node);
  if (row === undefined) return;
  const own = index.newNode();
  const children = [...remote.children(node)];
  remote.remove(node);
  remote.put({ ...row, node: own });
  index.remoteMemory.moveNote(node, own);
  for (const child of children) remote.put({ ...child, parent: own });
}
