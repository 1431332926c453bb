import type { MoveOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { outcomeOf, type Execution, type OpResult } from "./execution.ts";
import { commitMove, moveOf } from "./execute-remote.ts";
import { putBack } from "./move-surely.ts";
import { cancelledByConflict, type Seen } from "./remote-look.ts";

type Move = { readonly op: MoveOp; readonly found: Seen; readonly to: RelPath };

/**
 * S58, S61: files that go from one folder to another, by one call. What has no result here goes by itself: its place is not free
 * yet, or the server refuses it.
 */
export async function moveTogether(
  execution: Execution,
  ops: readonly MoveOp[],
): Promise<ReadonlyMap<MoveOp, OpResult | SnapError>> {
  const { remote } = execution.deps;
  const results = new Map<MoveOp, OpResult | SnapError>();
  const moves = ops.flatMap((op): Move[] => {
    const move = moveOf(execution, op);
    return typeof move === "string" ? [] : [{ op, ...move }];
  });
  const pairs = moves.map(({ found, to }) => ({ from: found.path, to }));
  const told = await remote.relocate("move", pairs, execution.work);
  await Promise.all(
    moves.map(async (move, place) => {
      const item = told[place];
      if (item === undefined || isSnapError(item)) return;
      results.set(move.op, await outcomeOf(() => ended(execution, move, item)));
    }),
  );
  return results;
}

async function ended(
  execution: Execution,
  { op, found, to }: Move,
  item: RemoteItem,
): Promise<OpResult> {
  if (item.remoteId === found.row.remoteId) return await commitMove(execution, op, item);
  try {
    return await putBack(execution.deps.remote, { from: to, to: found.path });
  } catch (error) {
    return await cancelledByConflict(execution, [found.path, to], error);
  }
}
