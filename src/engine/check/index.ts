import { samePlace } from "../../core/merge/location.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { isInside, isRelPath } from "../../core/path/rel-path.ts";
import type { IndexFault, IndexFaultKind } from "../../core/tree/index-rows.ts";
import type { Entry, NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { HoldStore, IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { CheckFinding, CheckKind, Tell } from "./finding.ts";
import { localNameOf } from "../disk/known-nodes.ts";
import { remoteInScope } from "../observe.ts";

/** Nodes that are asked for in one step. */
const pageNodes = 512;

/** Faults of one kind that are told; the next check finds the rest. */
const faultsMax = 1_000;

/** An index to be looked through. */
export type IndexCheck = { readonly index: IndexStore; readonly signal?: AbortSignal | undefined };

/**
 * Hold the index against its own rules (S103): every row hangs below the top, no two have one place or one id, and what is
 * not equal in the three trees has its mark. Reads the whole index, and nothing else.
 */
export function checkRules({ index, signal }: IndexCheck, tell: Tell): void {
  for (const fault of index.care.faults(faultsMax)) tell(faultFinding(index, fault));
  for (const node of pages((after) => index.care.unmarked(after, pageNodes))) {
    throwIfAborted(signal);
    if (!differs(index, node)) continue;
    const what = "differs between the trees and has no mark: no sync would look at it";
    tell({ kind: "broken", side: "index", path: shownPath(index, node), what, node });
  }
}

const faultText: Readonly<Record<IndexFaultKind, string>> = {
  orphan: "its folder is not there",
  circle: "lies below itself",
  "same-place": "another node has the same place",
  "same-id": "another node has the same id",
};

function faultFinding(index: IndexStore, { tree, node, fault }: IndexFault): CheckFinding {
  const path = pathOf(index[tree], node) ?? index[tree].get(node)?.name ?? "";
  const what = `in the ${tree} tree ${faultText[fault]}`;
  return { kind: "broken", side: "index", path, what, node };
}

/** What the last sync said of the things it left aside, and what the index says. */
export type Reasons = {
  readonly index: IndexStore;
  readonly holds: HoldStore;
  readonly left: readonly LeftPath[];
};

/** Tell what is marked and not equal: changes that wait for the next sync, each with the reason why it waits (S104). */
export function checkWaiting(reasons: Reasons, tell: Tell): void {
  const { index } = reasons;
  const reasonOf = waitingReasons(reasons);
  for (const { node, kind } of index.intents()) {
    const what = `an interrupted op (${kind}): the next sync brings it to its end`;
    tell({ kind: "pending", side: "index", path: shownPath(index, node), what, node });
  }
  for (const node of pages((after) => index.dirty(after, pageNodes))) {
    if (!differs(index, node)) continue;
    const path = shownPath(index, node);
    tell({ ...reasonOf(node, path), side: "index", path, node });
  }
}

type Reason = Pick<CheckFinding, "kind" | "what">;

function waitingReasons({ index, holds, left }: Reasons): (node: NodeId, path: string) => Reason {
  const parked = new Map(index.parked().map((row) => [row.node, row.reason]));
  const held = new Set(holds.holds().flatMap(({ items }) => items.map(({ path }) => path)));
  return (node, path) => {
    const why = parked.get(node);
    if (why !== undefined) return { kind: "parked", what: why };
    if (held.has(path)) return { kind: "held", what: "waits for `snap confirm`" };
    const aside = left.find((item) => isAt(path, item.path));
    const kind = aside === undefined ? undefined : kindOfLeft[aside.kind];
    if (aside === undefined || kind === undefined)
      return { kind: "pending", what: "is not synced yet" };
    return { kind, what: aside.reason };
  };
}

const kindOfLeft: Readonly<Partial<Record<LeftPath["kind"], CheckKind>>> = {
  hold: "held",
  unknown: "unknown",
  parked: "parked",
  refused: "unknown",
  // Found by itself where it is on record.
  damaged: "pending",
};

function isAt(path: string, folder: string): boolean {
  return isRelPath(path) && isRelPath(folder) && isInside(path, folder);
}

/** Whether the three entries of a node are not equal, so that a merge has something to decide. */
export function differs(index: IndexStore, node: NodeId): boolean {
  const synced = index.synced.get(node);
  const local = index.local.get(node);
  const remote = remoteInScope(index).get(node);
  if (synced === undefined) return local !== undefined || remote !== undefined;
  if (local === undefined || remote === undefined) return true;
  const here = { ...synced, name: localNameOf(synced) };
  return !isEqual(local, here) || !isEqual(remote, synced);
}

function isEqual(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.hash === b.hash && samePlace(a, b);
}

function shownPath(index: IndexStore, node: NodeId): string {
  const trees = [index.local, index.remote, index.synced];
  const paths = trees.map((tree) => pathOf(tree, node));
  const name = trees.map((tree) => tree.get(node)?.name).find((text) => text !== undefined);
  return paths.find((path) => path !== undefined) ?? name ?? "";
}

function* pages(read: (after: NodeId) => readonly NodeId[]): Generator<NodeId> {
  for (let page = read(0); page.length > 0;) {
    yield* page;
    const last = page.at(-1);
    page = last === undefined || page.length < pageNodes ? [] : read(last);
  }
}
