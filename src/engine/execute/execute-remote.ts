import type { MkdirOp, MoveOp, RemoveOp } from "../../core/plan/op.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { listAfterMove } from "../listing/list-after-move.ts";
import { commitRemoval, commitRemote, remoteRow } from "./commit.ts";
import { cancelled, done, freePlace, type Execution, type OpResult } from "./execution.ts";
import { moveSurely } from "./move-surely.ts";
import { commitOp } from "./op-log.ts";
import { cancelledByConflict, changedThere, isOfAnother, seenRemote } from "./remote-look.ts";
import { moveAround } from "./ring.ts";

const placeMissing = "its folder is not there, or its place is not free";

/** S60: a folder that is there already is adopted; a file in its place is observed first. */
export async function makeRemoteFolder(execution: Execution, op: MkdirOp): Promise<OpResult> {
  const { index, remote } = execution.deps;
  const path = freePlace(index, "remote", op);
  if (path === undefined) return cancelled(placeMissing);
  try {
    const item = await remote.makeFolder(path);
    if (isOfAnother(index, op.node, item.remoteId)) return cancelled(changedThere);
    const row = remoteRow(op.node, op.parent, item);
    await commitOp(execution, op, () => commitRemote(index, row, op.after));
  } catch (error) {
    return await cancelledByConflict(execution, [path], error);
  }
  execution.tally.count("foldersRemote");
  return done;
}

/** S61: what came back with other content was edited on the way, and is merged again by its row. */
export async function moveRemote(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index, remote } = execution.deps;
  const found = seenRemote(index, op);
  if (found === undefined) return cancelled(changedThere);
  const to = freePlace(index, "remote", op);
  if (to === undefined) return cancelled(placeMissing);
  // The real service does not promise to take a change of case alone (S16): it goes through another name.
  const isCaseOnly = found.row.parent === op.parent && found.row.key === pathKeyOf(op.name);
  try {
    const item = isCaseOnly
      ? await moveAround(execution, op, { found, to })
      : await moveSurely(remote, { from: found.path, to, remoteId: found.row.remoteId });
    const row = remoteRow(op.node, op.parent, item);
    await commitOp(execution, op, () => {
      commitRemote(index, row, op.after);
      listAfterMove(index, op.node);
    });
  } catch (error) {
    return await cancelledByConflict(execution, [found.path, to], error);
  }
  execution.tally.count("movedRemote");
  return done;
}

/** S62: a file goes only with the revision that was seen; gone already is success, an edit wins. */
export async function deleteRemoteFile(execution: Execution, op: RemoveOp): Promise<OpResult> {
  const { index, remote } = execution.deps;
  const found = seenRemote(index, op);
  if (found === undefined || !execution.mayGo(op.node)) return cancelled(changedThere);
  try {
    await remote.deleteFile(found.path, found.row.rev);
  } catch (error) {
    return await cancelledByConflict(execution, [found.path], error);
  }
  await commitOp(execution, op, () => commitRemoval(index, "remote", op.node));
  execution.tally.count("removedRemote");
  return done;
}
