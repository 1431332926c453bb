import type { AdoptOp, AskOp, ForgetOp, RebindOp } from "../../core/plan/op.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { agree, forget } from "./commit.ts";
import { cancelled, done, type Execution, type OpResult } from "./execution.ts";
import { commitOp } from "./op-log.ts";

/** Ops that change what is remembered, and nothing else. They are called inside a transaction. */
export type IndexOp = AdoptOp | ForgetOp | RebindOp;

/** @returns `cancelled` where the sides are not as they were when the plan was made. */
export function runIndexOp({ deps: { index }, tally }: Execution, op: IndexOp): OpResult {
  switch (op.kind) {
    case "S.adopt":
      if (!agree(index, op.node, op.after)) return cancelled("both sides do not agree any more");
      tally.count("adopted");
      return done;
    case "S.forget":
      forget(index, op.node);
      return done;
    case "S.rebind":
      index.rebind(op.node, op.to);
      nameAnew(index, op.to);
      return done;
  }
}

/** The agreement is with what stands on the server now; the id that it had is another thing's (S21). */
function nameAnew({ synced, remote }: IndexStore, node: NodeId): void {
  const [agreed, there] = [synced.get(node), remote.get(node)];
  if (agreed === undefined || there === undefined || agreed.remoteId === there.remoteId) return;
  synced.put({ ...agreed, remoteId: there.remoteId });
}

/** S47: a merge asked for the hash of a file; nothing destructive is planned for it until then. */
export async function hashLocal(execution: Execution, op: AskOp): Promise<OpResult> {
  const { index, local } = execution.deps;
  const row = index.local.get(op.node);
  const path = pathOf(index.local, op.node);
  if (row?.kind !== "file" || path === undefined) return cancelled("it is gone from the disk");
  const { hash, size, stat, trusted } = await local.hash(path, execution.work);
  if (stat.fileId !== row.fileId) return cancelled("another file stands there now");
  const { stamp } = stat;
  await commitOp(execution, op, () => index.local.put({ ...row, hash, size, stamp, trusted }));
  return done;
}
