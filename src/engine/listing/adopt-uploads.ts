import { sameName } from "../../core/path/path-key.ts";
import { rootNode, type LocalEntry, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import { isBelow } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { agree } from "../execute/commit.ts";

/** Nodes that are looked at before any of them is written. */
const nodesPerPage = 512;

/**
 * Agree on files that reached the server without our knowing, as when we were killed in between: called after the look at the
 * server and before the one at the disk, while the local rows still say what we read and sent. An edit since, which the look
 * at the disk then finds, is an edit of that file and no other one (S36); its removal is a removal, unless somebody moved its folder
 * away there just before it was sent: then it counts as moved, which beats a removal.
 *
 * Costs by what is not agreed on (S5); a look that finds nothing of the kind writes nothing.
 *
 * @param frozen held, each with everything below it: nothing in there is agreed on (G20)
 */
export function adoptUploads(index: IndexStore, frozen: ReadonlySet<NodeId>): void {
  const folders: FoldersHere = new Map([[rootNode, rootNode]]);
  let after: NodeId = 0;
  for (;;) {
    const nodes = index.dirtyOnServerOnly(after, nodesPerPage);
    const found = nodes.flatMap((node) => uploadOf(index, folders, node));
    const free = found.filter(({ there }) => !isFrozen(index, there.node, frozen));
    const each = onePerFile(free);
    if (each.length > 0) index.transaction(() => each.forEach((one) => adopt(index, one)));
    const last = nodes.at(-1);
    if (last === undefined || nodes.length < nodesPerPage) return;
    after = last;
  }
}

/** A file as we read it, and one of the server that is the same. */
type Upload = { readonly here: LocalEntry; readonly there: RemoteEntry };

/** Where two of the server are the same as one of the disk, one in its folder and one at its path, the path is where it was sent. */
function onePerFile(uploads: readonly Upload[]): readonly Upload[] {
  const found = new Map<NodeId, Upload>();
  for (const upload of uploads) {
    const { here, there } = upload;
    if (!found.has(here.node) || here.parent !== there.parent) found.set(here.node, upload);
  }
  return [...found.values()];
}

/** A node that only the server has, and one that only the disk has: nobody agreed on either. */
function uploadOf(index: IndexStore, folders: FoldersHere, node: NodeId): readonly Upload[] {
  const there = index.remote.get(node);
  if (there?.kind !== "file" || there.scope !== "in") return [];
  const here = onlyHere(index, there.parent, there) ?? atItsPath(index, folders, there);
  return here === undefined ? [] : [{ here, there }];
}

/** In one folder of the disk, what nobody agreed on and is the same as a file of the server. */
function onlyHere(index: IndexStore, folder: NodeId, there: RemoteEntry): LocalEntry | undefined {
  return index.local
    .childrenByKey(folder, there.key)
    .find((row) => isSameFile(row, there) && isOnlyHere(index, row));
}

/** Folders of the server, each with the one that has its path on the disk. */
type FoldersHere = Map<NodeId, NodeId | undefined>;

/**
 * An upload makes the folders above it where they are missing: what was sent right after its folder was moved away there is in a
 * new one of the old name.
 */
function atItsPath(
  index: IndexStore,
  folders: FoldersHere,
  there: RemoteEntry,
): LocalEntry | undefined {
  const folder = folderHere(index, folders, there.parent);
  const isAgreedOn = folder !== undefined && index.synced.get(folder) !== undefined;
  return isAgreedOn ? onlyHere(index, folder, there) : undefined;
}

function folderHere(index: IndexStore, folders: FoldersHere, node: NodeId): NodeId | undefined {
  if (folders.has(node)) return folders.get(node);
  const there = index.remote.get(node);
  const above = there && folderHere(index, folders, there.parent);
  const here =
    there === undefined || above === undefined ? undefined : folderAt(index, above, there);
  folders.set(node, here);
  return here;
}

/** Of case twins the one that was agreed on. */
function folderAt(
  { local, synced }: IndexStore,
  above: NodeId,
  { key }: RemoteEntry,
): NodeId | undefined {
  const folders = local.childrenByKey(above, key).filter(({ kind }) => kind === "folder");
  return (folders.find(({ node }) => synced.get(node) !== undefined) ?? folders[0])?.node;
}

function isOnlyHere({ synced, remote }: IndexStore, { node }: LocalEntry): boolean {
  return synced.get(node) === undefined && remote.get(node) === undefined;
}

function isSameFile(here: LocalEntry, there: RemoteEntry): boolean {
  const isSameContent = here.hash !== undefined && here.hash === there.hash;
  return here.kind === "file" && isSameContent && sameName(here.name, there.name);
}

function isFrozen({ remote }: IndexStore, node: NodeId, frozen: ReadonlySet<NodeId>): boolean {
  return [...frozen].some((top) => isBelow(remote, node, top));
}

function adopt(index: IndexStore, { here, there }: Upload): void {
  const { node, name, key, size } = there;
  const { parent } = here;
  index.rebind(here.node, node);
  index.removeUpload(node);
  index.removeParked(node);
  const after = { node, parent, kind: "file", name, key, size, localName: undefined } as const;
  // It went to the folder that is known here; where it is now, it was moved to.
  if (there.parent !== parent) index.remote.put({ ...there, parent });
  agree(index, node, { ...after, hash: there.hash ?? "" });
  if (there.parent !== parent) index.remote.put(there);
}
