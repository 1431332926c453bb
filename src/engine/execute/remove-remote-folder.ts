import { foldersAboveIn } from "../../core/plan/diff.ts";
import type { RemoveOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { batchEntriesMax } from "../../core/tree/remote-batches.ts";
import { isBelow, pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore, RemoteSide } from "../../ports.ts";
import { inRuns } from "../../std/in-runs.ts";
import { isSnapError, throwIfAborted, type SnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { commitRemoval, forget } from "./commit.ts";
import { cancelled, done, type Execution, type OpResult } from "./execution.ts";
import { batchMin } from "../limits.ts";
import { commitOp } from "./op-log.ts";
import { changedThere } from "./remote-look.ts";
import { removeEmptied } from "./remove-emptied.ts";
import { listing } from "./skeleton.ts";

/**
 * Remove a folder from the server (S63). The server offers no precondition for folders, so content is never deleted through
 * one: first the files go, each with the revision that was seen; then the empty folders are moved away and looked
 * through once more, and only then removed.
 */
export async function removeRemoteFolder(execution: Execution, op: RemoveOp): Promise<OpResult> {
  const { index } = execution.deps;
  const path = pathOf(index.remote, op.node);
  if (path === undefined || !execution.mayGo(op.node)) return cancelled(changedThere);
  await deleteKnownFiles(execution, op, path);
  const rest = await listing(execution.deps, path);
  if (!rest.every((item) => isKnownFolder(execution, op, item))) {
    forgetWhatStays(execution.deps.index, op, rest);
    return cancelled("something in it stays on the server");
  }
  const remoteId = index.remote.get(op.node)?.remoteId ?? "";
  const emptied = { node: op.node, path, remoteId, folders: rest };
  const { found, intent } = await removeEmptied(execution.deps, emptied, execution.work);
  await commitOp(execution, op, () => {
    index.removeIntent(intent);
    execution.tally.count("removedRemote", commitRemoval(index, "remote", op.node));
  });
  if (found > 0) execution.deps.logger.info("kept what was new in a removed folder", { path });
  return done;
}

/** Those that the plan wants gone, each unless it was edited meanwhile: then the edit stays (S62). */
async function deleteKnownFiles(
  execution: Execution,
  op: RemoveOp,
  folder: RelPath,
): Promise<void> {
  const { remote, index } = execution.deps;
  const files: RemoteItem[] = [];
  for (const item of await listing(execution.deps, folder)) {
    if (item.kind !== "file" || !mayGo(execution, op, item)) continue;
    const node = index.nodeOfRemoteId(item.remoteId);
    const seen = node === undefined ? undefined : index.remote.get(node);
    if (seen?.rev === item.rev) files.push(item);
  }
  for (const some of inRuns(files, batchEntriesMax)) {
    throwIfAborted(execution.work.signal);
    const errors = await deleteSome(remote, some, execution.work);
    const trouble = errors.find((error) => error !== undefined && !isSettled(error));
    if (trouble !== undefined) throw trouble;
  }
}

/** It was edited meanwhile, and stays, or is gone already. */
function isSettled({ code }: SnapError): boolean {
  return code === "conflict" || code === "not-found";
}

/** Few need no more calls each by itself. */
async function deleteSome(
  remote: RemoteSide,
  files: readonly RemoteItem[],
  work: Work,
): Promise<readonly (SnapError | undefined)[]> {
  if (files.length >= batchMin) return await remote.deleteEach(files, work);
  const errors: SnapError[] = [];
  for (const { path, rev } of files) {
    try {
      await remote.deleteFile(path, rev);
    } catch (error) {
      if (!isSnapError(error)) throw error;
      errors.push(error);
    }
  }
  return errors;
}

function isKnownFolder(execution: Execution, op: RemoveOp, item: RemoteItem): boolean {
  return item.kind === "folder" && mayGo(execution, op, item);
}

/** Whether the trees know it below the folder, and the plan wants it gone with it. */
function mayGo({ deps, mayGo: wanted }: Execution, op: RemoveOp, item: RemoteItem): boolean {
  const node = deps.index.nodeOfRemoteId(item.remoteId);
  if (node === undefined || deps.index.remote.get(node)?.scope !== "in") return false;
  return wanted(node) && isBelow(deps.index.remote, node, op.node);
}

/**
 * What no plan speaks of, since it is ignored or refused here, stays with the folders above it (S91). Those are new on the
 * server from now on, and come down again: the next plan would want them gone for ever.
 */
function forgetWhatStays(index: IndexStore, op: RemoveOp, rest: readonly RemoteItem[]): void {
  const nodes = rest.map(({ remoteId }) => index.nodeOfRemoteId(remoteId));
  const outside = nodes
    .filter((node) => node !== undefined)
    .filter((node) => (index.remote.get(node)?.scope ?? "in") !== "in");
  const above = foldersAboveIn(index.remote, outside);
  const staying = [...above].filter(
    (node) => node === op.node || isBelow(index.remote, node, op.node),
  );
  index.transaction(() => {
    for (const node of staying) forget(index, node);
  });
}
