import { integer, text, word } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import type { Database } from "../store/database.ts";
import { keysBelow, nameOf } from "../tree/node.ts";
import { passes } from "./search-kinds.ts";
import type { KindFilter } from "./search-kinds.ts";
import { nameQuery, rankOf } from "./search-names.ts";

/** A search, as a cursor can hold it. */
export type SearchRequest = {
  readonly account: number;
  /** Everything below this key. */
  readonly folderKey: string;
  readonly query: string;
  /** As the old search takes a query apart. */
  readonly byWords: boolean;
  /** What was removed later than this; undefined for what is there. */
  readonly removedSince: number | undefined;
  readonly filter: KindFilter;
  readonly byDate: boolean;
};

/** Where a match stands among the others: better and newer ones first. */
export type MatchPosition = {
  readonly rank: number;
  readonly dateSeconds: number;
  readonly key: string;
};

/** The matches in their order (V47), behind a position where one is given. A folder has no date. */
export function findNames(
  database: Database,
  request: SearchRequest,
  after?: MatchPosition,
): readonly MatchPosition[] {
  const query = nameQuery(request.query, request.byWords);
  const [longest] = query.words.toSorted((a, b) => b.length - a.length);
  if (longest === undefined) return [];
  const found: MatchPosition[] = [];
  for (const row of candidateRows(database, request, longest)) {
    const key = text(row, "key");
    const name = nameOf(key);
    const rank = rankOf(query, name);
    if (rank === undefined) continue;
    if (!passes(request.filter, word(row, "kind", ["file", "folder"]), name)) continue;
    const dateSeconds = row["dated"] === null ? 0 : integer(row, "dated");
    const position = { rank: request.byDate ? 0 : rank, dateSeconds, key };
    if (after === undefined || comparePositions(position, after) > 0) found.push(position);
  }
  return found.toSorted(comparePositions);
}

/** Places whose path holds the word somewhere: all matches and few others. */
function candidateRows(database: Database, request: SearchRequest, part: string): Row[] {
  const { account, folderKey, removedSince } = request;
  const { from, to } = keysBelow(folderKey);
  return removedSince === undefined
    ? database.all(
        `SELECT n.key, n.kind, r.server_modified AS dated
         FROM nodes n LEFT JOIN revisions r ON r.rev = n.rev
         WHERE n.account = ? AND n.key >= ? AND n.key < ? AND instr(n.key, ?) > 0`,
        account,
        from,
        to,
        part,
      )
    : database.all(
        `SELECT key, kind, ended AS dated FROM removed
         WHERE account = ? AND key >= ? AND key < ? AND instr(key, ?) > 0 AND ended > ?`,
        account,
        from,
        to,
        part,
        removedSince,
      );
}

function comparePositions(a: MatchPosition, b: MatchPosition): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.dateSeconds !== b.dateSeconds) return b.dateSeconds - a.dateSeconds;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
