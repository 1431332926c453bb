import type { SQLOutputValue } from "node:sqlite";
import { assert } from "../../std/assert.ts";

/** A row as SQLite returns it. A column of another type than the schema says is our own mistake. */
export type Row = Record<string, SQLOutputValue>;

/** A TEXT column. */
export function text(row: Row, column: string): string {
  const value = row[column];
  assert(typeof value === "string", `column ${column} is text`);
  return value;
}

/** A TEXT column that may be null. */
export function textOrNone(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

/** An INTEGER column. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  assert(typeof value === "number", `column ${column} is an integer`);
  return value;
}

/** An INTEGER column that may be null. */
export function integerOrNone(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

/** A BLOB column. */
export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  assert(value instanceof Uint8Array, `column ${column} is a blob`);
  return value;
}

/** A column that must be one of the given words. */
export function word<W extends string>(row: Row, column: string, words: readonly W[]): W {
  const found = words.find((candidate) => candidate === row[column]);
  assert(found !== undefined, `column ${column} is one of ${words.join(", ")}`);
  return found;
}
