import type { ActOutcome } from "../core/plan/local-act.ts";
import type { AsideOp, MoveOp, PutOp, RemoveOp } from "../core/plan/op.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import type { IndexStore } from "../ports.ts";
import { assert } from "../std/assert.ts";
import { agree, commitLocal, commitRemoval, localRow } from "./commit.ts";

/** Ops that are carried out by an act on the disk. */
export type ActOp = PutOp | MoveOp | AsideOp | RemoveOp;

/**
 * What the trees remember of an act on the disk that is done (S54): the same after a crash as without one (S74).
 * Called inside a transaction.
 */
export function commitAct(index: IndexStore, op: ActOp, outcome: ActOutcome): void {
  if (op.kind === "L.put") commitPut(index, op, outcome);
  else if (op.kind === "L.move") commitMove(index, op, outcome);
  else if (op.kind === "L.aside") commitAside(index, op, outcome);
  else {
    assert(op.kind === "L.trash", "the op is carried out on the disk");
    // What stays of a folder, or was put back, is new to the next observation (S70).
    commitRemoval(index, "local", op.node);
  }
}

/** A file keeps its place when its content is replaced. */
function commitPut(index: IndexStore, op: PutOp, { stat }: ActOutcome): void {
  if (stat?.kind !== "file") return;
  const parent = index.local.get(op.node)?.parent ?? op.parent;
  const row = localRow({ node: op.node, parent, stat, hash: op.after.hash });
  commitLocal(index, row, op.after);
}

function commitMove(index: IndexStore, op: MoveOp, { stat }: ActOutcome): void {
  const row = index.local.get(op.node);
  if (row === undefined || stat === undefined) return;
  const { node, parent } = op;
  const moved = localRow({ node, parent, stat, hash: row.hash ?? "" });
  commitLocal(index, { ...moved, hash: row.hash }, op.after);
}

/** The copy becomes a node of its own, or keeps its node under another name (S72). */
function commitAside(index: IndexStore, op: AsideOp, { stat }: ActOutcome): void {
  const row = index.local.get(op.node);
  if (row === undefined || stat === undefined) return;
  const { node, parent, copyNode, name } = op;
  const copy = localRow({ node: copyNode, parent, stat, hash: row.hash ?? "" });
  const synced = index.synced.get(node);
  if (copyNode === node) {
    if (op.keepsPlace && synced !== undefined) index.synced.put({ ...synced, localName: name });
    commitLocal(index, { ...copy, hash: row.hash }, op.after);
    return;
  }
  for (const child of index.local.children(node)) {
    index.local.put({ ...child, parent: copyNode });
  }
  index.local.remove(node);
  // Otherwise pairing would take the copy for the node, moved by the user.
  if (synced !== undefined) index.synced.put({ ...synced, fileId: "" });
  index.local.put({ ...copy, hash: row.hash, key: pathKeyOf(name) });
  agree(index, copyNode, op.after);
}
