import { compareBytes } from "../../core/path/rel-path.ts";
import type { CursorState } from "./cursor.ts";
import type { ListedNode, ListingSource, Step, Stretch } from "./stretch.ts";
import { keysBelow, nodeColumns, nodeOf, nodeTables, placeOf } from "../tree/node.ts";

/**
 * The next nodes of a listing in the order of their keys, which puts parents first (V28). After the last of them the
 * listing goes on with what has changed since it began.
 */
export function nodesStretch(source: ListingSource, start: CursorState): Stretch {
  const { limit, includeDeleted } = start.options;
  const live = liveNodes(source, start);
  const gone = includeDeleted ? goneNodes(source, start) : [];
  const merged = [...live, ...gone].toSorted((a, b) => compareBytes(a.key, b.key));
  const nodes = merged.slice(0, limit);
  const hasNodes = merged.length > limit;
  const isUnseen = unseenBy(source, start);
  return {
    start,
    steps: [
      ...itself(source, start),
      ...nodes.map((node) => ({
        entry: isUnseen(node) ? undefined : node,
        mark: { afterKey: node.key },
      })),
    ],
    end: { ...start, afterKey: hasNodes ? nodes.at(-1)?.key : undefined },
    hasMore: hasNodes || source.tree.journal.hasBetween(start.position, source.horizon),
  };
}

/** A recursive listing contains its own folder, on the first page; the root has no entry (V30). */
function itself({ tree }: ListingSource, start: CursorState): readonly Step[] {
  const { options, folderKey, folderId, afterKey } = start;
  const isListed = options.recursive && afterKey === "" && folderId !== "";
  const node = isListed ? tree.at(folderKey) : undefined;
  return node === undefined ? [] : [{ entry: node, mark: { afterKey: keysBelow(folderKey).from } }];
}

/**
 * What came after the horizon is left out (V74): its line in the journal is after the position too, and tells it later.
 */
function unseenBy(
  { tree, horizon }: ListingSource,
  { position }: CursorState,
): (node: ListedNode) => boolean {
  const { journal } = tree;
  if (horizon >= journal.head()) return () => false;
  const seenUpTo = Math.max(horizon, position);
  return ({ key }) => (journal.latest(key)?.seq ?? 0) > seenUpTo;
}

type Query = { readonly below: string; readonly inside: string };

const liveQuery: Query = {
  below: `SELECT ${nodeColumns} FROM ${nodeTables}
    WHERE n.account = ? AND n.key > ? AND n.key < ? ORDER BY n.key LIMIT ?`,
  // Without the hint SQLite walks over everything in the account that comes after the key.
  inside: `SELECT ${nodeColumns}
    FROM nodes n INDEXED BY nodes_in_folder LEFT JOIN revisions r ON r.rev = n.rev
    WHERE n.account = ? AND n.key > ? AND n.parent = ? ORDER BY n.key LIMIT ?`,
};

function liveNodes({ database }: ListingSource, start: CursorState): readonly ListedNode[] {
  return database.all(...rangeCall(start, liveQuery)).map(nodeOf);
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
  inside: `SELECT key, display FROM removed INDEXED BY removed_in_folder
    WHERE account = ? AND key > ? AND parent = ? AND ended > ? ORDER BY key LIMIT ?`,
};

function goneNodes({ database, tree }: ListingSource, start: CursorState): readonly ListedNode[] {
  const [sql, account, after, bound, limit] = rangeCall(start, goneQuery);
  return database
    .all(sql, account, after, bound, tree.retainedSince(), limit)
    .map((row) => ({ kind: "deleted", ...placeOf(row) }));
}
