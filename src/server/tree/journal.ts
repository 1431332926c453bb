import type { Database } from "../store/database.ts";
import { journalHead } from "../store/incarnations.ts";
import { parentKey } from "./node.ts";
import type { Place } from "./node.ts";
import { integer, word } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";

/** What a line says its path became. A removal names the kind that was there, which decides what a delta may leave out (V29). */
export type LineState = "file" | "folder" | "file-removed" | "folder-removed";

const lineStates: readonly LineState[] = ["file", "folder", "file-removed", "folder-removed"];

/** The state column of a journal row. */
export function stateOf(row: Row): LineState {
  return word(row, "state", lineStates);
}

/**
 * The change journal of one namespace (V25): every write appends its lines in its own transaction. What later lines have
 * made pointless is dropped now and then; the last line about a path that is there never is.
 */
export class Journal {
  readonly #database: Database;
  readonly #account: number;

  constructor(database: Database, account: number) {
    this.#database = database;
    this.#account = account;
  }

  append({ key, display }: Place, state: LineState): void {
    this.#database.run(
      "INSERT INTO journal (account, key, parent, display, state) VALUES (?, ?, ?, ?, ?)",
      this.#account,
      key,
      parentKey(key),
      display,
      state,
    );
  }

  /**
   * The position behind the last line that was ever written; positions grow over all namespaces, 0 is the beginning.
   */
  head(): number {
    return journalHead(this.#database);
  }

  /** Whether this namespace has lines after a position, up to another one. */
  hasBetween(position: number, upTo: number): boolean {
    const row = this.#database.first(
      "SELECT 1 FROM journal WHERE account = ? AND seq > ? AND seq <= ? LIMIT 1",
      this.#account,
      position,
      upTo,
    );
    return row !== undefined;
  }

  /** The position of the n-th line of this namespace after another one; undefined where there are fewer. */
  nthAfter(position: number, count: number): number | undefined {
    return seqOf(
      this.#database.first(
        "SELECT seq FROM journal WHERE account = ? AND seq > ? ORDER BY seq LIMIT 1 OFFSET ?",
        this.#account,
        position,
        count - 1,
      ),
    );
  }

  /** Where this namespace stood so many lines ago. */
  linesAgo(count: number): number {
    const row = this.#database.first(
      "SELECT seq FROM journal WHERE account = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
      this.#account,
      count,
    );
    return seqOf(row) ?? 0;
  }

  /** The last line about a path. */
  latest(key: string): { readonly seq: number; readonly state: LineState } | undefined {
    const row = this.#database.first(
      "SELECT seq, state FROM journal WHERE account = ? AND key = ? ORDER BY seq DESC LIMIT 1",
      this.#account,
      key,
    );
    return row === undefined ? undefined : { seq: integer(row, "seq"), state: stateOf(row) };
  }

  /** Whether one of these paths was a folder that was taken away after a position. */
  hasFolderRemoval(keys: readonly string[], position: number): boolean {
    return keys.some((key) => {
      const row = this.#database.first(
        `SELECT 1 FROM journal
         WHERE account = ? AND key = ? AND seq > ? AND state = 'folder-removed' LIMIT 1`,
        this.#account,
        key,
        position,
      );
      return row !== undefined;
    });
  }
}

function seqOf(row: Row | undefined): number | undefined {
  return row === undefined ? undefined : integer(row, "seq");
}
