import type { CursorState } from "./cursor.ts";
import type { Database } from "../store/database.ts";
import { stateOf } from "../tree/journal.ts";
import type { LineState } from "../tree/journal.ts";
import type { ListedNode, Page } from "./listing-pages.ts";
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
 */
export function changesPage(database: Database, tree: Tree, state: CursorState): Page {
  const { limit } = state.options;
  const lines = database.all(...lineCall(state, limit + 1)).map(lineOf);
  const page = lines.slice(0, limit);
  const hasMore = lines.length > limit;
  // Lines of other folders are passed over as well, so that the next call need not read them again.
  const position = hasMore ? (page.at(-1)?.seq ?? state.position) : tree.journal.head();
  return {
    entries: page.flatMap((line) => entriesOf(tree, line)),
    next: { ...state, position },
    hasMore,
  };
}

function lineCall(
  { account, folderKey, position, options }: CursorState,
  limit: number,
): [string, number, number, ...string[], number] {
  const select = "SELECT seq, key, display, state FROM journal WHERE account = ? AND seq > ?";
  const { from, to } = keysBelow(folderKey);
  return options.recursive
    ? [
        `${select} AND (key = ? OR (key > ? AND key < ?)) ORDER BY seq LIMIT ?`,
        account,
        position,
        folderKey,
        from,
        to,
        limit,
      ]
    : [`${select} AND parent = ? ORDER BY seq LIMIT ?`, account, position, folderKey, limit];
}

function lineOf(row: Row): Line {
  return { ...placeOf(row), seq: integer(row, "seq"), state: stateOf(row) };
}

function entriesOf(tree: Tree, line: Line): readonly ListedNode[] {
  switch (decideLine(line, tree.journal.latest(line.key))) {
    case "skip":
      return [];
    case "removal":
      return [{ kind: "deleted", key: line.key, display: line.display }];
    case "state": {
      const node = tree.at(line.key);
      // Nothing there: a folder above was removed later, in a line of its own that is still to come.
      return node === undefined ? [] : [node];
    }
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
