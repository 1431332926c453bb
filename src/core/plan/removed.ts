import { joinPath, type RelPath } from "../path/rel-path.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import type { RemoveOp } from "./op.ts";

/** An entry that goes, and where it is when the removal runs. */
export type Removed = { readonly entry: Entry; readonly path: RelPath };

/**
 * What a removal takes away: its node and everything below it, parents first (S81).
 *
 * @param tree of the side that the op writes to, before the plan runs
 * @param leaves whether a node is moved elsewhere by the same plan, with what is below it
 */
export function* removedBy(
  tree: TreeView,
  op: RemoveOp,
  leaves: (node: NodeId) => boolean,
): Generator<Removed> {
  const pending: Removed[] = [{ entry: op.before, path: op.path }];
  for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
    yield top;
    if (top.entry.kind !== "folder") continue;
    for (const entry of tree.children(top.entry.node)) {
      if (!leaves(entry.node)) pending.push({ entry, path: joinPath(top.path, entry.name) });
    }
  }
}
