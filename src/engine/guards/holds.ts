import { Exclusions } from "../../core/exclusions.ts";
import { FrozenNodes } from "../../core/merge/held.ts";
import { fateOfHeld, holdDigestOf, keyOfHeld } from "../../core/plan/hold-digest.ts";
import { withoutHeld } from "../../core/plan/hold-back.ts";
import { judge, type GuardFacts, type Verdict } from "../../core/plan/holds.ts";
import {
  isRemoval,
  joined,
  kindOfGuard,
  noSuspects,
  sideOf,
  suspectsOf,
  type Guard,
  type Suspects,
} from "../../core/plan/suspects.ts";
import type { Op } from "../../core/plan/op.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { MergeResult } from "../../core/merge/merge-result.ts";
import type { HeldItem, HoldRow } from "../../core/tree/index-rows.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { takeCensus } from "./holds-census.ts";
import { guardOfHold } from "../../core/plan/hold-words.ts";
import { leftByHold } from "./holds-report.ts";
import { censusBeside, opsBeside } from "./leaving.ts";

/** The part of a plan that may run, and what to tell of all that was held in the round so far. */
export type Guarded = { readonly ops: readonly Op[]; readonly left: readonly LeftPath[] };

/** What a guard looks at: ops, and the merge that they were planned from. */
export type GuardedPlan = {
  readonly ops: readonly Op[];
  readonly result: MergeResult;
  /** Those of the ops that do not run now, held or not: a guard counts them as all others (S77, S79). */
  readonly waiting: ReadonlySet<Op>;
};

/** How a round is guarded, for a look at what would be done. */
export type GuardOptions = {
  /** false: nothing is written. */
  readonly record?: boolean;
  /** Folders that the next sync takes out of the link before anything else: what was planned in them is left out (S93). */
  readonly leaving?: Exclusions;
};

/**
 * The mass guards over one round of observe, merge and plan (S79). Every planned op goes through `pass`, slice by slice;
 * `end` is called when the whole round was planned.
 *
 * A set is noted as held before the rest of its slice runs, so it survives a restart (S82) and the slices after it; what they
 * add to it makes one set of both. A set that the user confirmed
 * passes, and so does what a crash left of it; anything else than that is another set (S80). The confirmation ends with
 * the first round that plans none of it any more: that is how "once" is kept without losing it to a crash.
 */
export class RoundGuard {
  readonly #deps: EngineDeps;
  readonly #isRecorded: boolean;
  readonly #leaving: Exclusions;
  /** The holds of earlier rounds that are still there, and those of this one. */
  #known: readonly KnownHold[];
  /** Digests of sets that were planned in this round. */
  readonly #seen = new Set<string>();
  /** What all slices so far had, and what is known of those to come. */
  #suspects: Suspects = noSuspects;
  /** Synced files and folders before the first of several slices. */
  #tracked: number | undefined;
  /** What this round holds, by guard: the set that a slice adds to. */
  readonly #made = new Map<Guard, HoldRow>();
  readonly #left = new Map<Guard, LeftPath>();

  constructor(deps: EngineDeps, { record = true, leaving = new Exclusions() }: GuardOptions = {}) {
    this.#deps = deps;
    this.#isRecorded = record;
    this.#leaving = leaving;
    this.#known = deps.holds.holds().map((row) => new KnownHold(row));
  }

