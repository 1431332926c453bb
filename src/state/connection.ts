import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { assert } from "../std/assert.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import { fromSqlite } from "./errors.ts";
import type { Row } from "./row.ts";

/** How long a statement waits for a writer of another process: its transactions are short. */
const busyTimeoutMs = 5_000;

/** Memory for the pages of a passing file, KiB. */
const passingCacheKib = 16_384;

/**
 * A kept statement, prepared when it is first used: most runs need a few of them only. Writing ones run only inside
 * `Connection.transaction`.
 */
export class Statement {
  readonly #connection: Connection;
  readonly #prepare: () => StatementSync;
  #kept: StatementSync | undefined;

  constructor(connection: Connection, prepare: () => StatementSync) {
    this.#connection = connection;
    this.#prepare = prepare;
  }

  get #statement(): StatementSync {
    this.#kept ??= this.#prepare();
    return this.#kept;
  }

  /** The first row, as `read` makes of it. */
  get<T>(read: (row: Row) => T, ...values: readonly SQLInputValue[]): T | undefined {
    return this.#connection.guarded(() => {
      const row = this.#statement.get(...values);
      return row === undefined ? undefined : read(row);
    });
  }

  /** All rows at once: for results with a known bound. */
  all<T>(read: (row: Row) => T, ...values: readonly SQLInputValue[]): T[] {
    return this.#connection.guarded(() => this.#statement.all(...values).map((row) => read(row)));
  }

  /** As `all`, with values by name. */
  allNamed<T>(read: (row: Row) => T, values: Readonly<Record<string, SQLInputValue>>): T[] {
    return this.#connection.guarded(() => this.#statement.all(values).map((row) => read(row)));
  }

  run(...values: readonly SQLInputValue[]): void {
    this.#connection.assertWriting();
    this.#connection.guarded(() => this.#statement.run(...values));
  }

  /** With values by name, for those that a statement uses several times. */
  runNamed(values: Readonly<Record<string, SQLInputValue>>): void {
    this.#connection.assertWriting();
    this.#connection.guarded(() => this.#statement.run(values));
  }
}

/** How a file is opened. */
export type ConnectionOptions = {
  readonly readOnly?: boolean;
  /** The file is for this connection alone, and is never read again: one transaction lasts until it is closed, and nothing is durable. */
  readonly passing?: boolean;
  /** Called with every damage that SQLite or the reading of a row meets in this file; what it returns is thrown. */
  readonly damageMet?: (error: SnapError) => SnapError;
};

/** One open SQLite file, with errors that are ours and transactions that join. Synchronous. */
export class Connection implements Disposable {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #damageMet: (error: SnapError) => SnapError;
  readonly #steps = new Map<string, StatementSync>();
  #writing = false;
  #damaged = false;
  /** What a joined call threw: the transaction it ran in must not be committed any more. */
  #failure: { readonly error: unknown } | undefined;

  /** @throws {SnapError} as `errors.ts` maps them */
  constructor(path: string, options: ConnectionOptions = {}) {
    this.path = path;
    this.#damageMet = options.damageMet ?? ((error) => error);
    const { readOnly = false, passing = false } = options;
    this.#database = this.guarded(
      () => new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly, allowExtension: false }),
    );
    try {
      this.execute("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON");
      if (passing) this.#beginPassing();
      else if (!readOnly) this.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** What does not fit into the cache is written into the file as it comes; pages that are new need no journal. */
  #beginPassing(): void {
    this.execute(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
      PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -${passingCacheKib}; BEGIN EXCLUSIVE`);
    this.#writing = true;
  }

  prepare(sql: string): Statement {
    return new Statement(this, () => this.#database.prepare(sql));
  }

  /** Run fixed SQL text of ours; values never come into it. */
  execute(sql: string): void {
    this.guarded(() => this.#database.exec(sql));
  }

  /** The single value of a pragma. */
  pragma(name: "user_version" | "quick_check(1)" | "journal_mode" | "synchronous"): unknown {
    const row = this.guarded(() => this.#database.prepare(`PRAGMA ${name}`).get());
    return row === undefined ? undefined : Object.values(row)[0];
  }

  /**
   * One durable commit (S9). A call inside another joins it; when a joined call throws, the whole is rolled back
   * even if its caller catches the error.
   */
  transaction<T>(work: () => T): T {
    return this.#writing ? this.#join(work) : this.#begin(work);
  }

  /** The same without waiting for the disk: it outlives the process, and a power cut may take it back, whole. */
  briefTransaction<T>(work: () => T): T {
    if (this.#writing) return this.#join(work);
    this.execute("PRAGMA synchronous = NORMAL");
    try {
      return this.#begin(work);
    } finally {
      this.execute("PRAGMA synchronous = FULL");
    }
  }

  #join<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  #begin<T>(work: () => T): T {
    this.#step("BEGIN IMMEDIATE");
    this.#writing = true;
    this.#failure = undefined;
    try {
      const result = work();
      assert(!(result instanceof Promise), "the work of a transaction is synchronous");
      this.#throwFailure();
      this.#step("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  /** Begin or commit, without reading the text of it each time. */
  #step(sql: "BEGIN IMMEDIATE" | "COMMIT"): void {
    this.guarded(() => {
      const kept = this.#steps.get(sql) ?? this.#database.prepare(sql);
      this.#steps.set(sql, kept);
      kept.run();
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** After a full disk SQLite has rolled back by itself, and a second ROLLBACK would throw. */
  #rollBack(): void {
    if (this.#database.isTransaction) this.execute("ROLLBACK");
  }

  /** Without this, a write after SQLite's own roll-back would be committed alone. */
  assertWriting(): void {
    assert(this.#writing, "index rows are written inside a transaction");
    if (!this.#database.isTransaction) {
      throw new SnapError("disk-error", `The transaction was given up: "${this.path}"`, {
        path: this.path,
        hint: "Run the same command again: it goes on where it stopped.",
      });
    }
  }

  /** Run a call whose errors are about this file; damage is remembered until it is closed. */
  guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const ours = fromSqlite(error, this.path);
      if (!isSnapError(ours, "damaged")) throw ours;
      this.#damaged = true;
      throw this.#damageMet(ours);
    }
  }

  /** Damage was met: the file must be looked through at the next start. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Damage was met elsewhere, as in a copy of this file. */
  suspect(): void {
    this.#damaged = true;
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** May be called again. */
  close(): void {
    if (this.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
