import { joinPath, pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { ActOutcome, LocalAct } from "../../core/plan/local-act.ts";
import type { Op } from "../../core/plan/op.ts";
import type { LogRow } from "../../core/tree/index-rows.ts";
import type { Entry } from "../../core/tree/node.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { ActOp } from "./commit-act.ts";
import { newOpId, type Execution } from "./execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";

/** What the log says of a folder that was to go and holds what is not ours to remove; lines of what went come before (S70). */
export const leftoverOutcome = "stays: what is in it is not synced";

/** Who writes a line, and in which cycle. */
export type Logging = Pick<Execution, "deps" | "cycle">;

/** For what is done outside of the ops of a cycle: it goes to the last one. */
export function loggingOf(deps: EngineDeps): Logging {
  return { deps, cycle: Number(deps.index.meta("generation") ?? 0) };
}

/** Commit an op that is done: what the trees remember of it and its line in the op log, in one transaction (S54, P10). */
export function commitOp(execution: Execution, op: Op, write: () => void): Promise<void> {
  return execution.commits.commit(() => {
    spendTokens(execution.deps, op);
    write();
    logOp(execution, op, "done");
  });
}

/** Called inside a transaction. */
export function logOp({ deps, cycle }: Logging, op: Op, outcome: string): void {
  deps.index.log(rowOf(op, { at: deps.clock.now(), cycle, op: newOpId(deps.rng), outcome }));
}

/**
 * The lines of an act on the disk that is done. Where a folder stays, what is in it that went has a line each (P10). Called
 * inside a transaction, before the rows change.
 */
export function logAct(logging: Logging, op: ActOp, { outcome, act }: EndedAct): void {
  if (!outcome.leftover || act.act !== "displace" || op.kind !== "L.trash") {
    return logOp(logging, op, "done");
  }
  for (const [below, { kind }] of act.known) {
    if (kind !== "folder") logLeaf(logging, pathComponents(below).reduce(joinPath, op.path));
  }
  logOp(logging, op, leftoverOutcome);
}

/** An act, and how it ended. */
export type EndedAct = { readonly act: LocalAct; readonly outcome: ActOutcome };

function logLeaf({ deps, cycle }: Logging, path: RelPath): void {
  const facts = { at: deps.clock.now(), cycle, op: newOpId(deps.rng), outcome: "done" };
  deps.index.log({ ...facts, kind: "L.trash", path, before: "", after: "" });
}

/** A node that stood at a staging name was brought to a place. Called inside a transaction. */
export function logHomecoming({ deps, cycle }: Logging, move: Homecoming): void {
  const { side, from, path, entry } = move;
  const facts = { at: deps.clock.now(), cycle, op: newOpId(deps.rng), outcome: "done" };
  const kind = side === "local" ? "L.move" : "R.move";
  deps.index.log({ ...facts, kind, path, before: `${from} ${brief(entry)}`, after: brief(entry) });
}

/** What was brought home from where. */
export type Homecoming = {
  readonly side: "local" | "remote";
  readonly from: RelPath;
  readonly path: RelPath;
  readonly entry: Entry | undefined;
};

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
