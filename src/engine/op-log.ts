import type { Op } from "../core/plan/op.ts";
import type { LogRow } from "../core/tree/index-rows.ts";
import type { Entry } from "../core/tree/node.ts";
import { newOpId, type Execution } from "./execution.ts";
import { spendTokens } from "./holds-tokens.ts";

/** Commit an op that is done: what the trees remember of it and its line in the op log, in one transaction (S54, P10). */
export function commitOp(execution: Execution, op: Op, write: () => void): Promise<void> {
  return execution.commits.commit(() => {
    spendTokens(execution.deps, op);
    write();
    logOp(execution, op, "done");
  });
}

/** Called inside a transaction. */
export function logOp({ deps, cycle }: Execution, op: Op, outcome: string): void {
  deps.index.log(rowOf(op, { at: deps.clock.now(), cycle, op: newOpId(deps.rng), outcome }));
}

type Occasion = Pick<LogRow, "at" | "cycle" | "op" | "outcome">;

function rowOf(op: Op, occasion: Occasion): LogRow {
  const from = "from" in op && op.from !== undefined ? `${op.from} ` : "";
  const { kind, path } = op;
  return { ...occasion, kind, path, before: from + brief(op.before), after: brief(op.after) };
}

function brief(entry: Entry | undefined): string {
  if (entry === undefined) return "";
  return entry.kind === "folder" ? "folder" : `${entry.hash ?? "unread"} ${entry.size}`;
}
