import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  baseName,
  comparePaths,
  parentPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { ServedItem } from "../../core/plan/sync-report.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { descendants } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { remoteRow } from "../execute/commit.ts";
import { refuseOtherFence } from "../fence.ts";

/**
 * Take over what the server answered to the own calls of a restore behind its fence: each answer becomes the row of its place (T23), and what
 * was moved keeps its node, a folder with all that it holds. What anybody else did there since the last look stays unseen. A place whose folder
 * is not known is left to the next look.
 *
 * @throws {SnapError} `refused` unless the fence of this restore stands
 */
export function noteServed(
  { index, journal }: Pick<EngineDeps, "index" | "journal">,
  restore: string,
  items: readonly ServedItem[],
): void {
  refuseOtherFence({ journal }, restore);
  index.transaction(() => {
    for (const one of items.toSorted((a, b) => comparePaths(a.path, b.path))) note(index, one);
  });
}

function note(index: IndexStore, { path, item, isMoved }: ServedItem): void {
  const parent = folderNode(index, parentPath(path) ?? topPath);
  if (parent === undefined) return;
  const key = item?.keys.at(-1) ?? pathKeyOf(baseName(path));
  const there = index.remote.childrenByKey(parent, key).find(isIn);
  const moved = item !== undefined && isMoved === true ? movedHere(index, item) : undefined;
  if (item !== undefined) put(index, { parent, there: there ?? moved, item });
  else if (there !== undefined) removeAll(index, there.node);
}

type Place = {
  readonly parent: NodeId;
  readonly there: RemoteEntry | undefined;
  readonly item: RemoteItem;
};

function put(index: IndexStore, { parent, there, item }: Place): void {
  if (there !== undefined && there.kind !== item.kind) return;
  if (there?.kind === "file" && there.rev !== item.rev) {
    index.addHistory(there.node, there.rev, there.hash ?? "");
  }
  index.remote.put(remoteRow(there?.node ?? index.newNode(), parent, item));
}

/** What has this id at another place. */
function movedHere(index: IndexStore, { remoteId, kind }: RemoteItem): RemoteEntry | undefined {
  const node = index.nodeOfRemoteId(remoteId);
  const row = node === undefined ? undefined : index.remote.get(node);
  return row !== undefined && row.kind === kind && isIn(row) ? row : undefined;
}

function removeAll({ remote }: IndexStore, node: NodeId): void {
  const below = [...descendants(remote, node)].map((entry) => entry.node);
  for (const one of [...below.toReversed(), node]) remote.remove(one);
}

/** The folder of the server at a path; undefined where it is not known, or out of scope. */
function folderNode({ remote }: IndexStore, path: RelPath): NodeId | undefined {
  let node: NodeId | undefined = rootNode;
  for (const name of path === topPath ? [] : pathComponents(path)) {
    const children: readonly RemoteEntry[] = remote.childrenByKey(node, pathKeyOf(name));
    node = children.find((entry) => isIn(entry) && entry.kind === "folder")?.node;
    if (node === undefined) return undefined;
  }
  return node;
}

function isIn({ scope }: RemoteEntry): boolean {
  return scope === "in";
}
