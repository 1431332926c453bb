import { merge } from "../core/merge/merge.ts";
import type { MergeResult, Trees } from "../core/merge/merge-result.ts";
import { Slices, type Slice } from "../core/merge/slice.ts";
import type { Op } from "../core/plan/op.ts";
import type { StepOf } from "../core/plan/order.ts";
import { plan } from "../core/plan/plan.ts";
import { isRemoval } from "../core/plan/suspects.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { ignoreFileName } from "../core/ignore.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { stepIn } from "../core/repo/gitdir-order.ts";
import { rootNode, type NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import { assert } from "../std/assert.ts";
import { isoDate } from "../std/time.ts";
import { bareLeftover } from "./disk/bare-leftover.ts";
import { hasOverrides, type EngineDeps } from "./engine-deps.ts";
import { movedWithHeld } from "./guards/moved-repositories.ts";
import { repositoryConflicts } from "./guards/repository-conflicts.ts";
import { VanishedObjects } from "./guards/vanished-objects.ts";
import { remoteInScope, type Observed } from "./observe.ts";
import { arrivingRules } from "./scope/scope.ts";

/** Dirty nodes that are read at once. */
const pageNodes = 1_000;

/** Ids that a trial gives to nodes begin here: behind all those of the index, whose counter it leaves alone. */
const firstTrialNode: NodeId = 2 ** 52;

const noOps: ReadonlySet<Op> = new Set();

const rulesAwaited: LeftPath = {
  path: ignoreFileName,
  kind: "unknown",
  reason:
    "there are new rules on the server that cannot come down: nothing else is synced until then",
};

/** What would make both sides equal for one slice, as far as both are known. */
export type Planned = {
  readonly ops: readonly Op[];
  /** Those of the ops that wait for the next cycle: seen and held by the guards as all others, and not run (S77, S79). */
  readonly waiting: ReadonlySet<Op>;
  readonly result: MergeResult;
  /** There are nodes to merge outside this slice. */
  readonly partial: boolean;
};

/** The trees of the index as the merge may see them. */
export function treesOfIndex(index: IndexStore): Trees {
  return { synced: index.synced, local: index.local, remote: remoteInScope(index) };
}

/** How plans are made. */
export type PlanOptions = {
  /** Other trees than those of the index, of which its marks tell nothing: for a look at what would be done. */
  readonly trees?: Trees;
  /** `sliceNodesMax` but in tests. */
  readonly nodesMax?: number;
};

/**
 * The plans after one look at both sides, slice by slice (S1, S45): each is made of the trees as they are when it is asked for,
 * so the ops of one may run before the next is made.
 */
export class Plans {
  readonly #deps: EngineDeps;
  /** What no merge touches: as observed, repositories with a conflict (G45), and what would take held ones along (G1). */
  readonly #frozen: Set<NodeId>;
  readonly #heldHere: readonly RelPath[];
  readonly #conflicts = new Map<NodeId, LeftPath>();
  readonly #trees: Trees;
  readonly #slices: Slices;
  /** New rules from the server come down alone, and apply before the rest is planned (S90). */
  readonly #rules: readonly NodeId[] | undefined;
  readonly #keepsRemovals: boolean;
  readonly #newNode: () => NodeId;
  /** Repositories that are synced by override have an order (G45). */
  readonly #stepOf: StepOf | undefined;
  readonly #vanished: VanishedObjects;
  #waits = false;
  #isRulesPlanned = false;

  constructor(deps: EngineDeps, observed: Observed, { trees, nodesMax }: PlanOptions = {}) {
    const { index, config } = deps;
    const frozen = new Set(observed.frozen.nodes);
    this.#deps = deps;
    this.#frozen = frozen;
    this.#heldHere = observed.frozen.heldHere;
    this.#trees = trees ?? treesOfIndex(index);
    this.#newNode = trees === undefined ? () => index.newNode() : trialNodes();
    const onClean = (node: NodeId): void => index.clearDirty(node);
    this.#slices = new Slices({
      trees: this.#trees,
      frozen,
      dirtyAfter: (node) => dirtyAfter(index, node),
      ...(trees === undefined && { onClean }),
      ...(nodesMax !== undefined && { nodesMax }),
    });
    const rules = placeOfRules(index);
    this.#rules = rules;
    // Where they cannot come down there is no plan: by the old rules, what the new ones keep private would be uploaded.
    this.#isRulesPlanned = rules?.some((node) => frozen.has(node)) === true;
    if (hasOverrides(config)) {
      this.#stepOf = (path, change) => stepIn(config, path, change)?.step;
    }
    this.#vanished = new VanishedObjects(deps, trees === undefined);
    this.#keepsRemovals = observed.scope.changed || index.meta("removals_frozen") !== undefined;
  }

  /** Removals wait for the next cycle. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Everything that the merges want was in the plans: what was not planned is not wanted any more (S82). */
  get isWhole(): boolean {
    return !this.#waits && this.#rules === undefined;
  }

  /** What to tell where nothing of the plans can be done: new rules are awaited, and everything else waits for them (S90). */
  get awaited(): readonly LeftPath[] {
    return this.#rules === undefined ? [] : [rulesAwaited];
  }

  /** What is held since this plan would harm a repository: both sides have changed it (G45), or it would be moved (G1, G48). */
  get conflicts(): readonly LeftPath[] {
    return [...this.#conflicts.values()];
  }

  /**
   * The plan of the next slice; undefined after the last. Only the counter of node ids and marks of clean nodes are written, and
   * nothing where other trees than those of the index are planned on.
   */
  next(): Planned | undefined {
    const { index } = this.#deps;
    this.#vanished.forgetReturned();
    if (this.#rules !== undefined) return this.#rulesAlone(this.#rules);
    const slice = index.transaction(() => this.#slices.next());
    if (slice === undefined) return undefined;
    const planned = this.#planOf(slice);
    if (!this.#keepsRemovals) return planned;
    // When the rules have changed, or the index was lost, removals wait for one cycle (S77, S79).
    const removals = new Set(planned.ops.filter(isRemoval));
    this.#waits ||= removals.size > 0;
    return { ...planned, waiting: removals };
  }

  /** The ops of the last plan, or some of them, can be done. */
  noteWork(): void {
    this.#slices.noteWork();
  }

  #rulesAlone(rules: readonly NodeId[]): Planned | undefined {
    if (this.#isRulesPlanned) return undefined;
    this.#isRulesPlanned = true;
    const planned = this.#planOf({ nodes: rules, partial: true });
    return { ...planned, ops: planned.ops.filter(({ node }) => rules.includes(node)) };
  }

  #planOf({ nodes, partial }: Slice): Planned {
    const trees = this.#trees;
    for (;;) {
      const result = this.#mergeOf({ nodes, partial });
      if (this.#stepOf && this.#hold(repositoryConflicts(this.#deps.config, result))) continue;
      const ops = plan(result, trees, this.#stepOf);
      if (this.#hold(movedWithHeld(trees.local, this.#heldHere, ops))) continue;
      return { ops: this.#vanished.withoutEarly(ops), waiting: noOps, result, partial };
    }
  }

  /** @returns whether there is anything: then the merge has to be made without it. */
  #hold(found: ReadonlyMap<NodeId, LeftPath>): boolean {
    for (const [node, left] of found) {
      assert(!this.#frozen.has(node), "nothing is planned for what is held");
      this.#frozen.add(node);
      this.#conflicts.set(node, left);
    }
    return found.size > 0;
  }

  #mergeOf({ nodes, partial }: Slice): MergeResult {
    const { index, config, clock } = this.#deps;
    return index.transaction(() =>
      merge({
        ...this.#trees,
        slice: nodes,
        partial,
        frozen: this.#frozen,
        device: config.device,
        date: isoDate(clock.now()),
        isLeftover: (node) => bareLeftover(index, node) !== undefined,
        newNode: this.#newNode,
      }),
    );
  }
}

function trialNodes(): () => NodeId {
  let next = firstTrialNode;
  return () => next++;
}

/** The rules that arrive, and what has their place on this disk: rules of its own step aside first (S43, S90). */
function placeOfRules(index: IndexStore): readonly NodeId[] | undefined {
  const arriving = arrivingRules(index);
  if (arriving === undefined) return undefined;
  const here = index.local.childrenByKey(rootNode, pathKeyOf(ignoreFileName));
  return [...new Set([arriving, ...here.map(({ node }) => node)])].toSorted((a, b) => a - b);
}

function* dirtyAfter(index: IndexStore, node: NodeId): Generator<NodeId> {
  for (let page = index.dirty(node, pageNodes); page.length > 0;) {
    yield* page;
    page = index.dirty(page.at(-1) ?? node, pageNodes);
  }
}
