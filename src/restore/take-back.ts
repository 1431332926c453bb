import { recoveryStepOf } from "../core/snapshot/restore-state.ts";
import { describeError } from "../std/error.ts";
import { finish } from "./conclude.ts";
import type { Run } from "./run.ts";

/**
 * After an error: take the restore back if nothing was swapped yet (T30). If that fails too, the next start does it;
 * the error that the user is told stays the first one.
 */
export async function takeBackAfter(run: Run, error: unknown): Promise<void> {
  try {
    if (recoveryStepOf[run.row.state] === "back") await takeBack(run);
  } catch (second) {
    const message = `${describeError(error)}; what was begun is cleared away at the next start: ${describeError(second)}`;
    run.deps.onEvent({ type: "warning", message });
  }
}

/** Clear away what was staged, lift the fence, and say that nothing was done. The safety snapshot stays. */
export async function takeBack(run: Run): Promise<void> {
  const { deps, id } = run;
  await deps.local.removeArea({ kind: "staging", id });
  if (deps.journal.fence() === id) {
    if (deps.engine === undefined) deps.journal.setFence(undefined);
    else deps.engine.lowerFence(id);
  }
  finish(run, { state: "not-done", left: run.facts.left, exit: 3 });
  const failure = await deps.hooks(run.row).after("not-done");
  if (failure !== undefined) deps.onEvent({ type: "warning", message: failure });
}