  /**
   * Look at all dirty nodes, so that the first slice is judged by what all of them hold. To be called before the first `pass`
   * where the round has more than one slice.
   *
   * @param frozen nodes that are unknown or held, each with everything below it (S29)
   */
  census(frozen: ReadonlySet<NodeId>): void {
    const census = censusBeside(this.#leaving, takeCensus(this.#deps, frozen));
    this.#suspects = { ...this.#suspects, ...census };
    // What the slices bring up or take away while they run is no measure for those after them.
    this.#tracked = this.#deps.index.synced.count();
  }

  /** Take out what has to wait for the user, with what depends on it (S50). */
  pass({ ops: planned, result, waiting }: GuardedPlan): Guarded {
    const ops = opsBeside(this.#leaving, planned);
    const wanted = (node: NodeId): string | undefined => this.#deps.tokens.wanted(node);
    this.#suspects = joined(this.#suspects, suspectsOf(ops, result, wanted));
    const held = new Set<Op>(waiting);
    const facts = this.#facts();
    for (const verdict of judge(this.#suspects, facts)) {
      const stopped = ops.filter((op) => isStopped(op, verdict));
      if (stopped.length === 0) continue;
      const row = this.#settle(verdict);
      if (row.state === "confirmed") continue;
      for (const op of stopped) held.add(op);
      this.#left.set(verdict.guard, leftByHold(verdict, row.digest, facts.tracked));
    }
    return { ops: withoutHeld(ops, held, result), left: [...this.#left.values()] };
  }

  /**
   * The round was planned to its end: what no guard named is not planned any more, and its hold goes (S82). What the round
   * could not plan is no less wanted: a hold of it stays, confirmed or not.
   *
   * @param frozen as for `census`
   */
  end(frozen: ReadonlySet<NodeId>): void {
    const { synced, local, remote } = this.#deps.index;
    const kept = new FrozenNodes({ synced, local, remote }, frozen);
    const isUnknown = ({ node }: HeldItem): boolean =>
      kept.covers(node) || isUnread(local.get(node));
    const gone = this.#known.filter(
      ({ row }) => !this.#seen.has(row.digest) && !row.items.some(isUnknown),
    );
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
    this.#seen.add(digest);
    const same = before.find(({ row }) => row.digest === digest);
    if (same !== undefined) return same.row;
    const since = before.filter((hold) => items.some((item) => hold.isAbout(item)));
    const madeAt = since.reduce((first, { row }) => Math.min(first, row.madeAt), this.#now());
    const row: HoldRow = { digest, kind: kindOfGuard[guard], items, state: "open", madeAt };
    this.#note(guard, row);
    return row;
  }

  /** Where a slice adds to a set that this round held, there is one set of both. */
  #note(guard: Guard, row: HoldRow): void {
    const part = this.#made.get(guard);
    this.#made.set(guard, row);
    this.#known = [...this.#known.filter((hold) => hold.row !== part), new KnownHold(row)];
    if (!this.#isRecorded) return;
    const { index, holds } = this.#deps;
    index.transaction(() => {
      if (part !== undefined) holds.removeHold(part.digest);
      holds.putHold(row);
    });
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  #facts(): GuardFacts {
    const { index } = this.#deps;
    return {
      tracked: () => this.#tracked ?? index.synced.count(),
      filesBelow: (count) => hasFewerFiles(this.#deps, count),
      isEarlier: ({ node, hash }) => index.history(node).some((state) => state.hash === hash),
      wasHeld: (guard, item) =>
        this.#known.some((hold) => hold.guard === guard && hold.isAbout(item)),
    };
  }
}

/** A hold, its items by their text and by what they do to which node. */
class KnownHold {
  readonly row: HoldRow;
  readonly guard: Guard;
  readonly #items: ReadonlySet<string>;
  readonly #fates: ReadonlySet<string>;

  constructor(row: HoldRow) {
    this.row = row;
    this.guard = guardOfHold(row);
    this.#items = new Set(row.items.map(keyOfHeld));
    this.#fates = new Set(row.items.map(fateOfHeld));
  }

  /** Just this item, as the user was shown it. */
  has(item: HeldItem): boolean {
    return this.#items.has(keyOfHeld(item));
  }

  /** This item, or the same where a folder above it was renamed or its content changed. */
  isAbout(item: HeldItem): boolean {
    return this.#fates.has(fateOfHeld(item)) || this.has(item);
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

/** A file whose content has still to be read: nothing is planned for it before that (S19). */
function isUnread(entry: LocalEntry | undefined): boolean {
  return entry?.kind === "file" && entry.hash === undefined;
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
