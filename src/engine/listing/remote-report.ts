import { keyFromServer } from "../../core/path/path-key.ts";
import { topPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import type { RemoteNote } from "../../core/tree/remote-memory.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { nodeAtKeys } from "./remote-rows.ts";
import { heldRepository } from "../disk/held-repository.ts";

/** Refusals that are told one by one; a hostile server may have any number of them. */
const toldMax = 1_000;

/**
 * What has to be told of the server by every look at it, from what the index remembers: the page that brought it may be long
 * past. Held repositories freeze their folder (G20); where something that no tree may hold took the place of a node, that
 * node is unknown (S14).
 */
export function remoteReport(index: IndexStore): {
  readonly left: readonly LeftPath[];
  readonly frozen: ReadonlySet<NodeId>;
} {
  const left: LeftPath[] = [];
  const frozen = new Set<NodeId>();
  const stale: NodeId[] = [];
  for (const note of index.remoteMemory.notes()) {
    const told = tell(index, note);
    if (told === undefined) stale.push(note.node);
    else left.push(told);
    if (told !== undefined && note.kind === "repository") frozen.add(note.node);
  }
  if (stale.length > 0) {
    index.transaction(() => {
      for (const node of stale) index.remoteMemory.removeNote(node);
    });
  }
  for (const { place, path, reason } of index.remoteMemory.refusals(toldMax)) {
    left.push({ path, kind: "refused", reason });
    const taken = nodeAtKeys(index, place.split("/").map(keyFromServer));
    if (taken !== undefined && taken !== rootNode) frozen.add(taken);
  }
  const more = index.remoteMemory.refusalCount() - toldMax;
  if (more > 0) left.push({ path: "", kind: "refused", reason: `and ${more} more like these` });
  return { left, frozen };
}

/** Undefined where the node is not there any more. */
function tell(index: IndexStore, { node, kind, reason }: RemoteNote): LeftPath | undefined {
  const path = node === rootNode ? topPath : pathOf(index.remote, node);
  if (path === undefined) return undefined;
  if (kind === "repository") return heldRepository(path, reason);
  return { path, kind: kind === "refused" ? "refused" : "unsynced", reason };
}
