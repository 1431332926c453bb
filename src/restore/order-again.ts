import { readFacts } from "../core/snapshot/restore-report.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import { present } from "../std/assert.ts";
import type { Order } from "./draft.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { orderOf } from "./restore-snapshot.ts";
import { undoOrder } from "./undo.ts";

/** The order of a restore or undo in the journal, to make its plan once more. A rollback has none. */
export async function orderAgain(deps: RestoreDeps, row: RestoreRow): Promise<Order> {
  const { options, serverSide } = readFacts(row);
  const snapshot = present(row.snapshot, "what a restore or undo goes back to");
  if (row.kind === "undo") return undoOrder(deps, { restore: snapshot, skipChanged: true });
  const served = serverSide === undefined ? {} : { serverSide };
  return await orderOf(deps, { ...options, ...served, snapshot });
}
