import type { ActOutcome } from "../../core/plan/local-act.ts";
import type { AsideOp, MoveOp, PutOp, RemoveOp } from "../../core/plan/op.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { joinPath } from "../../core/path/rel-path.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { descendants, pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { assert } from "../../std/assert.ts";
import { bareLeftover } from "../disk/bare-leftover.ts";
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
    if (outcome.leftover) noteLeftovers(index, op.node);
    commitRemoval(index, "local", op.node);
  }
}

/** Any folder of it may stay: those that went are forgotten by the next observation. */
function noteLeftovers(index: IndexStore, top: NodeId): void {
  const rows = [index.local.get(top), ...descendants(index.local, top)];
  for (const row of rows) {
    const path = row?.kind === "folder" ? pathOf(index.local, row.node) : undefined;
    if (row !== undefined && path !== undefined) index.leftovers.put({ ...row, path });
  }
}

/**
 * A file keeps its place when its content is replaced. What its user moved on in that very moment was agreed on, too: the next look
 * finds it by its identity, and what is missing at its place is no older state of it.
 */
function commitPut(index: IndexStore, op: PutOp, { stat, placed }: ActOutcome): void {
  const brought = placed ?? stat;
  if (brought?.kind !== "file") return;
  const parent = index.local.get(op.node)?.parent ?? op.parent;
  const row = localRow({ node: op.node, parent, stat: brought, hash: op.after.hash });
  commitLocal(index, row, op.after);
}

function commitMove(index: IndexStore, op: MoveOp, outcome: ActOutcome): void {
  const row = index.local.get(op.node);
  if (row !== undefined) commitLocal(index, movedRow(row, op, outcome), op.after);
}

/** What somebody put there since, or took away, is found by the next observation: the row says where the node was brought. */
function movedRow(row: LocalEntry, op: MoveOp | AsideOp, { stat }: ActOutcome): LocalEntry {
  const { parent, name } = op;
  const { hash } = row;
  if (stat?.kind !== row.kind)
    return { ...row, parent, name, key: pathKeyOf(name), trusted: false };
  return { ...localRow({ node: row.node, parent, stat, hash: hash ?? "" }), hash };
}

/** A leftover that made way is one at its new place: no tree knows it, so it is not uploaded (S70). */
function keepLeftover(index: IndexStore, row: LocalEntry, { stat }: ActOutcome): void {
  const folder = pathOf(index.local, row.parent);
  if (stat !== undefined && folder !== undefined) {
    index.leftovers.put({ fileId: row.fileId, path: joinPath(folder, stat.name) });
  }
  commitRemoval(index, "local", row.node);
}

/** The copy becomes a node of its own, or keeps its node under another name (S72). */
function commitAside(index: IndexStore, op: AsideOp, outcome: ActOutcome): void {
  const row = index.local.get(op.node);
  if (row === undefined) return;
  const { node, copyNode, name } = op;
  if (bareLeftover(index, node) !== undefined) return keepLeftover(index, row, outcome);
  const copy = { ...movedRow(row, op, outcome), node: copyNode };
  const synced = index.synced.get(node);
  if (copyNode === node) {
    if (op.keepsPlace && synced !== undefined) index.synced.put({ ...synced, localName: name });
    commitLocal(index, copy, op.after);
    return;
  }
  for (const child of index.local.children(node)) {
    index.local.put({ ...child, parent: copyNode });
  }
  index.local.remove(node);
  // Otherwise pairing would take the copy for the node, moved by the user.
  if (synced !== undefined) index.synced.put({ ...synced, fileId: "" });
  index.local.put({ ...copy, key: pathKeyOf(name) });
  agree(index, copyNode, op.after);
}
