import type { Op } from "../../core/plan/op.ts";
import { isRemoval, sideOf, wantedAbsent } from "../../core/plan/suspects.ts";
import { descendants, type TreeView } from "../../core/tree/tree-view.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { tokenDays } from "../limits.ts";

/** A token ends by its age, too: what a restore wanted long ago is no consent any more (S101). */
export function endOldTokens({ tokens, clock }: Pick<EngineDeps, "tokens" | "clock">): void {
  tokens.endBefore(clock.now() - tokenDays * 24 * 3_600_000);
}

/**
 * An op brought about what a restore wants: its part of the token is spent (S101). To be called inside the transaction of its
 * commit, before the rows change: a folder goes with what its rows say is below it.
 */
export function spendTokens({ tokens, index }: Pick<EngineDeps, "tokens" | "index">, op: Op): void {
  const want = tokens.wanted(op.node);
  if (want === undefined || !isDoneBy(op, want)) return;
  if (isRemoval(op)) {
    const tree: TreeView = index[sideOf(op)];
    for (const { node } of descendants(tree, op.node)) {
      if (tokens.wanted(node) === wantedAbsent) tokens.spend(node);
    }
  }
  tokens.spend(op.node);
}

/** Whether nothing is left to do for what is wanted; a node that becomes another one was at its place already (S36). */
function isDoneBy(op: Op, want: string): boolean {
  if (op.kind === "ASK.hash") return false;
  if (op.kind === "S.rebind") return true;
  return (op.after === undefined ? wantedAbsent : op.after.hash) === want;
}
