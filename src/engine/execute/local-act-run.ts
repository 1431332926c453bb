import { forEachLimited } from "../../std/limiter.ts";
import type { ActOutcome, LocalAct } from "../../core/plan/local-act.ts";
import { present } from "../../std/assert.ts";
import type { SnapError } from "../../std/error.ts";
import type { ActOp } from "./commit-act.ts";
import { cancelled, done, newOpId, outcomeOf, type Execution, type OpResult } from "./execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { intentOf } from "./intents.ts";
import { logAct } from "./op-log.ts";

/** Acts of several that run side by side: each holds some folders open. */
const actsAtOnce = 32;

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
export async function performCommitted(execution: Execution, act: CommittedAct): Promise<OpResult> {
  const [end] = await performEach(execution, [act]);
  return resultOf(present(end, "the end of the act"));
}

/**
 * The same for acts that have nothing to do with each other: they share the transaction of their intents and that of their commits,
 * which cost more than most acts do.
 *
 * @returns how each of them ended, in their order @throws {SnapError} what ends the whole sync; what was done is committed
 */
export async function performTogether(
  execution: Execution,
  acts: readonly CommittedAct[],
): Promise<readonly (OpResult | SnapError)[]> {
  const ends = await performEach(execution, acts);
  return await Promise.all(ends.map((end) => outcomeOf(async () => resultOf(end))));
}

type Performed = { readonly outcome: ActOutcome } | { readonly error: unknown };

async function performEach(
  execution: Execution,
  acts: readonly CommittedAct[],
): Promise<readonly Performed[]> {
  const { index, local, rng } = execution.deps;
  const begun = acts.map((each) => ({ ...each, id: newOpId(rng) }));
  await execution.commits.commit(() => {
    for (const { id, op, act } of begun) {
      index.putIntent(intentOf(id, op.node, { step: "act", act, op }));
    }
  });
  const ends: Performed[] = [];
  await forEachLimited(begun.entries(), { parallel: actsAtOnce }, async ([place, { act }]) => {
    ends[place] = await local.perform(act).then(
      (outcome) => ({ outcome }),
      (error: unknown) => ({ error }),
    );
  });
  await execution.commits.commit(() => {
    for (const [place, each] of begun.entries()) commitEnd(execution, each, ends[place]);
  });
  return ends;
}

/** The intent of an act that failed stays: what became of it is found out from the disk (S74). */
function commitEnd(
  execution: Execution,
  { id, op, act, commit }: CommittedAct & { readonly id: string },
  end: Performed | undefined,
): void {
  if (end === undefined || "error" in end) return;
  const { outcome } = end;
  execution.deps.index.removeIntent(id);
  if (outcome.state === "cancelled") return;
  spendTokens(execution.deps, op);
  commit(outcome);
  logAct(execution, op, { act, outcome });
}

function resultOf(end: Performed): OpResult {
  if ("error" in end) throw end.error;
  return end.outcome.state === "cancelled" ? cancelled("the disk changed meanwhile") : done;
}
