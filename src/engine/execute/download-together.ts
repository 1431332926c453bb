import type { PutOp } from "../../core/plan/op.ts";
import { contentHashOf } from "../../core/tree/content-hash.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import { archiveBytesMax, type FolderFile } from "../../core/tree/remote-batches.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import { present } from "../../std/assert.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { inRuns } from "../../std/runs.ts";
import { commitGroupMax } from "../limits.ts";
import { endDownload, stageDownload, type StagedDownload } from "./download.ts";
import { done, outcomeOf, transfersOf, type Execution, type OpResult } from "./execution.ts";
import type { FolderDownload } from "./folder-downloads.ts";
import { performTogether } from "./local-act-run.ts";

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
  const results: Results = new Map();
  if (path === undefined) return results;
  const byPlace = placesBelow(tree, folder, ops);
  const wanted = new Map([...byPlace].map(([place, { after }]) => [place, after.size]));
  const request = { folder: path, wanted, bytesMax: bytes, entriesMax: entries };
  using _memory = await memory.take(archiveBytesMax(request), work.signal);
  const files = deps.remote.filesIn(request, work);
  try {
    for await (const run of inRuns(files, commitGroupMax)) {
      await placeTogether(execution, wholesOf(run, byPlace, results), results);
    }
  } catch (error) {
    // What is on the disk already is told of, however the others end: whether the line is to blame, each of them finds out by itself.
    const isOver = isSnapError(error) && error.class === "systemic" && error.code !== "interrupted";
    if (isOver || !isSnapError(error)) throw error;
  }
  return results;
}

type Results = Map<PutOp, OpResult | SnapError>;

/** The bytes that are what was seen, of files that have not come yet. */
function wholesOf(
  files: readonly FolderFile[],
  byPlace: ReadonlyMap<string, PutOp>,
  results: Results,
): ReadonlyMap<PutOp, Uint8Array> {
  const wholes = new Map<PutOp, Uint8Array>();
  for (const { place, bytes } of files) {
    const op = byPlace.get(place);
    if (op === undefined || results.has(op)) continue;
    if (contentHashOf(bytes) === op.after.hash) wholes.set(op, bytes);
  }
  return wholes;
}

/** What came together is staged side by side, and then put in its places in one go. */
async function placeTogether(
  execution: Execution,
  wholes: ReadonlyMap<PutOp, Uint8Array>,
  results: Results,
): Promise<void> {
  const options = { parallel: transfersOf(execution.deps), signal: execution.work.signal };
  const all: StagedDownload[] = [];
  await forEachLimited(wholes, options, async ([op, bytes]) => {
    const failed = await outcomeOf(async () => {
      const staged = await stageDownload(execution, op, bytes);
      if ("state" in staged) return staged;
      all.push(staged);
      return done;
    });
    if (isSnapError(failed) || failed.state !== "done") results.set(op, failed);
  });
  const ends = await performTogether(execution, all);
  for (const [at, staged] of all.entries()) {
    const end = present(ends[at], "the end of a download");
    const result = isSnapError(end) ? end : await endDownload(execution, staged, end);
    results.set(staged.op, result);
  }
}

/** Files by the keys from a folder down to them. */
function placesBelow(
  tree: TreeView<RemoteEntry>,
  folder: NodeId,
  ops: readonly PutOp[],
): ReadonlyMap<string, PutOp> {
  const byPlace = new Map<string, PutOp>();
  for (const op of ops) {
    const place = placeBelow(tree, folder, op.node);
    if (place !== undefined) byPlace.set(place, op);
  }
  return byPlace;
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
