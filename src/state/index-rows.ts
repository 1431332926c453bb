import type { DamagedRow, Intent, LogRow, ParkedRow, UploadRow } from "../core/tree/index-rows.ts";
import type { ContentHash, NodeId } from "../core/tree/node.ts";
import { integer, text, type Row, jsonText } from "./row.ts";

/** The node of a row of any table that has one. */
export function nodeOf(row: Row): NodeId {
  return integer(row, "node");
}

/** A row of `intent`. */
export function intentOf(row: Row): Intent {
  const [op, kind, detail] = [text(row, "op"), text(row, "kind"), jsonText(row, "detail")];
  return { op, kind, node: nodeOf(row), detail };
}

/** A row of `upload`. */
export function uploadOf(row: Row): UploadRow {
  const [session, stamp] = [text(row, "session"), text(row, "stamp")];
  return { node: nodeOf(row), session, offset: integer(row, "offset"), stamp };
}

/** A row of `parked`. */
export function parkedOf(row: Row): ParkedRow {
  return {
    node: nodeOf(row),
    kind: text(row, "kind"),
    path: text(row, "path"),
    reason: text(row, "reason"),
    attempts: integer(row, "attempts"),
    nextAt: integer(row, "next_at"),
  };
}

/** A row of `damaged`. */
export function damagedOf(row: Row): DamagedRow {
  return { node: nodeOf(row), stamp: text(row, "stamp"), hash: text(row, "hash") };
}

/** A row of `history`. */
export function historyOf(row: Row): { readonly rev: string; readonly hash: ContentHash } {
  return { rev: text(row, "rev"), hash: text(row, "hash") };
}

/** A row of `oplog`. */
export function logOf(row: Row): LogRow {
  return {
    at: integer(row, "at"),
    cycle: integer(row, "cycle"),
    op: text(row, "op"),
    kind: text(row, "kind"),
    path: text(row, "path"),
    before: text(row, "before"),
    after: text(row, "after"),
    outcome: text(row, "outcome"),
  };
}
