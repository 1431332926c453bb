import type { MoveOp } from "../../core/plan/op.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode, type Entry } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { remoteRow } from "./commit.ts";
import { isStillThere } from "./confirm-remote.ts";
import { cancelled, done, newOpId, trashArea, type Execution, type OpResult } from "./execution.ts";
import { intentOf, type Ring } from "./intents.ts";
import { lookAt, moveAct } from "./local-look.ts";
import { moveSurely } from "./move-surely.ts";
import { logOp } from "./op-log.ts";
import { cancelledByConflict, changedThere, seenRemote, type Seen } from "./remote-look.ts";

/*
 * A ring of renames (a swap) is broken by taking one node out of the way (S49). Its intent stands until the node is at its
 * place; what the plan does not bring there, `recover` does. Meanwhile the row of the node says where it is staged.
 */

/** A node of the disk goes into the trash, where nothing can be lost. */
export async function takeOutLocal(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index, local, rng } = execution.deps;
  const found = await lookAt(execution, op);
  if (found === undefined) return cancelled("it changed on the disk");
  if (!(await isStillThere(execution, op.node))) return cancelled(changedThere);
  const to = { area: trashArea(execution.deps), path: parseRelPath("moving") };
  await local.stage({ to, content: { folder: true } });
  const folder = `.snap/${to.area.kind}/${to.area.id}/${to.path}`;
  const staged = parseRelPath(`${folder}/${found.row.name}`);
  const act = moveAct(execution, { found, to: staged });
  const id = newOpId(rng);
  const ring: Ring = { step: "ring", side: "local", staged, act, ...homes(found.row, op) };
  index.transaction(() => index.putIntent(intentOf(id, op.node, ring)));
  const outcome = await local.perform(act);
  index.transaction(() => {
    if (outcome.state === "cancelled") index.removeIntent(id);
    else {
      // Our own rename changed the ctime: what stands there now is what the way back has to find.
      const stamp = outcome.stat?.stamp ?? found.row.stamp;
      index.local.put({ ...found.row, ...stagedPlace(staged), stamp, trusted: false });
      logOp(execution, { ...op, path: staged }, "done");
    }
  });
  return outcome.state === "done" ? done : cancelled("the disk changed meanwhile");
}

/** A node of the server gets a name that every client leaves alone (S92). */
export async function takeOutRemote(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index } = execution.deps;
  const found = seenRemote(index, op);
  if (found === undefined) return cancelled(changedThere);
  try {
    const { item, staged } = await moveToStaging(execution, op, found);
    const row = { ...remoteRow(op.node, rootNode, item), ...stagedPlace(staged) };
    index.transaction(() => {
      index.remote.put(row);
      logOp(execution, { ...op, path: staged }, "done");
    });
    return done;
  } catch (error) {
    return await cancelledByConflict(execution, [found.path], error);
  }
}

/** The second step: `move` brings the node from where it is staged to its place, and then it needs no intent any more. */
export async function bringIn(
  { deps: { index } }: Execution,
  op: MoveOp,
  move: (op: MoveOp) => Promise<OpResult>,
): Promise<OpResult> {
  const staged = pathOf(index[op.kind === "L.move" ? "local" : "remote"], op.node);
  const result = await move({ ...op, from: staged });
  if (result.state === "done") endRing(index, op);
  return result;
}

/** Rename on the server by way of another name, for changes that it would take for none (S16). */
export async function moveAround(
  execution: Execution,
  op: MoveOp,
  { found, to }: { readonly found: Seen; readonly to: RelPath },
): Promise<RemoteItem> {
  const { staged } = await moveToStaging(execution, op, found);
  const { remoteId } = found.row;
  const item = await moveSurely(execution.deps.remote, { from: staged, to, remoteId });
  endRing(execution.deps.index, op);
  return item;
}

async function moveToStaging(
  { deps: { index, remote, rng } }: Execution,
  op: MoveOp,
  found: Seen,
): Promise<{ item: RemoteItem; staged: RelPath }> {
  const id = newOpId(rng);
  const staged = remoteStaging(id);
  const { from, to } = homes(found.row, op);
  const ring: Ring = { step: "ring", side: "remote", staged, from, to, act: undefined };
  index.transaction(() => index.putIntent(intentOf(id, op.node, ring)));
  const { remoteId } = found.row;
  const item = await moveSurely(remote, { from: found.path, to: staged, remoteId });
  return { item, staged };
}

/** Where things of the server wait for a moment, at the top of the linked folder (S49). */
export function remoteStaging(id: string): RelPath {
  return parseRelPath(`.snap-tmp-${id}`);
}

function homes(from: Entry, to: MoveOp): Pick<Ring, "from" | "to"> {
  return {
    from: { parent: from.parent, name: from.name },
    to: { parent: to.parent, name: to.name },
  };
}

/** The row of a staged node stands at the top under its whole path, so that paths below it come out right. */
function stagedPlace(staged: RelPath): Pick<Entry, "parent" | "name" | "key"> {
  return { parent: rootNode, name: staged, key: pathKeyOf(staged) };
}

function endRing(index: Execution["deps"]["index"], { node }: MoveOp): void {
  index.transaction(() => {
    for (const intent of index.intents()) {
      if (intent.node === node && intent.kind === "ring") index.removeIntent(intent.op);
    }
  });
}
