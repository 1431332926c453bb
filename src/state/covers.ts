import type { SyncedLike } from "../core/merge/merge-result.ts";
import type { PathKey } from "../core/path/path-key.ts";
import type { Covers } from "../core/plan/simulate.ts";
import type { Entry, NodeId } from "../core/tree/node.ts";
import type { Cover } from "../core/tree/overlay-tree.ts";
import { SnapError } from "../std/error.ts";
import { Connection, type Statement } from "./connection.ts";
import { makeEmptyFile, removeName } from "./private-file.ts";
import { optionalText } from "./row.ts";
import { sharedColumns, sharedEntry, sharedValues, TableTree, type Mapping } from "./trees.ts";

const trees = ["synced", "local", "remote"] as const;

type TreeName = (typeof trees)[number];

/**
 * Covers of the three trees of an index, in a file beside it that has no name any more while it is used (S52, S107): whatever
 * becomes of the process, it leaves nothing behind. There is no file until something is put over a tree.
 */
export class TableCovers implements Covers, Disposable {
  readonly synced: Cover<SyncedLike>;
  readonly local: Cover;
  readonly remote: Cover;
  readonly #path: string;
  #connection: Connection | undefined;

  /** @param index path of the index, or ":memory:" */
  constructor(index: string) {
    this.#path = index === ":memory:" ? index : `${index}.covers`;
    const connect = (): Connection => (this.#connection ??= openPassing(this.#path));
    this.synced = new LateCover(() => new TableCover(connect(), syncedCover));
    this.local = new LateCover(() => new TableCover(connect(), coverOf("local")));
    this.remote = new LateCover(() => new TableCover(connect(), coverOf("remote")));
  }

  [Symbol.dispose](): void {
    this.#connection?.close();
  }
}

/** @throws {SnapError} `disk-full`, `disk-read-only`, `disk-error` */
function openPassing(path: string): Connection {
  if (path === ":memory:") return withTables(path);
  // One that is there was left behind in the moment between its making and its unlinking.
  removeName(path);
  makeEmptyFile(path);
  try {
    return withTables(path);
  } finally {
    removeName(path);
  }
}

function withTables(path: string): Connection {
  const connection = new Connection(path, {
    passing: true,
    damageMet: (error) => notTheIndex(path, error),
  });
  try {
    for (const tree of trees) connection.execute(tablesOf(tree));
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What is wrong with this file says nothing of the index. */
function notTheIndex(path: string, { cause }: SnapError): SnapError {
  return new SnapError("disk-error", `A file for the look at both sides was damaged: "${path}"`, {
    hint: "Check that the disk is sound, then try again: nothing was changed.",
    path,
    cause,
  });
}

function tablesOf(tree: TreeName): string {
  return `CREATE TABLE ${tree} (
      node INTEGER PRIMARY KEY, parent INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
      hash TEXT, size INTEGER NOT NULL, local_name TEXT) STRICT;
    CREATE INDEX ${tree}_parent ON ${tree} (parent);
    CREATE INDEX ${tree}_place ON ${tree} (parent, key);
    CREATE TABLE ${tree}_hidden (node INTEGER PRIMARY KEY) STRICT;`;
}

function coverOf(table: TreeName): Mapping<Entry> {
  return {
    table,
    marks: `${table}_hidden`,
    columns: sharedColumns,
    values: sharedValues,
    entry: sharedEntry,
  };
}

const syncedCover: Mapping<SyncedLike> = {
  ...coverOf("synced"),
  columns: [...sharedColumns, "local_name"],
  values: (entry) => [...sharedValues(entry), entry.localName ?? null],
  entry: (row) => ({ ...sharedEntry(row), localName: optionalText(row, "local_name") }),
};

/** Rows over those of a tree: every node that is written is hidden below. */
class TableCover<E extends Entry> extends TableTree<E> implements Cover<E> {
  readonly #hidden: Statement;

  constructor(connection: Connection, mapping: Mapping<E>) {
    super(connection, mapping);
    this.#hidden = connection.prepare(`SELECT node FROM ${mapping.table}_hidden WHERE node = ?`);
  }

  hides(node: NodeId): boolean {
    return this.#hidden.get(Boolean, node) !== undefined;
  }
}

/** A cover that is made when something is put into it. */
class LateCover<E extends Entry> implements Cover<E> {
  readonly #make: () => Cover<E>;
  #cover: Cover<E> | undefined;

  constructor(make: () => Cover<E>) {
    this.#make = make;
  }

  get(node: NodeId): E | undefined {
    return this.#cover?.get(node);
  }

  hides(node: NodeId): boolean {
    return this.#cover?.hides(node) ?? false;
  }

  children(parent: NodeId): Iterable<E> {
    return this.#cover?.children(parent) ?? [];
  }

  childByKey(parent: NodeId, key: PathKey): E | undefined {
    return this.#cover?.childByKey(parent, key);
  }

  childrenByKey(parent: NodeId, key: PathKey): readonly E[] {
    return this.#cover?.childrenByKey(parent, key) ?? [];
  }

  put(entry: E): void {
    this.#made.put(entry);
  }

  remove(node: NodeId): void {
    this.#made.remove(node);
  }

  get #made(): Cover<E> {
    this.#cover ??= this.#make();
    return this.#cover;
  }
}
