import type { Op } from "../../src/core/plan/op.ts";
import type { DryRun } from "../../src/engine/dry-run.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { PendingExclusions } from "../../src/engine/scope/exclusions-in-force.ts";
import { present } from "../../src/std/assert.ts";

/** All that a dry run tells, at once. */
export type ToldDryRun = DryRun & {
  readonly ops: readonly Op[];
  readonly exclusions: PendingExclusions;
};

/** A dry run to its end. */
export async function dryRunOf(engine: Engine): Promise<ToldDryRun> {
  const ops: Op[] = [];
  let exclusions: PendingExclusions | undefined;
  const { left } = await engine.dryRun({
    onExclusions: (pending) => {
      exclusions = pending;
    },
    onOps: (more) => void ops.push(...more),
  });
  return { ops, left, exclusions: present(exclusions, "exclusions, told before all else") };
}
