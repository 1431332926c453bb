import { merge } from "../core/merge/merge.ts";
import type { MergeResult } from "../core/merge/merge-result.ts";
import type { Op } from "../core/plan/op.ts";
import { plan } from "../core/plan/plan.ts";
import { isoDate } from "../std/time.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { remoteInScope, type Observed } from "./observe.ts";
import { arrivingRules } from "./scope.ts";

/** What would make both sides equal, as far as both are known. */
export type Planned = {
  readonly ops: readonly Op[];
  readonly result: MergeResult;
  /** Removals wait for the next cycle. */
  readonly waits: boolean;
};

/** Merge the three trees and plan (S1). Only the counter of node ids is written. */
export function makePlan(deps: EngineDeps, observed: Observed): Planned {
  const { index, config, clock } = deps;
  const trees = { synced: index.synced, local: index.local, remote: remoteInScope(index) };
  const result = index.transaction(() =>
    merge({
      ...trees,
      frozen: (node) => observed.frozen.nodes.has(node),
      device: config.device,
      date: isoDate(clock.now()),
      newNode: () => index.newNode(),
    }),
  );
  const all = plan(result, trees);
  // New rules from the server come down alone, and apply before the rest is planned (S90).
  const rules = arrivingRules(index);
  if (rules !== undefined && !observed.frozen.nodes.has(rules)) {
    return { ops: all.filter(({ node }) => node === rules), result, waits: false };
  }
  if (!observed.scope.changed) return { ops: all, result, waits: false };
  // When the rules have changed, removals wait for one cycle (S79, "rules").
  const ops = all.filter((op) => !isRemoval(op));
  return { ops, result, waits: ops.length < all.length };
}

function isRemoval({ kind }: Op): boolean {
  return kind === "L.trash" || kind === "R.delete" || kind === "R.deleteDir";
}
