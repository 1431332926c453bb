import type { Database } from "../store/database.ts";
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

/** The change journal of one namespace (V25): every write appends its lines in its own transaction. */
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

  /** The position behind the last line; positions grow over all namespaces, 0 is the beginning. */
  head(): number {
    const row = this.#database.first("SELECT ifnull(max(seq), 0) AS head FROM journal");
    return row === undefined ? 0 : integer(row, "head");
  }

  /** Whether this namespace has lines after a position. */
  hasAfter(position: number): boolean {
    const row = this.#database.first(
      "SELECT 1 FROM journal WHERE account = ? AND seq > ? LIMIT 1",
      this.#account,
      position,
    );
    return row !== undefined;
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
}
