import type { Op } from "../../core/plan/op.ts";
import { throwIfAborted } from "../../std/error.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { formerPath } from "./confirm-remote.ts";
import { runIndexOp, type IndexOp } from "./execute-index.ts";
import { transfersOf, type Execution } from "./execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { logOp } from "./op-log.ts";
import { runTask, type Result } from "./run-op.ts";
import { stretches, tasksOf } from "./stretches.ts";
import { Troubles } from "./troubles.ts";

/** Told of each op when it has ended; for ops of the index inside their transaction. */
export type ResultListener = (op: Op, result: Result) => void;

/**
 * Run a plan in its order (S48). Transfers that follow each other travel side by side; everything else goes one by one, or many
 * by one call, since a place may be needed that the op before it vacates (S49, S58).
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
    const { index, remote } = execution.deps;
    const tasks = tasksOf(stretch, { tree: index.remote, givesWhole: remote.givesWhole });
    const parallel = stretch.kind === "transfer" ? transfersOf(execution.deps) : 1;
    await forEachLimited(tasks, { parallel, signal }, async (task) => {
      // The ops of a task make calls of one class.
      if (task.ops.some((op) => troubles.stop(op))) {
        for (const op of task.ops) execution.repositories.fail(op);
        return;
      }
      const work = execution.tally.carry(task.ops, execution.work);
      const results = await runTask({ ...execution, work }, task);
      for (const [op, result] of results) {
        execution.tally.step(op);
        onResult(op, result);
      }
      troubles.count(results);
    });
  }
  troubles.end();
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

/** Tells the confirmation what it will be asked, so that it can list a folder once instead (S33). */
function announceQuestions({ deps, confirm }: Execution, ops: readonly Op[]): void {
  for (const op of ops) {
    if (op.kind !== "L.trash") continue;
    const path = formerPath(deps.index, op.node);
    if (path !== undefined) confirm.expect(path);
  }
}
