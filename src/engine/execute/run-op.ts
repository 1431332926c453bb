import type { MkdirOp, MoveOp, Op, PutOp, RemoveOp } from "../../core/plan/op.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { troublesInRowMax } from "../limits.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { copyThere, isCopyable } from "./copy-there.ts";
import { downloadFile } from "./download.ts";
import { downloadTogether } from "./download-together.ts";
import { hashLocal } from "./execute-index.ts";
import { makeLocalFolder, moveLocal, stepAside, trashLocal } from "./execute-local.ts";
import {
  deleteRemoteFile,
  deleteRemoteFiles,
  makeRemoteFolder,
  makeRemoteFolders,
  moveRemote,
} from "./execute-remote.ts";
import type { FolderDownload } from "./folder-downloads.ts";
import { cancelled, outcomeOf, transfersOf, type Execution, type OpResult } from "./execution.ts";
import { moveTogether } from "./move-together.ts";
import { logOp } from "./op-log.ts";
import { removeRemoteFolder } from "./remove-remote-folder.ts";
import { bringIn, takeOutLocal, takeOutRemote } from "./ring.ts";
import type { SideOp, Task } from "./stretches.ts";
import { uploadFile } from "./upload.ts";
import { uploadTogether } from "./upload-together.ts";

/** How an op ended, failures included: those leave the item aside, with its reason (S85). */
export type Result = OpResult | { readonly state: "parked"; readonly error: SnapError };

/** Run ops that belong together; every error ends in the result of its op, or ends the sync (S85). */
export async function runTask(
  execution: Execution,
  task: Task,
): Promise<ReadonlyMap<SideOp, Result>> {
  const results = new Map<SideOp, Result>();
  const ready: SideOp[] = [];
  for (const op of task.ops) {
    const refusal = await refusalOf(execution, op);
    if (refusal === undefined) ready.push(op);
    else results.set(op, await ended(execution, op, cancelled(refusal)));
  }
  const together = await runTogether(ready, () => callTogether(execution, ready, task.folder));
  // What the call left of others than transfers may be in each other's way.
  const areTransfers = ready.every(({ kind }) => kind === "R.put" || kind === "L.put");
  const parallel = areTransfers ? transfersOf(execution.deps) : 1;
  const { signal } = execution.work;
  const troubles: SnapError[] = [];
  await forEachLimited(ready, { parallel }, async (op) => {
    const told = together.get(op) ?? (troubles.length < troublesInRowMax ? undefined : troubles[0]);
    // What has come to its end is told of, whenever the signal fires.
    if (told === undefined && signal?.aborted && ready.length > 1) return;
    const outcome = told ?? (await outcomeOf(() => runOp(execution, op)));
    if (isSnapError(outcome) && outcome.class === "transient") troubles.push(outcome);
    else troubles.length = 0;
    results.set(op, await ended(execution, op, outcome));
  });
  return results;
}

type Outcome = OpResult | SnapError;

async function ended(execution: Execution, op: SideOp, outcome: Outcome): Promise<Result> {
  const isError = isSnapError(outcome);
  if (!isError && outcome.state === "done") return outcome;
  execution.repositories.fail(op);
  await noteUndone(execution, op, isError ? outcome.message : outcome.reason);
  return isError ? { state: "parked", error: outcome } : outcome;
}

function noteUndone(execution: Execution, op: Op, reason: string): Promise<void> {
  execution.deps.logger.debug("an op was not done", { kind: op.kind, path: op.path, reason });
  return execution.commits.commit(() => logOp(execution, op, `not done: ${reason}`));
}

/** G21: right before the first upload into a new folder, it is looked at once more. G45: a repository has an order. */
async function refusalOf(execution: Execution, op: SideOp): Promise<string | undefined> {
  const isUpload = op.kind === "R.put" || op.kind === "R.mkdir";
  if (isUpload && !(await execution.mayGoUp(op.node))) {
    return "its folder is, or may be, a repository now";
  }
  return await execution.repositories.refusal(op);
}

/** By as few calls as the server has for it (S58). What has no result goes by itself; a call that failed is that of all. */
async function runTogether(
  ops: readonly SideOp[],
  run: () => Promise<ReadonlyMap<SideOp, Outcome>>,
): Promise<ReadonlyMap<SideOp, Outcome>> {
  try {
    return await run();
  } catch (error) {
    if (!isSnapError(error) || error.class === "systemic") throw error;
    // A refusal may be meant for one of them: each by itself tells.
    return new Map(error.class === "transient" ? ops.map((op) => [op, error]) : []);
  }
}

async function callTogether(
  execution: Execution,
  ops: readonly SideOp[],
  folder: FolderDownload | undefined,
): Promise<ReadonlyMap<SideOp, Outcome>> {
  if (folder !== undefined) {
    const wanted = ops.filter((op): op is PutOp => op.kind === "L.put");
    return await downloadTogether(execution, { ...folder, ops: wanted });
  }
  const puts = ops.filter((op): op is PutOp => op.kind === "R.put");
  if (puts.length > 0) return await bringUp(execution, puts);
  if (ops.length < 2) return new Map();
  const folders = ops.filter((op): op is MkdirOp => op.kind === "R.mkdir");
  if (folders.length > 0) return await makeRemoteFolders(execution, folders);
  const moves = ops.filter((op): op is MoveOp => op.kind === "R.move");
  if (moves.length > 0) return await moveTogether(execution, moves);
  const files = ops.filter((op): op is RemoveOp => op.kind === "R.delete");
  if (files.length > 0) return await deleteRemoteFiles(execution, files);
  return new Map();
}

const none: ReadonlyMap<SideOp, Outcome> = new Map();

/** What is there already is copied there, the rest goes together. */
async function bringUp(
  execution: Execution,
  ops: readonly PutOp[],
): Promise<ReadonlyMap<SideOp, Outcome>> {
  const copied = ops.some(isCopyable) ? await copyThere(execution, ops) : none;
  const rest = ops.filter((op) => !copied.has(op));
  if (rest.length < 2) return copied;
  const sent = await runTogether(rest, () => uploadTogether(execution, rest));
  return new Map<SideOp, Outcome>([...copied, ...sent]);
}

function runOp(execution: Execution, op: SideOp): Promise<OpResult> {
  switch (op.kind) {
    case "L.mkdir":
      return makeLocalFolder(execution, op);
    case "R.mkdir":
      return makeRemoteFolder(execution, op);
    case "L.put":
      return downloadFile(execution, op);
    case "R.put":
      return uploadFile(execution, op);
    case "L.aside":
      return stepAside(execution, op);
    case "L.trash":
      return trashLocal(execution, op);
    case "R.delete":
      return deleteRemoteFile(execution, op);
    case "R.deleteDir":
      return removeRemoteFolder(execution, op);
    case "ASK.hash":
      return hashLocal(execution, op);
    case "L.move":
    case "R.move":
      return runMove(execution, op);
  }
}

function runMove(
  execution: Execution,
  op: SideOp & { kind: "L.move" | "R.move" },
): Promise<OpResult> {
  const isLocal = op.kind === "L.move";
  const move = (wanted: MoveOp): Promise<OpResult> =>
    (isLocal ? moveLocal : moveRemote)(execution, wanted);
  switch (op.step) {
    case "direct":
      return move(op);
    case "to-staging":
      return (isLocal ? takeOutLocal : takeOutRemote)(execution, op);
    case "from-staging":
      return bringIn(execution, op, move);
  }
}
