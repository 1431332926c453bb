import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { SnapError, describeError } from "../../std/error.ts";
import { diskFailure } from "../front/private-file.ts";
import { noSpace } from "../wire/failure.ts";
import { makePrivateFile } from "./private-place.ts";
import { beginIncarnation } from "./incarnations.ts";
import { formatVersion, migrations } from "./tables.ts";
import { text } from "./rows.ts";
import type { Row } from "./rows.ts";

/** SQLite's primary result codes that mean something to us; the extended number holds them in its low byte. */
const sqlite = { busy: 5, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 } as const;

/** The primary result code of an error of `node:sqlite`, or undefined for anything else. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/** Whether SQLite found its file locked by another connection. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === sqlite.busy;
}

/** A write that waits for the next commit: `run` does it and returns what settles its promise once it is durable. */
type WaitingWrite = {
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
};

/** One connection with its prepared statements; every write of a call happens inside `write` or `transaction`. */
export class Database {
  /** Whether this opening made it. */
  readonly isNew: boolean;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: WaitingWrite[] = [];
  #firstWork: ((database: Database) => void) | undefined;

  /** @param firstWork of one that was there: done at the beginning of the first transaction, as a part of it. */
  constructor(connection: DatabaseSync, firstWork?: (database: Database) => void) {
    this.#connection = connection;
    this.#firstWork = firstWork;
    this.isNew = firstWork === undefined;
  }

  /** The first row, or undefined. */
  first(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  all(sql: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  /** Run a statement; returns the number of changed rows and the last new rowid. */
  run(
    sql: string,
    ...values: readonly SQLInputValue[]
  ): { readonly changes: number; readonly rowid: number } {
    const { changes, lastInsertRowid } = this.#prepared(sql).run(...values);
    return { changes: Number(changes), rowid: Number(lastInsertRowid) };
  }

  /**
   * All of `work` or nothing of it; durable when this returns (V13). `work` must not wait for anything.
   *
   * @throws {WriteFailure} `insufficient_space` when the disk is full; nothing was written (V37).
   */
  transaction<T>(work: () => T): T {
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      this.#firstWork?.(this);
      const result = work();
      this.#connection.exec("COMMIT");
      this.#firstWork = undefined;
      return result;
    } catch (error) {
      // A full disk makes SQLite roll back by itself, and a second ROLLBACK would hide the first error.
      if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
      if (sqliteCode(error) === sqlite.full) throw noSpace();
      throw error;
    }
  }

  /**
   * As `transaction`, but writes that are asked for together share one commit (V11).
   *
   * `work` may run twice: where the shared commit fails, each write is tried alone, so that one without room does not
   * take the others with it. It must not keep anything of its first run.
   */
  write<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = (): (() => void) => {
      const result = work();
      return () => resolve(result);
    };
    this.#waiting.push({ run, fail: reject });
    if (this.#waiting.length === 1) setImmediate(() => this.#commitWaiting());
    return promise;
  }

  #commitWaiting(): void {
    const group = this.#waiting;
    this.#waiting = [];
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      this.#commitAlone(only);
      return;
    }
    try {
      const settles = this.transaction(() => group.map((waiting) => this.#runInside(waiting)));
      for (const settle of settles) settle();
    } catch {
      // Which of them it was is found out one by one; each gets its own error.
      for (const waiting of group) this.#commitAlone(waiting);
    }
  }

  #commitAlone({ run, fail }: WaitingWrite): void {
    let settle: () => void;
    try {
      settle = this.transaction(run);
    } catch (error) {
      fail(error);
      return;
    }
    settle();
  }

  /** One of several writes of a transaction; what it did is taken back when it throws, the others stay. */
  #runInside({ run, fail }: WaitingWrite): () => void {
    this.#connection.exec("SAVEPOINT one_write");
    try {
      const settle = run();
      this.#connection.exec("RELEASE one_write");
      return settle;
    } catch (error) {
      // A full disk has ended the whole transaction already.
      if (sqliteCode(error) === sqlite.full) throw error;
      this.#connection.exec("ROLLBACK TO one_write; RELEASE one_write");
      return () => fail(error);
    }
  }

  /** A value that was made once with the database, such as the key that signs cursors. */
  secret(name: string): string {
    const row = this.first("SELECT value FROM meta WHERE name = ?", name);
    if (row === undefined) throw new SnapError("damaged", `The server's database lacks "${name}"`);
    return text(row, "value");
  }

  /** Bring the write-ahead log into the file and close it. */
  close(): void {
    try {
      this.#connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      // Without room for that the log stays beside the file, whole, and is read at the next opening.
      if (sqliteCode(error) !== sqlite.full) throw error;
    } finally {
      this.#connection.close();
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * Open the database at `file`, or a new one in memory for ":memory:", making the tables where there are none.
 *
 * @throws {SnapError} `version-too-new`, `damaged`, `disk-full`, `disk-error`.
 */
export function openDatabase(file: string, rng: Rng): Database {
  let connection: DatabaseSync | undefined;
  try {
    if (file !== ":memory:") makePrivateFile(file);
    connection = new DatabaseSync(file);
    connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const isNew = prepareTables(connection, rng);
    return isNew
      ? new Database(connection)
      : new Database(connection, (database) => beginIncarnation(database, rng));
  } catch (error) {
    connection?.close();
    throw openFailure(error, file);
  }
}

/** Returns whether there was nothing yet. */
function prepareTables(connection: DatabaseSync, rng: Rng): boolean {
  const version = Number(connection.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version === formatVersion) return false;
  if (version > formatVersion) {
    throw new SnapError(
      "version-too-new",
      `The server's data has format ${version}, this program knows ${formatVersion}`,
      { hint: "Use the version of snap that wrote it, or a newer one." },
    );
  }
  connection.exec("BEGIN IMMEDIATE");
  for (const step of migrations.slice(version)) connection.exec(step);
  if (version === 0) {
    const keep = connection.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
    keep.run("cursor-key", randomHex(rng, 32));
    keep.run("epoch", randomHex(rng, 8));
  }
  connection.exec(`PRAGMA user_version = ${formatVersion}`);
  connection.exec("COMMIT");
  return version === 0;
}

/** What the opening of a file of SQLite's threw, as ours; anything else stays as it is. */
export function openFailure(error: unknown, file: string): unknown {
  const facts = { path: file, cause: error };
  switch (sqliteCode(error)) {
    case sqlite.corrupt:
    case sqlite.notDatabase:
      return new SnapError("damaged", `The server's database is damaged: "${file}"`, {
        ...facts,
        hint: "Put a copy of the server's data folder back.",
      });
    case sqlite.full:
      return new SnapError("disk-full", `No room for the server's database: "${file}"`, facts);
    case undefined:
      return diskFailure(error, file);
    default:
      return new SnapError(
        "disk-error",
        `The server's database cannot be opened: "${file}" (${describeError(error)})`,
        facts,
      );
  }
}
