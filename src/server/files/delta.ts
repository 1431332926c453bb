import type { CursorState } from "./cursor.ts";
import { stateOf } from "../tree/journal.ts";
import type { LineState } from "../tree/journal.ts";
import type { ListedNode, ListingSource, Step, Stretch } from "./stretch.ts";
import { keysBelow, placeOf } from "../tree/node.ts";
import type { Place } from "../tree/node.ts";
import { integer } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import type { Tree } from "../tree/tree.ts";

/** A line of the journal. */
export type Line = Place & { readonly seq: number; readonly state: LineState };

/** The last line about the same path. */
export type LatestLine = { readonly seq: number; readonly state: LineState };

/**
 * The second phase (V29): the latest state of each path changed since the position, in the order of the last change.
 * Removals are there whatever `include_deleted` says (V30).
 *
 * Lines of other folders are passed over and count, so that a page takes bounded time and no line is read twice; so it
 * may hold few entries, or none, with more to follow.
 */
export function changesStretch(source: ListingSource, start: CursorState): Stretch {
  const { database, tree, horizon, scanMax } = source;
  const scanEnd = tree.journal.nthAfter(start.position, scanMax) ?? Infinity;
  const upTo = Math.max(start.position, Math.min(horizon, scanEnd));
  const { limit } = start.options;
  const lines = database.all(...lineCall(start, upTo, limit + 1)).map(lineOf);
  const steps = lines.slice(0, limit).map((line) => stepOf(tree, line));
  const isFull = lines.length > limit;
  const position = isFull ? (lines[limit - 1]?.seq ?? upTo) : upTo;
  return {
    start,
    steps,
    end: { ...start, position },
    hasMore: isFull || tree.journal.hasBetween(position, horizon),
  };
}

function lineCall(
  { account, folderKey, folderId, position, options }: CursorState,
  upTo: number,
  limit: number,
): [string, number, number, number, ...string[], number] {
  const select = `SELECT seq, key, display, state FROM journal
    WHERE account = ? AND seq > ? AND seq <= ?`;
  if (!options.recursive) {
    // Not by an index on the parent: the scan is bounded, and each write would pay for the index.
    const sql = `${select} AND parent = ? ORDER BY seq LIMIT ?`;
    return [sql, account, position, upTo, folderKey, limit];
  }
  const { from, to } = keysBelow(folderKey);
  const sql = `${select} AND (key = ? OR (key > ? AND key < ?)) ORDER BY seq LIMIT ?`;
  // The root of a view has no entry, even where it is a folder of the account (V16); no key is like this one.
  const itself = folderId === "" ? "/" : folderKey;
  return [sql, account, position, upTo, itself, from, to, limit];
}

function lineOf(row: Row): Line {
  return { ...placeOf(row), seq: integer(row, "seq"), state: stateOf(row) };
}

function stepOf(tree: Tree, line: Line): Step {
  return { entry: entryOf(tree, line), mark: { position: line.seq } };
}

function entryOf(tree: Tree, line: Line): ListedNode | undefined {
  switch (decideLine(line, tree.journal.latest(line.key))) {
    case "skip":
      return undefined;
    case "removal":
      return { kind: "deleted", key: line.key, display: line.display };
    case "state":
      // Nothing there: a folder above was removed later, in a line of its own that is still to come.
      return tree.at(line.key);
  }
}

/**
 * What a line is worth (V29).
 *
 * Of states only the last counts. A folder's removal is never merged away, and a file's only by another file: else a
 * client would keep old children, or a file where a folder is.
 */
export function decideLine(
  line: Line,
  latest: LatestLine | undefined,
): "skip" | "removal" | "state" {
  const isLast = latest === undefined || latest.seq === line.seq;
  switch (line.state) {
    case "file":
    case "folder":
      return isLast ? "state" : "skip";
    case "folder-removed":
      return "removal";
    case "file-removed":
      return isLast || latest.state !== "file" ? "removal" : "skip";
  }
}
