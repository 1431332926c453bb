import type { IndexCare } from "../core/tree/index-care.ts";
import type { DamagedRow, IndexFault, IndexFaultKind, NodePart } from "../core/tree/index-rows.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { Connection, Statement } from "./connection.ts";
import { damagedOf, nodeOf } from "./index-rows.ts";

type Search = Pick<IndexFault, "tree" | "fault"> & { readonly statement: Statement };

/**
 * Looks after the index for the checker (S103). Every search is one statement over a whole table: nothing is held in memory but
 * what was found.
 */
export class SqliteIndexCare implements IndexCare {
  readonly #searches: readonly Search[];
  readonly #unmarked: Statement;
  readonly #trustedFiles: Statement;
  readonly #damaged: Statement;
  readonly #putDamaged: Statement;
  readonly #removeDamaged: Statement;
  readonly #removeLeftovers: readonly Statement[];

  constructor(connection: Connection) {
    const search = (tree: Tree, fault: IndexFaultKind, sql: string): Search => ({
      tree,
      fault,
      statement: connection.prepare(`${sql} ORDER BY 1 LIMIT +?`),
    });
    this.#searches = [
      ...trees.flatMap((tree) => [
        search(tree, "orphan", orphanSql(tree)),
        search(tree, "circle", circleSql(tree)),
      ]),
      search("synced", "same-place", sameSql("synced", ["parent", "key"])),
      search("local", "same-place", sameSql("local", ["parent", "key", "name"])),
      search("remote", "same-place", sameSql("remote", ["parent", "key"], "scope = 'in'")),
      search("remote", "same-id", sameSql("remote", ["remote_id"], "remote_id <> ''")),
    ];
    this.#unmarked = connection.prepare(unmarkedSql);
    this.#trustedFiles = connection.prepare(trustedFilesSql);
    this.#damaged = connection.prepare("SELECT node, stamp, hash FROM damaged ORDER BY node");
    this.#putDamaged = connection.prepare(
      "INSERT OR REPLACE INTO damaged (node, stamp, hash) VALUES (?, ?, ?)",
    );
    this.#removeDamaged = connection.prepare("DELETE FROM damaged WHERE node = ?");
    this.#removeLeftovers = noteTables.map((table) =>
      connection.prepare(`DELETE FROM ${table} WHERE ${nowhere(table)}`),
    );
  }

  damaged(): readonly DamagedRow[] {
    return this.#damaged.all(damagedOf);
  }

  putDamaged({ node, stamp, hash }: DamagedRow): void {
    this.#putDamaged.run(node, stamp, hash);
  }

  removeDamaged(node: NodeId): void {
    this.#removeDamaged.run(node);
  }

  trustedFiles({ part, of }: NodePart, after: NodeId, countMax: number): readonly NodeId[] {
    return this.#trustedFiles.all(nodeOf, of, part, after, countMax);
  }

  faults(countMax: number): readonly IndexFault[] {
    return this.#searches.flatMap(({ tree, fault, statement }) =>
      statement.all((row): IndexFault => ({ tree, fault, node: nodeOf(row) }), countMax),
    );
  }

  unmarked(after: NodeId, countMax: number): readonly NodeId[] {
    return this.#unmarked.all(nodeOf, after, after, after, countMax);
  }

  removeLeftovers(): void {
    for (const statement of this.#removeLeftovers) statement.run();
  }
}

type Tree = IndexFault["tree"];

const trees: readonly Tree[] = ["synced", "local", "remote"];

/** Tables of notes about nodes. */
const noteTables = ["history", "upload", "parked", "damaged"] as const;

function orphanSql(tree: Tree): string {
  return `SELECT node FROM ${tree} WHERE parent <> 0 AND NOT EXISTS
    (SELECT 1 FROM ${tree} AS above WHERE above.node = ${tree}.parent AND above.kind = 'folder')`;
}

/** Folders of which no orphan and no top is above: whoever goes up from there goes round. */
function circleSql(tree: Tree): string {
  return `WITH RECURSIVE ended (node) AS (
      SELECT node FROM ${tree} WHERE kind = 'folder' AND (parent = 0 OR parent NOT IN (SELECT node FROM ${tree} WHERE kind = 'folder'))
      UNION ALL SELECT below.node FROM ${tree} AS below JOIN ended ON below.parent = ended.node WHERE below.kind = 'folder')
    SELECT node FROM ${tree} WHERE kind = 'folder' AND node NOT IN (SELECT node FROM ended)`;
}

/** The first row keeps its place. */
function sameSql(tree: Tree, columns: readonly string[], condition = "true"): string {
  const list = columns.join(", ");
  return `SELECT max(node) AS node FROM ${tree} WHERE ${condition} GROUP BY ${list} HAVING count(*) > 1`;
}

function nowhere(table: (typeof noteTables)[number]): string {
  return trees
    .map((tree) => `NOT EXISTS (SELECT 1 FROM ${tree} WHERE ${tree}.node = ${table}.node)`)
    .join(" AND ");
}

const trustedFilesSql = `
  SELECT node FROM local WHERE node % ? = ? AND node > ? AND kind = 'file' AND trusted = 1
    AND hash IS NOT NULL AND absent_at IS NULL ORDER BY node LIMIT +?`;

const inScope = "LEFT JOIN remote ON remote.node = local.node AND remote.scope = 'in'";

/** Three walks in node order, merged: on the disk and not agreed, agreed and on one side at most, on the server alone. */
const unmarkedSql = `
  SELECT node FROM (
    SELECT local.node FROM local LEFT JOIN synced ON synced.node = local.node ${inScope}
      WHERE local.node > ? AND (synced.node IS NULL OR remote.node IS NULL
        OR local.parent <> synced.parent OR local.kind <> synced.kind OR local.hash IS NOT synced.hash
        OR local.name <> coalesce(synced.local_name, synced.name)
        OR remote.parent <> synced.parent OR remote.kind <> synced.kind OR remote.hash IS NOT synced.hash
        OR remote.name <> synced.name)
    UNION SELECT node FROM synced WHERE node > ? AND node NOT IN (SELECT node FROM local)
    UNION SELECT node FROM remote WHERE node > ? AND scope = 'in' AND node NOT IN (SELECT node FROM local))
  WHERE node NOT IN (SELECT node FROM dirty) ORDER BY node LIMIT +?`;
