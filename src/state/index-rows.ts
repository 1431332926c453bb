import type { DamagedRow, Intent, LogRow, ParkedRow, UploadRow } from "../core/tree/index-rows.ts";
import type { ContentHash, NodeId } from "../core/tree/node.ts";
import { sessionKinds } from "../core/tree/remote-item.ts";
import type { Stretch } from "../core/transfer/stretches.ts";
import { damagedCell, integer, jsonText, oneOf, text, type Row } from "./row.ts";

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
  const kind = oneOf(row, "kind", sessionKinds);
  const startedAt = integer(row, "started_at");
  return { node: nodeOf(row), session, kind, acknowledged: stretchesOf(row), stamp, startedAt };
}

/** As text: `0-8388608 12582912-16777216`. */
function stretchesOf(row: Row): readonly Stretch[] {
  const words = text(row, "acknowledged").split(" ");
  return words.filter((word) => word !== "").map((word) => stretchOf(word));
}

function stretchOf(word: string): Stretch {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/u.exec(word) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to)) {
    return damagedCell("acknowledged");
  }
  return { from: Number(from), to: Number(to) };
}

/** Of `upload`. */
export function acknowledgedText(stretches: readonly Stretch[]): string {
  return stretches.map(({ from, to }) => `${from}-${to}`).join(" ");
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
