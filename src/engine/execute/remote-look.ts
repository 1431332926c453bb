import type { MoveOp, RemoveOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { NodeId, RemoteEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { isSnapError } from "../../std/error.ts";
import { lookThere } from "./confirm-remote.ts";
import { cancelled, type Execution, type OpResult } from "./execution.ts";

/** Why an op towards the server was cancelled. */
export const changedThere = "it changed on the server";

/** A node of the server, as the listing gave it. */
export type Seen = { readonly row: RemoteEntry; readonly path: RelPath };

/** Undefined where the planner believed something else. */
export function seenRemote(index: IndexStore, op: MoveOp | RemoveOp): Seen | undefined {
  const row = index.remote.get(op.node);
  const path = pathOf(index.remote, op.node);
  if (row === undefined || path === undefined || row.hash !== op.before.hash) return undefined;
  return { row, path };
}

/** Whether the answer names something that the trees know as another node: it is observed first. */
export function isOfAnother(index: IndexStore, node: NodeId, remoteId: string): boolean {
  const known = index.nodeOfRemoteId(remoteId);
  return known !== undefined && known !== node;
}

/** What the server refuses because it is not as it was seen ends the op, not the sync, and is looked at (S53, S57). */
export async function cancelledByConflict(
  { deps }: Execution,
  paths: readonly RelPath[],
  error: unknown,
): Promise<OpResult> {
  if (!isSnapError(error, "conflict", "not-found")) throw error;
  for (const path of paths) await lookThere(deps, path);
  return cancelled(changedThere);
}
