import type { SQLOutputValue } from "node:sqlite";
import type { MetaKey } from "../core/tree/index-rows.ts";
import { isSoundMeta } from "../core/tree/meta-values.ts";
import { SnapError } from "../std/error.ts";

/** A row as SQLite hands it out. The index is data from a disk: every cell is checked when it is read (X26). */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** @throws {SnapError} `damaged`, like all readers of this file, when the cell is of another type */
export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : damagedCell(column);
}

/** A text, or undefined for NULL. */
export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

/** A number; sizes and times are within 2^53. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === "number" ? value : damagedCell(column);
}

/** A number, or undefined for NULL. */
export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

/** A truth value, kept as 0 or 1. */
export function flag(row: Row, column: string): boolean {
  return integer(row, column) !== 0;
}

/** A text that is one of a closed list. */
export function oneOf<T extends string>(row: Row, column: string, allowed: readonly T[]): T {
  const value = text(row, column);
  return allowed.find((candidate) => candidate === value) ?? damagedCell(column);
}

/** A text that is JSON; what it says is the caller's. */
export function jsonText(row: Row, column: string): string {
  const value = text(row, column);
  try {
    JSON.parse(value);
  } catch {
    return damagedCell(column);
  }
  return value;
}

/** A single fact, as one that this program can have written. */
export function metaValue(row: Row, key: MetaKey): string {
  const value = text(row, "value");
  return isSoundMeta(key, value) ? value : damagedCell(key);
}

/** @throws {SnapError} `damaged` always */
export function damagedCell(column: string): never {
  throw new SnapError("damaged", `The index holds a wrong value in "${column}"`, {
    hint: "Run the same command again: the index is put aside, and a copy of it takes its place.",
  });
}
