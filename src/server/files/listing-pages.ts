import { compareBytes } from "../../core/path/rel-path.ts";
import type { CursorState } from "./cursor.ts";
import type { Database } from "../store/database.ts";
import { keysBelow, nodeColumns, nodeOf, nodeTables, placeOf } from "../tree/node.ts";
import type { Node, Place } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";

/** Entries of a page, and where the listing stands after it. */
export type Page = {
  readonly entries: readonly ListedNode[];
  readonly next: CursorState;
  readonly hasMore: boolean;
};

/** An entry of a listing: what is at a path now, or that nothing is any more. */
export type ListedNode = Node | (Place & { readonly kind: "deleted" });

/** Nodes of a page; `lastKey` is where the next one goes on, undefined when there is none. */
export type NodePage = {
  readonly nodes: readonly ListedNode[];
  readonly lastKey: string | undefined;
};

/** The next nodes of a listing in the order of their keys, which puts parents first (V28). */
export function folderPage(database: Database, tree: Tree, state: CursorState): NodePage {
  const { limit, includeDeleted } = state.options;
  const live = rangeRows(database, state, liveQuery);
  const gone = includeDeleted ? goneRows(database, tree, state) : [];
  const merged = [...live, ...gone].toSorted((a, b) => compareBytes(a.key, b.key));
  const nodes = merged.slice(0, limit);
  const lastKey = merged.length > limit ? nodes.at(-1)?.key : undefined;
  return { nodes: [...listedItself(tree, state), ...nodes], lastKey };
}

/** A recursive listing contains its own folder, on the first page; the root has no entry (V30). */
function listedItself(tree: Tree, state: CursorState): ListedNode[] {
  const { options, folderKey, folderId, afterKey } = state;
  const isListed = options.recursive && afterKey === "" && folderId !== "";
  const node = isListed ? tree.at(folderKey) : undefined;
  return node === undefined ? [] : [node];
}

type Query = {
  readonly below: string;
  readonly inside: string;
};

const liveQuery: Query = {
  below: `SELECT ${nodeColumns} FROM ${nodeTables}
    WHERE n.account = ? AND n.key > ? AND n.key < ? ORDER BY n.key LIMIT ?`,
  inside: `SELECT ${nodeColumns} FROM ${nodeTables}
    WHERE n.account = ? AND n.key > ? AND n.parent = ? ORDER BY n.key LIMIT ?`,
};

function rangeRows(database: Database, state: CursorState, query: Query): readonly Node[] {
  return database.all(...rangeCall(state, query)).map(nodeOf);
}

/** One more than the page holds tells whether another page follows. */
function rangeCall(
  { account, folderKey, afterKey = "", options }: CursorState,
  query: Query,
): [string, number, string, string, number] {
  const { from, to } = keysBelow(folderKey);
  const after = afterKey === "" ? from : afterKey;
  return options.recursive
    ? [query.below, account, after, to, options.limit + 1]
    : [query.inside, account, after, folderKey, options.limit + 1];
}

const goneQuery: Query = {
  below: `SELECT key, display FROM removed
    WHERE account = ? AND key > ? AND key < ? AND ended > ? ORDER BY key LIMIT ?`,
  inside: `SELECT key, display FROM removed
    WHERE account = ? AND key > ? AND parent = ? AND ended > ? ORDER BY key LIMIT ?`,
};

function goneRows(database: Database, tree: Tree, state: CursorState): readonly ListedNode[] {
  const [sql, account, after, bound, limit] = rangeCall(state, goneQuery);
  return database
    .all(sql, account, after, bound, tree.retainedSince(), limit)
    .map((row) => ({ kind: "deleted", ...placeOf(row) }));
}
