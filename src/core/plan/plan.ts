import { pathKeyOf } from "../path/path-key.ts";
import type { Conflict, MergeResult, Trees } from "../merge/merge-result.ts";
import { changesOf, foldersAbove, type SideChanges } from "./diff.ts";
import { dropBlocked } from "./feasible.ts";
import { asideOps, indexOps } from "./index-ops.ts";
import type { Op, OpKind } from "./op.ts";
import { phases, Sequencer, type StepOf } from "./order.ts";
import { Places } from "./places.ts";

/** How many ops of each kind a plan has; kinds without ops are absent. */
export type PlanSummary = Readonly<Partial<Record<OpKind, number>>>;

/**
 * The ops that turn both sides into the target, in the order in which they run (S47–S49). `trees` are those that
 * were merged.
 *
 * A plan with hashes to ask for, with conflicts or with held nodes is not the whole way: what depends on these is
 * left out, and comes with the plan of the next merge.
 *
 * @param stepOf the order of what belongs together (G45); none where it is absent
 */
export function plan(result: MergeResult, trees: Trees, stepOf?: StepOf): readonly Op[] {
  const pinned = foldersAbove(result);
  const conflicts = result.conflicts.filter(({ node }) => !pinned.has(node));
  const sides = (["local", "remote"] as const)
    .map((side) => changesOf(result, side, pinned))
    .filter(hasChanges)
    .map((changes) => sequencerOf(changes, { conflicts, stepOf }));
  return [
    ...indexOps(result, trees),
    ...asideOps(result, conflicts),
    ...phases.flatMap((phase) => sides.flatMap((sequencer) => sequencer.write(phase))),
  ];
}

/** How many ops of each kind there are. */
export function summaryOf(ops: readonly Op[]): PlanSummary {
  const counts = new Map<OpKind, number>();
  for (const { kind } of ops) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function hasChanges({ creates, moves, rewrites, removes }: SideChanges): boolean {
  return creates.size + moves.size + rewrites.size + removes.size > 0;
}

type Order = { readonly conflicts: readonly Conflict[]; readonly stepOf: StepOf | undefined };

function sequencerOf(changes: SideChanges, { conflicts, stepOf }: Order): Sequencer {
  const { side } = changes;
  const places = new Places(side, changes.tree);
  if (side === "local") for (const conflict of conflicts) putAside(places, conflict);
  dropBlocked(changes, places);
  return new Sequencer(changes, places, stepOf);
}

function putAside(places: Places, { node, copyNode, copyName, parent }: Conflict): void {
  places.set(node, undefined);
  places.set(copyNode, { parent, name: copyName, key: pathKeyOf(copyName) });
}
