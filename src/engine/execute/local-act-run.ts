import type { ActOutcome, LocalAct } from "../../core/plan/local-act.ts";
import type { ActOp } from "./commit-act.ts";
import { cancelled, done, newOpId, type Execution, type OpResult } from "./execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { intentOf } from "./intents.ts";
import { logAct } from "./op-log.ts";

/** An act, and what the index remembers of it once it is done. */
export type CommittedAct = {
  readonly op: ActOp;
  readonly act: LocalAct;
  /** Called inside the transaction that ends the intent. */
  readonly commit: (outcome: ActOutcome) => void;
};

/**
 * Carry out an act on the disk between its intent and its commit, both durable (S54, S73, S74). An act that found something
 * else than was seen leaves the disk as the user has it, and the op is cancelled.
 */
export async function performCommitted(
  execution: Execution,
  { op, act, commit }: CommittedAct,
): Promise<OpResult> {
  const { index, local, rng } = execution.deps;
  const id = newOpId(rng);
  const intent = intentOf(id, op.node, { step: "act", act, op });
  await execution.commits.commit(() => index.putIntent(intent));
  const outcome = await local.perform(act);
  if (outcome.state === "cancelled") {
    await execution.commits.commit(() => index.removeIntent(id));
    return cancelled("the disk changed meanwhile");
  }
  await execution.commits.commit(() => {
    index.removeIntent(id);
    spendTokens(execution.deps, op);
    commit(outcome);
    logAct(execution, op, { act, outcome });
  });
  return done;
}
