import type { SQLInputValue } from "node:sqlite";
import type { Entry, LocalEntry, NodeId, RemoteEntry, SyncedEntry } from "../core/tree/node.ts";
import { keyFromServer, type PathKey } from "../core/path/path-key.ts";
import type { TreeRows } from "../ports.ts";
import type { Connection, Statement } from "./connection.ts";
import { flag, integer, oneOf, optionalInteger, optionalText, text, type Row } from "./row.ts";

/** Rows that are read in one step: long results come in pages, so no array holds a whole tree (S107). */
const pageRows = 512;

/** How the entries of one tree lie in their table; `values` in the order of `columns`, the node first. */
export type Mapping<E extends Entry> = {
  readonly table: "synced" | "local" | "remote";
  /** The table of the nodes that were written; `dirty` of the index where absent. */
  readonly marks?: `${"synced" | "local" | "remote"}_hidden`;
  readonly columns: readonly string[];
  readonly values: (entry: E) => readonly SQLInputValue[];
  readonly entry: (row: Row) => E;
};

/**
 * One tree of the index (S6, S7). Every write marks its node dirty in the same transaction. A reader may be left off, nested in another, or write between two entries:
 * pages continue behind the last node seen.
 */
export class TableTree<E extends Entry> implements TreeRows<E> {
  readonly #mapping: Mapping<E>;
  readonly #get: Statement;
  readonly #children: Statement;
  readonly #childByKey: Statement;
  readonly #childrenByKey: Statement;
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;
  readonly #clear: Statement;
  readonly #count: Statement;
  readonly #mark: Statement;
  readonly #markAll: Statement;

  constructor(connection: Connection, mapping: Mapping<E>) {
    const { table, marks = "dirty" } = mapping;
    const page = `ORDER BY node LIMIT ${pageRows}`;
    const prepare = (sql: string): Statement => connection.prepare(sql);
    this.#mapping = mapping;
    this.#get = prepare(`SELECT * FROM ${table} WHERE node = ?`);
    this.#children = prepare(`SELECT * FROM ${table} WHERE parent = ? AND node > ? ${page}`);
    this.#childByKey = prepare(
      `SELECT * FROM ${table} WHERE parent = ? AND key = ? ORDER BY node LIMIT 1`,
    );
    this.#childrenByKey = prepare(
      `SELECT * FROM ${table} WHERE parent = ? AND key = ? ORDER BY node`,
    );
    this.#all = prepare(`SELECT * FROM ${table} WHERE node > ? ${page}`);
    this.#put = prepare(putSql(mapping));
    this.#remove = prepare(`DELETE FROM ${table} WHERE node = ?`);
    this.#clear = prepare(`DELETE FROM ${table}`);
    this.#count = prepare(`SELECT count(*) AS count FROM ${table}`);
    this.#mark = prepare(`INSERT OR IGNORE INTO ${marks} (node) VALUES (?)`);
    this.#markAll = prepare(`INSERT OR IGNORE INTO ${marks} (node) SELECT node FROM ${table}`);
  }

  get(node: NodeId): E | undefined {
    return this.#get.get(this.#mapping.entry, node);
  }

  *children(parent: NodeId): Generator<E> {
    yield* this.#pages((after) => this.#children.all(this.#mapping.entry, parent, after));
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.#childByKey.get(this.#mapping.entry, parent, key);
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    return this.#childrenByKey.all(this.#mapping.entry, parent, key);
  }

  *all(): Generator<E> {
    yield* this.#pages((after) => this.#all.all(this.#mapping.entry, after));
  }

  put(entry: E): void {
    this.#put.run(...this.#mapping.values(entry));
    this.#mark.run(entry.node);
  }

  remove(node: NodeId): void {
    this.#remove.run(node);
    this.#mark.run(node);
  }

  clear(): void {
    this.#markAll.run();
    this.#clear.run();
  }

  count(): number {
    return this.#count.get((row) => integer(row, "count")) ?? 0;
  }

  *#pages(read: (after: NodeId) => readonly E[]): Generator<E> {
    for (let page = read(0); page.length > 0;) {
      yield* page;
      const last = page.at(-1);
      page = last === undefined || page.length < pageRows ? [] : read(last.node);
    }
  }
}

/** An update keeps the row where it is, so the indexes are touched only where their columns change. */
function putSql({ table, columns }: Pick<Mapping<Entry>, "table" | "columns">): string {
  const marks = columns.map(() => "?").join(", ");
  const updates = columns
    .filter((column) => column !== "node")
    .map((column) => `${column} = excluded.${column}`)
    .join(", ");
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks}) ON CONFLICT (node) DO UPDATE SET ${updates}`;
}

/** The columns of every entry. */
export const sharedColumns = ["node", "parent", "kind", "name", "key", "hash", "size"] as const;

/** Their values. */
export function sharedValues(entry: Entry): readonly SQLInputValue[] {
  const { node, parent, kind, name, key, hash, size } = entry;
  return [node, parent, kind, name, key, hash ?? null, size];
}

/** The entry that they stand for. */
export function sharedEntry(row: Row): Entry {
  return {
    node: integer(row, "node"),
    parent: integer(row, "parent"),
    kind: oneOf(row, "kind", ["folder", "file"]),
    name: text(row, "name"),
    key: keyFromServer(text(row, "key")),
    hash: optionalText(row, "hash"),
    size: integer(row, "size"),
  };
}

/** The last state both sides agreed on. */
export const syncedMapping: Mapping<SyncedEntry> = {
  table: "synced",
  columns: [...sharedColumns, "local_name", "remote_id", "rev", "file_id", "stamp", "trusted"],
  values: (entry) => [
    ...sharedValues(entry),
    entry.localName ?? null,
    entry.remoteId,
    entry.rev,
    entry.fileId,
    entry.stamp,
    Number(entry.trusted),
  ],
  entry: (row) => ({
    ...sharedEntry(row),
    localName: optionalText(row, "local_name"),
    remoteId: text(row, "remote_id"),
    rev: text(row, "rev"),
    fileId: text(row, "file_id"),
    stamp: text(row, "stamp"),
    trusted: flag(row, "trusted"),
  }),
};

/** Last seen on disk. */
export const localMapping: Mapping<LocalEntry> = {
  table: "local",
  columns: [...sharedColumns, "file_id", "stamp", "trusted", "absent_at"],
  values: (entry) => [
    ...sharedValues(entry),
    entry.fileId,
    entry.stamp,
    Number(entry.trusted),
    entry.absentAt ?? null,
  ],
  entry: (row) => ({
    ...sharedEntry(row),
    fileId: text(row, "file_id"),
    stamp: text(row, "stamp"),
    trusted: flag(row, "trusted"),
    absentAt: optionalInteger(row, "absent_at"),
  }),
};

/** Last seen on the server. */
export const remoteMapping: Mapping<RemoteEntry> = {
  table: "remote",
  columns: [...sharedColumns, "remote_id", "rev", "modified", "scope"],
  values: (entry) => [
    ...sharedValues(entry),
    entry.remoteId,
    entry.rev,
    entry.modified,
    entry.scope,
  ],
  entry: (row) => ({
    ...sharedEntry(row),
    remoteId: text(row, "remote_id"),
    rev: text(row, "rev"),
    modified: integer(row, "modified"),
    scope: oneOf(row, "scope", ["in", "ignored", "refused"]),
  }),
};
