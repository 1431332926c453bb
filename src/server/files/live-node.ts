import { BadCall, LookupFailure } from "../wire/failure.ts";
import type { Node } from "../tree/node.ts";
import { lookUp, lookUpRev, present } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";

/**
 * What is now at a path, or has the id, or is the file of a `rev:`.
 *
 * @throws {LookupFailure} `not_found`, `malformed_path`; {BadCall} for the root, which has no node.
 */
export function liveNode(tree: Tree, path: string): Node {
  if (!path.startsWith("rev:")) {
    const lookup = lookUp(tree, path, "read");
    if (lookup.key === tree.view.topKey) throw new BadCall("path: The root folder is unsupported.");
    return present(lookup);
  }
  const node = tree.byId(lookUpRev(tree, path.slice("rev:".length)).id);
  if (node === undefined) throw new LookupFailure("not_found");
  return node;
}
