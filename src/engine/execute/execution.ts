import type { Area, CopyTag, LocalExpectation } from "../../core/plan/local-act.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { joinPath, type RelPath } from "../../core/path/rel-path.ts";
import { transfersMax } from "../../core/settings/values.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../core/tree/node.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import type { ByteBudget } from "../../std/byte-budget.ts";
import type { Work } from "../../std/events.ts";
import { randomHex, type Rng } from "../../std/random.ts";
import { isoDate, type Clock } from "../../std/time.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { RemoteConfirmation } from "./confirm-remote.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { Tally } from "../report.ts";
import type { RepositoryGate } from "./repository-gate.ts";
import type { Room } from "./room.ts";

/** What the ops of one plan share. */
export type Execution = {
  readonly deps: EngineDeps;
  /** Whether the plan wants a node gone: it decided on it, the node is in no target, and nobody holds it. */
  readonly mayGo: (node: NodeId) => boolean;
  /** Whether an entry of the disk may still go up, or is part of a repository that has just appeared (G21). */
  readonly mayGoUp: (node: NodeId) => Promise<boolean>;
  /** The order of what belongs to repositories that are synced by override (G45). */
  readonly repositories: RepositoryGate;
  readonly commits: CommitQueue;
  readonly confirm: RemoteConfirmation;
  readonly tally: Tally;
  /** Where the downloads of this run are staged. */
  readonly staging: Area;
  /** What the downloads of this run are going to take of the disk. */
  readonly room: Room;
  /** What bodies on their way take of the memory (S107). */
  readonly memory: ByteBudget;
  /** Number of the cycle, for the op log (S116). */
  readonly cycle: number;
  readonly work: Work;
};

/** How one op ended. A cancelled op is no failure: the node is observed again (S53). Failures are thrown. */
export type OpResult =
  | { readonly state: "done" }
  | { readonly state: "cancelled"; readonly reason: string };

/** The op did what it was for. */
export const done: OpResult = { state: "done" };

/** @param reason the end of a sentence about the item, for people. */
export function cancelled(reason: string): OpResult {
  return { state: "cancelled", reason };
}

/** A name for one op under way: for its intent, and in the op log. */
export function newOpId(rng: Rng): string {
  return randomHex(rng, 8);
}

/** An area of the trash that tells its day, by which it is emptied (S71). */
export function trashArea({ clock, rng }: { clock: Clock; rng: Rng }): Area {
  const day = isoDate(clock.now()).replaceAll("-", "");
  return { kind: "trash", id: `${day}-${newOpId(rng)}` };
}

/** How raced edits are named when they are put back (S87). */
export function copyTag({ config, clock }: EngineDeps): CopyTag {
  return { device: config.device, date: isoDate(clock.now()) };
}

/**
 * Where a new entry goes on one side, by what the trees hold now. Undefined where its folder is not there, because the op
 * that should have made or moved it did not run, or where something else still has the place: an op that depends on
 * another that did not run is not run either (S50).
 */
export function freePlace(
  index: IndexStore,
  side: "local" | "remote",
  wanted: { readonly node: NodeId; readonly parent: NodeId; readonly name: string },
): RelPath | undefined {
  const tree: TreeView = index[side];
  const { node, parent, name } = wanted;
  if (parent !== rootNode && tree.get(parent)?.kind !== "folder") return undefined;
  const folder = pathOf(tree, parent);
  if (folder === undefined || !isFree(tree, side, wanted)) return undefined;
  const path = joinPath(folder, name);
  const own = pathOf(tree, node);
  // A folder never goes below itself.
  return own !== undefined && path.startsWith(`${own}/`) ? undefined : path;
}

/** On the disk two names with one key may stand side by side (S42); on the server they are one name. */
function isFree(
  tree: TreeView,
  side: "local" | "remote",
  { node, parent, name }: { node: NodeId; parent: NodeId; name: string },
): boolean {
  const there = tree.childByKey(parent, pathKeyOf(name));
  if (there === undefined || there.node === node) return true;
  if (side === "remote") return false;
  return !tree
    .childrenByKey(parent, pathKeyOf(name))
    .some((sibling) => sibling.name === name && sibling.node !== node);
}

/** Whether what stands on the disk is what the scan saw. The stamp of a folder changes with its entries. */
export function isAsSeen(row: LocalEntry, stat: LocalStat | undefined): stat is LocalStat {
  if (stat?.kind !== row.kind || stat.fileId !== row.fileId) return false;
  return row.kind === "folder" || stat.stamp === row.stamp;
}

/** What an act expects at a place where the scan saw `row`, and a look just now found the same. */
export function expectationOf(row: LocalEntry, stat: LocalStat): LocalExpectation {
  if (row.kind === "folder") return { kind: "folder", fileId: stat.fileId };
  const { fileId, size, modifiedNs, stamp } = stat;
  const before = { kind: "file", fileId, size, modifiedNs, hash: row.hash, stamp } as const;
  return row.trusted ? before : { ...before, isUnproven: true };
}

/** Transfers at once. */
export function transfersOf({ config: { transfers = transfersMax } }: EngineDeps): number {
  return transfers;
}

/** How an op ended, errors of its own included. @throws {SnapError} what ends the whole sync */
export async function outcomeOf(run: () => Promise<OpResult>): Promise<OpResult | SnapError> {
  try {
    return await run();
  } catch (error) {
    if (isSnapError(error) && error.class !== "systemic") return error;
    throw error;
  }
}
