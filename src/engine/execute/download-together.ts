import type { PutOp } from "../../core/plan/op.ts";
import { contentHashOf } from "../../core/tree/content-hash.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { downloadFile } from "./download.ts";
import { outcomeOf, transfersOf, type Execution, type OpResult } from "./execution.ts";
import type { FolderDownload } from "./folder-downloads.ts";

/**
 * S66: many files of a folder come down by one call. The server gives what is there now, so each file counts only with the hash that
 * was seen; the others have no result here, and are fetched by their revision.
 */
export async function downloadTogether(
  execution: Execution,
  { folder, ops, bytes, entries }: FolderDownload,
): Promise<ReadonlyMap<PutOp, OpResult | SnapError>> {
  const { deps, memory, work } = execution;
  const tree = deps.index.remote;
  const path = pathOf(tree, folder);
  const results = new Map<PutOp, OpResult | SnapError>();
  if (path === undefined) return results;
  const byPlace = new Map<string, PutOp>();
  const wanted = new Map<string, number>();
  for (const op of ops) {
    const place = placeBelow(tree, folder, op.node);
    if (place === undefined) continue;
    byPlace.set(place, op);
    wanted.set(place, op.after.size);
  }
  using _memory = await memory.take(bytes, work.signal);
  const files = deps.remote.filesIn(
    { folder: path, wanted, bytesMax: bytes, entriesMax: entries },
    work,
  );
  const parallel = transfersOf(deps);
  try {
    await forEachLimited(files, { parallel, signal: work.signal }, async (file) => {
      const op = byPlace.get(file.place);
      if (op === undefined || results.has(op)) return;
      if (contentHashOf(file.bytes) !== op.after.hash) return;
      results.set(op, await outcomeOf(() => downloadFile(execution, op, file.bytes)));
    });
  } catch (error) {
    // What is on the disk already is told of, however the others end: whether the line is to blame, each of them finds out by itself.
    const isOver = isSnapError(error) && error.class === "systemic" && error.code !== "interrupted";
    if (isOver || !isSnapError(error)) throw error;
  }
  return results;
}

/** The keys from a folder down to a node; undefined where it is not below. */
function placeBelow(tree: TreeView<RemoteEntry>, folder: NodeId, node: NodeId): string | undefined {
  const keys: string[] = [];
  for (let current = node; current !== folder;) {
    const entry = current === rootNode ? undefined : tree.get(current);
    if (entry === undefined) return undefined;
    keys.unshift(entry.key);
    current = entry.parent;
  }
  return keys.join("/");
}
