import type { MoveOp, Op } from "../../core/plan/op.ts";
import { transfersMax } from "../../core/settings/values.ts";
import { isSnapError, throwIfAborted, type SnapError } from "../../std/error.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { formerPath } from "./confirm-remote.ts";
import { downloadFile } from "./download.ts";
import { hashLocal, runIndexOp, type IndexOp } from "./execute-index.ts";
import { makeLocalFolder, moveLocal, stepAside, trashLocal } from "./execute-local.ts";
import { deleteRemoteFile, makeRemoteFolder, moveRemote } from "./execute-remote.ts";
import { cancelled, type Execution, type OpResult } from "./execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { troublesInRowMax } from "../limits.ts";
import { logOp } from "./op-log.ts";
import { removeRemoteFolder } from "./remove-remote-folder.ts";
import { bringIn, takeOutLocal, takeOutRemote } from "./ring.ts";
import { uploadFile } from "./upload.ts";

/** How an op ended, failures included: those leave the item aside, with its reason (S85). */
export type Result = OpResult | { readonly state: "parked"; readonly error: SnapError };

/** Told of each op when it has ended; for ops of the index inside their transaction. */
export type ResultListener = (op: Op, result: Result) => void;

/**
 * Run a plan in its order (S48). Transfers that follow each other travel side by side; everything else goes one by one,
 * since a place may be needed that the op before it vacates (S49).
 *
 * @throws {SnapError} what ends the whole sync: systemic errors, many transient ones in a row (S84), and `interrupted`
 * when the signal fired; ops under way have ended then.
 */
export async function execute(
  execution: Execution,
  ops: readonly Op[],
  onResult: ResultListener,
): Promise<void> {
  announceQuestions(execution, ops);
  const { signal } = execution.work;
  const troubles = new Troubles();
  for (const stretch of stretches(ops, (op) => execution.repositories.stepOf(op))) {
    throwIfAborted(signal);
    if (stretch.kind === "index") {
      runIndexOps(execution, stretch.ops, onResult);
      continue;
    }
    const { transfers = transfersMax } = execution.deps.config;
    const parallel = stretch.kind === "transfer" ? transfers : 1;
    await forEachLimited(stretch.ops, { parallel, signal }, async (op) => {
      if (troubles.stop(op)) {
        execution.repositories.fail(op);
        return;
      }
      const result = await attempt(execution, op);
      execution.tally.step(op.path);
      onResult(op, result);
      troubles.count(op, result);
    });
  }
  troubles.end();
}

/** Ops that act on a side, or read it. */
type SideOp = Exclude<Op, IndexOp>;

type Stretch =
  | { readonly kind: "index"; readonly ops: IndexOp[] }
  | {
      readonly kind: "transfer" | "single";
      readonly step: number | undefined;
      readonly ops: SideOp[];
    };

/** Ops that follow each other and run alike; one step after the other where they have any (G45). */
function stretches(ops: readonly Op[], stepOf: (op: Op) => number | undefined): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const op of ops) {
    const last = found.at(-1);
    if (isIndexOp(op)) {
      if (last?.kind === "index") last.ops.push(op);
      else found.push({ kind: "index", ops: [op] });
      continue;
    }
    const kind = isTransfer(op) ? "transfer" : "single";
    const step = stepOf(op);
    const isSame = last !== undefined && last.kind !== "index" && last.kind === kind;
    if (isSame && last.step === step) last.ops.push(op);
    else found.push({ kind, step, ops: [op] });
  }
  return found;
}

function isIndexOp(op: Op): op is IndexOp {
  return op.kind === "S.adopt" || op.kind === "S.forget" || op.kind === "S.rebind";
}

function isTransfer({ kind }: Op): boolean {
  return kind === "L.put" || kind === "R.put" || kind === "ASK.hash";
}

/** One transaction for all: a first sync of equal sides adopts a hundred thousand files. */
function runIndexOps(
  execution: Execution,
  ops: readonly IndexOp[],
  onResult: ResultListener,
): void {
  execution.deps.index.transaction(() => {
    for (const op of ops) {
      const result = runIndexOp(execution, op);
      if (result.state === "done") spendTokens(execution.deps, op);
      logOp(execution, op, result.state === "done" ? "done" : `cancelled: ${result.reason}`);
      onResult(op, result);
    }
  });
}

/** Every error ends in the result of its op, or ends the sync (S85). */
async function attempt(execution: Execution, op: SideOp): Promise<Result> {
  try {
    const refusal = await refusalOf(execution, op);
    const result = refusal === undefined ? await runOp(execution, op) : cancelled(refusal);
    if (result.state === "cancelled") {
      execution.repositories.fail(op);
      await noteUndone(execution, op, result.reason);
    }
    return result;
  } catch (error) {
    if (!isSnapError(error) || error.class === "systemic") throw error;
    execution.repositories.fail(op);
    await noteUndone(execution, op, error.message);
    return { state: "parked", error };
  }
}

/** G21: right before the first upload into a new folder, it is looked at once more. G45: a repository has an order. */
async function refusalOf(execution: Execution, op: SideOp): Promise<string | undefined> {
  const isUpload = op.kind === "R.put" || op.kind === "R.mkdir";
  if (isUpload && !(await execution.mayGoUp(op.node))) {
    return "its folder is, or may be, a repository now";
  }
  return await execution.repositories.refusal(op);
}

function noteUndone(execution: Execution, op: Op, reason: string): Promise<void> {
  execution.deps.logger.debug("an op was not done", { kind: op.kind, path: op.path, reason });
  return execution.commits.commit(() => logOp(execution, op, `not done: ${reason}`));
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

/** Tells the confirmation what it will be asked, so that it can list a folder once instead (S33). */
function announceQuestions({ deps, confirm }: Execution, ops: readonly Op[]): void {
  for (const op of ops) {
    if (op.kind !== "L.trash") continue;
    const path = formerPath(deps.index, op.node);
    if (path !== undefined) confirm.expect(path);
  }
}

/** Ops whose calls fail together (S84). */
type CallClass = "upload" | "download" | "write";

function callClassOf({ kind }: Op): CallClass | undefined {
  if (kind === "R.put") return "upload";
  if (kind === "L.put") return "download";
  return kind.startsWith("R.") ? "write" : undefined;
}

/**
 * Counts transient errors that follow each other in one class of calls; each came after the retries of the port (S84). After
 * too many the class rests, what is left of it stays for the next sync, and the other classes go on.
 */
class Troubles {
  readonly #inRow = new Map<CallClass, number>();
  readonly #stopped = new Map<CallClass, SnapError>();

  /** Whether an op is not tried any more. */
  stop(op: Op): boolean {
    const callClass = callClassOf(op);
    return callClass !== undefined && this.#stopped.has(callClass);
  }

  /** @throws {SnapError} `offline` where that is the trouble: no class goes on without a line. */
  count(op: Op, result: Result): void {
    const callClass = callClassOf(op);
    if (callClass === undefined) return;
    const error = result.state === "parked" ? result.error : undefined;
    const inRow = error?.class === "transient" ? (this.#inRow.get(callClass) ?? 0) + 1 : 0;
    this.#inRow.set(callClass, inRow);
    if (error === undefined || inRow < troublesInRowMax) return;
    if (error.code === "offline") throw error;
    this.#stopped.set(callClass, error);
  }

  /** @throws {SnapError} what stopped a class: the sync has not come to its end. */
  end(): void {
    for (const error of this.#stopped.values()) throw error;
  }
}
