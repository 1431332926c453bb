import { keyFromServer, pathKeyOf } from "../../core/path/path-key.ts";
import { pathComponents, topPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import type { RemoteNote } from "../../core/tree/remote-memory.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { nodeAtKeys } from "./remote-rows.ts";
import { heldRepository } from "../disk/held-repository.ts";
import { suspectSign } from "../scope/standing.ts";

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
    if (isInnocent(index, note)) continue;
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

/**
 * G13: what a file on the server holds is not asked for, so a `config` or packs beside two signs of a repository make one. Where
 * the folder is on this disk with the same names, the look at the disk reads them and says what it is.
 */
function isInnocent(index: IndexStore, { node, kind, reason }: RemoteNote): boolean {
  if (kind !== "repository" || reason !== suspectSign) return false;
  const { remote } = index;
  const config = childIn(remote, node, "config");
  const objects = childIn(remote, node, "objects");
  const pack = objects === undefined ? undefined : childIn(remote, objects, "pack");
  const packs = pack === undefined ? [] : [...remote.children(pack)];
  const hasPacks = packs.some(({ key }) => key.startsWith("pack-"));
  if (config === undefined && !hasPacks) return true;
  const here = folderHere(index, node);
  return (
    here !== undefined &&
    (config === undefined || childIn(index.local, here, "config") !== undefined)
  );
}

function childIn(tree: TreeView, folder: NodeId, name: string): NodeId | undefined {
  return tree.childByKey(folder, pathKeyOf(name))?.node;
}

/** The folder of the disk that stands at the same place; no merge may have joined the two yet. */
function folderHere({ local, remote }: IndexStore, node: NodeId): NodeId | undefined {
  if (node === rootNode) return rootNode;
  const path = pathOf(remote, node);
  let here: NodeId | undefined = path === undefined ? undefined : rootNode;
  for (const name of path === undefined ? [] : pathComponents(path)) {
    here = here === undefined ? undefined : childIn(local, here, name);
  }
  return here;
}

/** Undefined where the node is not there any more. */
function tell(index: IndexStore, { node, kind, reason }: RemoteNote): LeftPath | undefined {
  const path = node === rootNode ? topPath : pathOf(index.remote, node);
  if (path === undefined) return undefined;
  if (kind === "repository") return heldRepository(path, reason);
  return { path, kind: kind === "refused" ? "refused" : "unsynced", reason };
}
