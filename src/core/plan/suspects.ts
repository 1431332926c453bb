import type { MergeResult } from "../merge/merge-result.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { HeldItem, HoldKind } from "../tree/index-rows.ts";
import type { ContentHash, NodeId } from "../tree/node.ts";
import { pathOf } from "../tree/tree-view.ts";
import type { AsideOp, Op, PutOp, RemoveOp, Side } from "./op.ts";
import { removedBy } from "./removed.ts";

/** The mass guards (S79); removals are looked at by direction. */
export const guards = ["local-delete", "remote-delete", "rollback", "change", "conflict"] as const;
/** One of them. */
export type Guard = (typeof guards)[number];

/** What a hold of each guard is called. */
export const kindOfGuard: Readonly<Record<Guard, HoldKind>> = {
  "local-delete": "mass-delete",
  "remote-delete": "mass-delete",
  rollback: "mass-rollback",
  change: "mass-change",
  conflict: "mass-conflict",
};

/** The node of an op that a guard looks at, and what of it counts. */
export type Suspect = {
  readonly node: NodeId;
  readonly items: readonly HeldItem[];
  /** The content that would go up; undefined for anything but an upload. */
  readonly hash: ContentHash | undefined;
};

/** By guard; `change` has all uploads over a known file, those that may be a rollback too. */
export type Suspects = Readonly<Record<Exclude<Guard, "rollback">, readonly Suspect[]>>;

/** What a restore wants of a node, as `RestoreTokens.wanted`. */
export type Wanted = (node: NodeId) => string | undefined;

/** What a token says of a node that is to be gone. */
export const wantedAbsent = "absent";

/**
 * The ops of a plan that remove or replace, as far as they are not the very thing that a restore is about (S79, S101).
 *
 * A removed folder counts with everything below it (S81), so that its set names every file that would go. Uploads and conflicts
 * are named by their path on the disk, which no other op of the plan changes.
 */
export function suspectsOf(ops: readonly Op[], result: MergeResult, wanted: Wanted): Suspects {
  const { trees } = result;
  const removals = new Removals(ops, result, wanted);
  const suspects = {
    "local-delete": new Array<Suspect>(),
    "remote-delete": new Array<Suspect>(),
    change: new Array<Suspect>(),
    conflict: new Array<Suspect>(),
  };
  for (const op of ops) {
    if (isRemoval(op)) {
      const found = removals.suspect(op);
      if (found !== undefined) suspects[`${sideOf(op)}-delete`].push(found);
    } else if (op.kind === "L.aside") {
      suspects.conflict.push(asideSuspect(op));
    } else if (isReplacing(op) && trees.synced.get(op.node)?.kind === "file") {
      if (wanted(op.node) === op.after.hash) continue;
      const path = pathOf(trees.local, op.node) ?? op.path;
      suspects.change.push(putSuspect(op.node, path, { from: op.before.hash, to: op.after.hash }));
    }
  }
  return suspects;
}

/** An upload over a file that both sides knew. */
export function putSuspect(
  node: NodeId,
  path: RelPath,
  hash: { readonly from: ContentHash | undefined; readonly to: ContentHash },
): Suspect {
  return { node, items: [{ node, op: "R.put", path, before: hash.from ?? "" }], hash: hash.to };
}

/** A file or folder that has to step aside, by where it is now. */
export function asideSuspect({
  node,
  from,
  before,
}: Pick<AsideOp, "node" | "from" | "before">): Suspect {
  return {
    node,
    items: [{ node, op: "L.aside", path: from, before: before.hash ?? "" }],
    hash: undefined,
  };
}

/** Whether an op takes something away from a side. */
export function isRemoval(op: Op): op is RemoveOp {
  return op.kind === "L.trash" || op.kind === "R.delete" || op.kind === "R.deleteDir";
}

/** The side of an op that changes one. */
export function sideOf({ kind }: Op): Side {
  return kind.startsWith("L.") ? "local" : "remote";
}

function isReplacing(op: Op): op is PutOp & { readonly before: NonNullable<PutOp["before"]> } {
  return op.kind === "R.put" && op.before !== undefined;
}

/** The removals of a plan, each with what goes with it. */
class Removals {
  readonly #result: MergeResult;
  readonly #wanted: Wanted;
  readonly #moved: Readonly<Record<Side, ReadonlySet<NodeId>>>;

  constructor(ops: readonly Op[], result: MergeResult, wanted: Wanted) {
    this.#result = result;
    this.#wanted = wanted;
    this.#moved = { local: movedOn(ops, "local"), remote: movedOn(ops, "remote") };
  }

  /** Undefined where a restore wants all of it gone. */
  suspect(op: RemoveOp): Suspect | undefined {
    const side = sideOf(op);
    const tree = this.#result.trees[side];
    const items: HeldItem[] = [];
    for (const { entry, path } of removedBy(tree, op, (node) => this.#moved[side].has(node))) {
      const { node, kind, hash } = entry;
      if (this.#wanted(node) === wantedAbsent) continue;
      items.push({ node, op: removalOf(side, kind), path, before: hash ?? "" });
    }
    return items.length === 0 ? undefined : { node: op.node, items, hash: undefined };
  }
}

function removalOf(side: Side, kind: "folder" | "file"): RemoveOp["kind"] {
  if (side === "local") return "L.trash";
  return kind === "folder" ? "R.deleteDir" : "R.delete";
}

/** What a plan moves on one side. */
export function movedOn(ops: readonly Op[], side: Side): ReadonlySet<NodeId> {
  const kind = side === "local" ? "L.move" : "R.move";
  return new Set(ops.filter((op) => op.kind === kind).map(({ node }) => node));
}

/** Before anything was planned. */
export const noSuspects: Suspects = {
  "local-delete": [],
  "remote-delete": [],
  change: [],
  conflict: [],
};

/** Of the slices so far, and of one more: a node counts by the most items that a slice showed of it. */
export function joined(all: Suspects, slice: Suspects): Suspects {
  return {
    "local-delete": withThose(all["local-delete"], slice["local-delete"]),
    "remote-delete": withThose(all["remote-delete"], slice["remote-delete"]),
    change: withThose(all.change, slice.change),
    conflict: withThose(all.conflict, slice.conflict),
  };
}

function withThose(all: readonly Suspect[], slice: readonly Suspect[]): readonly Suspect[] {
  if (all.length === 0) return slice;
  const counted = new Map(all.map(({ node, items }) => [node, items.length]));
  return [...all, ...slice.filter(({ node, items }) => items.length > (counted.get(node) ?? 0))];
}
