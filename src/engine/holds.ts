import { holdDigestOf, keyOfHeld } from "../core/plan/hold-digest.ts";
import { withoutHeld } from "../core/plan/hold-back.ts";
import { judge, type GuardFacts, type Verdict } from "../core/plan/holds.ts";
import {
  isRemoval,
  kindOfGuard,
  sideOf,
  suspectsOf,
  type Guard,
  type Suspect,
  type Suspects,
} from "../core/plan/suspects.ts";
import type { Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { MergeResult } from "../core/merge/merge-result.ts";
import type { HeldItem, HoldRow } from "../core/tree/index-rows.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { noCensus, takeCensus, type Census } from "./holds-census.ts";
import { guardOfHold } from "../core/plan/hold-words.ts";
import { leftByHold } from "./holds-report.ts";

/** The part of a plan that may run, and what to tell of the rest. */
export type Guarded = { readonly ops: readonly Op[]; readonly left: readonly LeftPath[] };

/** What a guard looks at: ops, and the merge that they were planned from. */
export type GuardedPlan = { readonly ops: readonly Op[]; readonly result: MergeResult };

/**
 * The mass guards over one round of observe, merge and plan (S79). Every planned op goes through `pass`, slice by slice;
 * `end` is called when the whole round was planned.
 *
 * A set is noted as held before the rest of its slice runs, so it survives a restart (S82). A set that the user confirmed
 * passes, and so does what a crash left of it; anything else than that is another set (S80). The confirmation ends with
 * the first round that plans none of it any more: that is how "once" is kept without losing it to a crash.
 */
export class RoundGuard {
  readonly #deps: EngineDeps;
  readonly #isRecorded: boolean;
  readonly #known: readonly KnownHold[];
  /** Digests of sets that were planned in this round. */
  readonly #seen = new Set<string>();
  #census: Census = noCensus;

  /** @param options.record false: nothing is written, for a look at what would be done */
  constructor(deps: EngineDeps, options: { readonly record: boolean } = { record: true }) {
    this.#deps = deps;
    this.#isRecorded = options.record;
    this.#known = deps.holds.holds().map((row) => new KnownHold(row));
  }

  /**
   * Look at all dirty nodes, so that the first slice is judged by what all of them hold. To be called before the first `pass`
   * where the round has more than one slice.
   *
   * @param frozen nodes that are unknown or held, each with everything below it (S29)
   */
  census(frozen: ReadonlySet<NodeId>): void {
    this.#census = takeCensus(this.#deps, frozen);
  }

  /** Take out what has to wait for the user, with what depends on it (S50). */
  pass({ ops, result }: GuardedPlan): Guarded {
    const wanted = (node: NodeId): string | undefined => this.#deps.tokens.wanted(node);
    const suspects = withCensus(suspectsOf(ops, result, wanted), this.#census);
    const held = new Set<Op>();
    const left: LeftPath[] = [];
    for (const verdict of judge(suspects, this.#facts())) {
      const stopped = ops.filter((op) => isStopped(op, verdict));
      if (stopped.length === 0) continue;
      const row = this.#settle(verdict);
      if (row.state === "confirmed") continue;
      for (const op of stopped) held.add(op);
      left.push(leftByHold(verdict, row.digest, () => this.#deps.index.synced.count()));
    }
    return { ops: withoutHeld(ops, held, result), left };
  }

  /** The round was planned to its end: what no guard named is not planned any more, and its hold goes (S82). */
  end(): void {
    const gone = this.#known.filter(({ row }) => !this.#seen.has(row.digest));
    if (gone.length === 0 || !this.#isRecorded) return;
    this.#deps.index.transaction(() => {
      for (const { row } of gone) this.#deps.holds.removeHold(row.digest);
    });
  }

  /** The hold of a set: one that the user confirmed, or an open one with just these items. */
  #settle({ guard, items }: Verdict): Pick<HoldRow, "digest" | "state"> {
    const before = this.#known.filter((hold) => hold.guard === guard);
    const consent = before.find(
      (hold) => hold.row.state === "confirmed" && items.every((item) => hold.has(item)),
    );
    if (consent !== undefined) {
      this.#seen.add(consent.row.digest);
      return consent.row;
    }
    const digest = holdDigestOf(items);
    if (this.#seen.has(digest)) return { digest, state: "open" };
    this.#seen.add(digest);
    const same = before.find(({ row }) => row.digest === digest);
    if (same !== undefined) return same.row;
    const since = before.filter((hold) => items.some((item) => hold.has(item)));
    const madeAt = since.reduce((first, { row }) => Math.min(first, row.madeAt), this.#now());
    const row: HoldRow = { digest, kind: kindOfGuard[guard], items, state: "open", madeAt };
    if (this.#isRecorded) this.#deps.index.transaction(() => this.#deps.holds.putHold(row));
    return row;
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  #facts(): GuardFacts {
    const { index } = this.#deps;
    return {
      tracked: () => index.synced.count(),
      filesBelow: (count) => hasFewerFiles(this.#deps, count),
      isEarlier: ({ node, hash }) => index.history(node).some((state) => state.hash === hash),
      wasHeld: (guard, item) => this.#known.some((hold) => hold.guard === guard && hold.has(item)),
    };
  }
}

/** A hold of an earlier round, its items by their text. */
class KnownHold {
  readonly row: HoldRow;
  readonly guard: Guard;
  readonly #items: ReadonlySet<string>;

  constructor(row: HoldRow) {
    this.row = row;
    this.guard = guardOfHold(row);
    this.#items = new Set(row.items.map(keyOfHeld));
  }

  has(item: HeldItem): boolean {
    return this.#items.has(keyOfHeld(item));
  }
}

/** Reads as few rows as tell: the cost follows the number of changes (S5). */
function hasFewerFiles({ index }: EngineDeps, count: number): boolean {
  let files = 0;
  for (const { kind } of index.synced.all()) {
    if (kind === "file") files += 1;
    if (files >= count) return false;
  }
  return true;
}

/** Of one slice, and of those to come. */
function withCensus(suspects: Suspects, census: Census): Suspects {
  return {
    ...suspects,
    change: joined(suspects.change, census.change),
    conflict: joined(suspects.conflict, census.conflict),
  };
}

function joined(slice: readonly Suspect[], all: readonly Suspect[]): readonly Suspect[] {
  if (all.length === 0) return slice;
  const counted = new Set(all.map(({ node }) => node));
  return [...all, ...slice.filter(({ node }) => !counted.has(node))];
}

/** Whether an op is of the kind that a guard stops, on a node that it named. */
function isStopped(op: Op, { guard, nodes }: Verdict): boolean {
  if (!nodes.has(op.node)) return false;
  switch (guard) {
    case "local-delete":
      return isRemoval(op) && sideOf(op) === "local";
    case "remote-delete":
      return isRemoval(op) && sideOf(op) === "remote";
    case "rollback":
    case "change":
      return op.kind === "R.put" && op.before !== undefined;
    case "conflict":
      return op.kind === "L.aside";
  }
}
