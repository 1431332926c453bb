import type { MoveOp } from "../../core/plan/op.ts";
import { cancelled, type Execution, type OpResult } from "./execution.ts";

/**
 * S61: the server does not move so much at once. On the disk the folder counts as a new one from now on, into which everything was
 * moved that the old one held: the next plan makes it on the server, moves the entries, and removes what is empty then. So each step is
 * one that can be cut off anywhere.
 */
export async function splitFolder(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index } = execution.deps;
  await execution.commits.commit(() => {
    const row = index.local.get(op.node);
    if (row === undefined) return;
    const node = index.newNode();
    const inside = [...index.local.children(op.node)];
    index.local.remove(op.node);
    index.local.put({ ...row, node });
    for (const child of inside) index.local.put({ ...child, parent: node });
    // Else its id on the disk would make one folder of the two again (S20).
    const synced = index.synced.get(op.node);
    if (synced !== undefined) index.synced.put({ ...synced, fileId: "" });
  });
  return cancelled("it holds more than the server moves at once: its entries are moved instead");
}
