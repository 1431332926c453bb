import type { MkdirOp, MoveOp, RemoveOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { listAfterMove } from "../listing/list-after-move.ts";
import { commitRemoval, commitRemote, remoteRow } from "./commit.ts";
import {
  cancelled,
  done,
  freePlace,
  type Execution,
  type OpResult,
  outcomeOf,
} from "./execution.ts";
import { moveSurely } from "./move-surely.ts";
import { commitOp } from "./op-log.ts";
import {
  cancelledByConflict,
  changedThere,
  isOfAnother,
  seenRemote,
  type Seen,
} from "./remote-look.ts";
import { moveAround } from "./ring.ts";
import { splitFolder } from "./split-folder.ts";

const placeMissing = "its folder is not there, or its place is not free";

/** S60: a folder that is there already is adopted; a file in its place is observed first. */
export async function makeRemoteFolder(execution: Execution, op: MkdirOp): Promise<OpResult> {
  const { index, remote } = execution.deps;
  const path = freePlace(index, "remote", op);
  if (path === undefined) return cancelled(placeMissing);
  try {
    return await commitFolder(execution, op, await remote.makeFolder(path));
  } catch (error) {
    return await cancelledByConflict(execution, [path], error);
  }
}

/**
 * As `makeRemoteFolder`, by one call. What is missing from the answer goes by itself (S58): something stands in its place, or all of them
 * were refused for the sake of some.
 */
export async function makeRemoteFolders(
  execution: Execution,
  ops: readonly MkdirOp[],
): Promise<ReadonlyMap<MkdirOp, OpResult | SnapError>> {
  const { index, remote } = execution.deps;
  const results = new Map<MkdirOp, OpResult | SnapError>();
  const open: { readonly op: MkdirOp; readonly path: RelPath }[] = [];
  for (const op of ops) {
    const path = freePlace(index, "remote", op);
    if (path === undefined) results.set(op, cancelled(placeMissing));
    else open.push({ op, path });
  }
  const told = await remote.makeFolders(
    open.map(({ path }) => path),
    execution.work,
  );
  await Promise.all(
    open.map(async ({ op }, place) => {
      const item = told[place];
      if (item === undefined || (isSnapError(item) && item.class === "item")) return;
      results.set(
        op,
        isSnapError(item) ? item : await outcomeOf(() => commitFolder(execution, op, item)),
      );
    }),
  );
  return results;
}

async function commitFolder(
  execution: Execution,
  op: MkdirOp,
  item: RemoteItem,
): Promise<OpResult> {
  const { index } = execution.deps;
  if (isOfAnother(index, op.node, item.remoteId)) return cancelled(changedThere);
  const row = remoteRow(op.node, op.parent, item);
  await commitOp(execution, op, () => commitRemote(index, row, op.after));
  execution.tally.count("foldersRemote");
  return done;
}

/** S61: what came back with other content was edited on the way, and is merged again by its row. */
export async function moveRemote(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index, remote } = execution.deps;
  const move = moveOf(execution, op);
  if (typeof move === "string") return cancelled(move);
  const { found, to } = move;
  // The real service does not promise to take a change of case alone (S16): it goes through another name.
  const isCaseOnly = found.row.parent === op.parent && found.row.key === pathKeyOf(op.name);
  try {
    const item = isCaseOnly
      ? await moveAround(execution, op, move)
      : await moveSurely(remote, { from: found.path, to, remoteId: found.row.remoteId });
    return await commitMove(execution, op, item);
  } catch (error) {
    const isTooMuch =
      isSnapError(error, "too-large") && index.local.get(op.node)?.kind === "folder";
    if (isTooMuch) return await splitFolder(execution, op);
    return await cancelledByConflict(execution, [found.path, to], error);
  }
}

/** What is moved, and where to; or why it is not. */
export function moveOf(
  { deps: { index } }: Execution,
  op: MoveOp,
): { readonly found: Seen; readonly to: RelPath } | string {
  const found = seenRemote(index, op);
  if (found === undefined) return changedThere;
  const to = freePlace(index, "remote", op);
  return to === undefined ? placeMissing : { found, to };
}

/** It stands at its new place. */
export async function commitMove(
  execution: Execution,
  op: MoveOp,
  item: RemoteItem,
): Promise<OpResult> {
  const { index } = execution.deps;
  const row = remoteRow(op.node, op.parent, item);
  await commitOp(execution, op, () => {
    commitRemote(index, row, op.after);
    listAfterMove(index, op.node);
  });
  execution.tally.count("movedRemote");
  return done;
}

/** S62: a file goes only with the revision that was seen; gone already is success, an edit wins. */
export async function deleteRemoteFile(execution: Execution, op: RemoveOp): Promise<OpResult> {
  const { remote } = execution.deps;
  const found = toDelete(execution, op);
  if (found === undefined) return cancelled(changedThere);
  try {
    await remote.deleteFile(found.path, found.row.rev);
  } catch (error) {
    return await cancelledByConflict(execution, [found.path], error);
  }
  return await commitDeleted(execution, op);
}

/** What the planner saw, where it still wants that gone. */
function toDelete(execution: Execution, op: RemoveOp): Seen | undefined {
  return execution.mayGo(op.node) ? seenRemote(execution.deps.index, op) : undefined;
}

async function commitDeleted(execution: Execution, op: RemoveOp): Promise<OpResult> {
  const { index } = execution.deps;
  await commitOp(execution, op, () => commitRemoval(index, "remote", op.node));
  execution.tally.count("removedRemote");
  return done;
}

/** As `deleteRemoteFile`, by one call (S58). */
export async function deleteRemoteFiles(
  execution: Execution,
  ops: readonly RemoveOp[],
): Promise<ReadonlyMap<RemoveOp, OpResult | SnapError>> {
  const { remote } = execution.deps;
  const results = new Map<RemoveOp, OpResult | SnapError>();
  const open: { readonly op: RemoveOp; readonly path: RelPath; readonly rev: string }[] = [];
  for (const op of ops) {
    const found = toDelete(execution, op);
    if (found === undefined) results.set(op, cancelled(changedThere));
    else open.push({ op, path: found.path, rev: found.row.rev });
  }
  const told = await remote.deleteEach(open, execution.work);
  await Promise.all(
    open.map(async ({ op, path }, place) => {
      const error = told[place];
      const settle = (): Promise<OpResult> =>
        error === undefined
          ? commitDeleted(execution, op)
          : cancelledByConflict(execution, [path], error);
      results.set(op, await outcomeOf(settle));
    }),
  );
  return results;
}
