import type { Database } from "../store/database.ts";
import { integer } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import {
  keysBelow,
  nodeColumns,
  nodeOf,
  nodeTables,
  parentKey,
  subtreeConditions,
} from "./node.ts";
import type { FileNode, Node } from "./node.ts";

/** The live nodes of one namespace, and nothing of what is kept beside them. Writes are called inside a transaction. */
export class LiveNodes {
  readonly #database: Database;
  readonly #account: number;

  constructor(database: Database, account: number) {
    this.#database = database;
    this.#account = account;
  }

  at(key: string): Node | undefined {
    return this.#first("n.key = ?", key);
  }

  /** As `at`, in less time. */
  isTaken(key: string): boolean {
    const row = this.#database.first(
      "SELECT 1 FROM nodes WHERE account = ? AND key = ?",
      this.#account,
      key,
    );
    return row !== undefined;
  }

  /** The node of an id, wherever it is. */
  byId(id: string): Node | undefined {
    return this.#first("n.id = ?", id);
  }

  #first(condition: string, value: string): Node | undefined {
    const row = this.#database.first(
      `SELECT ${nodeColumns} FROM ${nodeTables} WHERE n.account = ? AND ${condition}`,
      this.#account,
      value,
    );
    return row === undefined ? undefined : nodeOf(row);
  }

  /** Everything in a folder, parents first. */
  below({ key }: Node): readonly Node[] {
    const { from, to } = keysBelow(key);
    const rows = this.#database.all(
      `SELECT ${nodeColumns} FROM ${nodeTables}
       WHERE n.account = ? AND n.key >= ? AND n.key < ? ORDER BY n.key`,
      this.#account,
      from,
      to,
    );
    return rows.map(nodeOf);
  }

  /** How many nodes are in a folder, counted up to `countMax`. */
  countBelow({ key }: Node, countMax: number): number {
    const { from, to } = keysBelow(key);
    const row = this.#database.first(
      `SELECT count(*) AS nodes FROM
         (SELECT 1 FROM nodes WHERE account = ? AND key >= ? AND key < ? LIMIT ?)`,
      this.#account,
      from,
      to,
      countMax,
    );
    return numberIn(row, "nodes");
  }

  /** Bytes of the files in a folder. */
  bytesBelow({ key }: Node): number {
    const { from, to } = keysBelow(key);
    const row = this.#database.first(
      "SELECT ifnull(sum(size), 0) AS bytes FROM nodes WHERE account = ? AND key >= ? AND key < ?",
      this.#account,
      from,
      to,
    );
    return numberIn(row, "bytes");
  }

  insert(node: Node): void {
    this.#database.run(
      `INSERT INTO nodes (account, key, parent, display, id, kind, rev, size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#account,
      node.key,
      parentKey(node.key),
      node.display,
      node.id,
      node.kind,
      node.kind === "file" ? node.rev : null,
      node.kind === "file" ? node.size : 0,
    );
  }

  /** A file that is there has another current state now. */
  setState({ key, rev, size }: FileNode): void {
    this.#database.run(
      "UPDATE nodes SET rev = ?, size = ? WHERE account = ? AND key = ?",
      rev,
      size,
      this.#account,
      key,
    );
  }

  /** Take out what is at a key and below it. */
  takeOut(key: string): void {
    for (const { sql, values } of subtreeConditions(key)) {
      const remove = `DELETE FROM nodes WHERE account = ? AND ${sql}`;
      this.#database.run(remove, this.#account, ...values);
    }
  }
}

function numberIn(row: Row | undefined, column: string): number {
  return row === undefined ? 0 : integer(row, column);
}
