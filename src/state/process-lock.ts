import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { isSnapError, SnapError, systemCode } from "../std/error.ts";
import { fromSqlite, fromSystem } from "./errors.ts";
import { makeEmptyFile, writePrivateFile } from "./private-file.ts";

/** Held until it is disposed of; the operating system frees it when the process dies in any way (S12, X22). */
export type ProcessLock = Disposable;

/** Who takes a lock. */
export type LockOptions = {
  /** What the holder is doing, for the message that another process shows: "snap sync". */
  readonly what: string;
  /** How long to wait for another holder, blocking; not at all by default. */
  readonly waitMs?: number;
};

/** Who holds a lock, kept beside it as a courtesy: the lock itself never depends on it. */
export type LockHolder = { readonly pid: number; readonly what: string };

const holderSchema: z.ZodType<LockHolder> = z.object({
  pid: z.int().positive(),
  what: z.string().max(200),
});

/**
 * Take the lock at a path, a SQLite file whose exclusive transaction is held open. Its folder exists.
 *
 * @throws {SnapError} `busy` when another process, or another part of this one, holds it; `disk-error` when the
 * place is not a plain file
 */
export function takeLock(path: string, options: LockOptions): ProcessLock {
  prepareFile(path);
  const database = hold(path, options.waitMs ?? 0);
  noteHolder(path, options.what);
  return {
    [Symbol.dispose]: () => {
      if (!database.isOpen) return;
      rmSync(holderPath(path), { force: true });
      database.close();
    },
  };
}

/**
 * Whether somebody holds the lock at a path, without taking it: nothing is written.
 *
 * @throws {SnapError} `disk-error`, `damaged` as `takeLock`
 */
export function isLockHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  refuseOdd(path);
  try {
    using database = new DatabaseSync(path, { timeout: 0, readOnly: true });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    const told = explain(fromSqlite(error, path), path);
    if (isSnapError(told, "busy")) return true;
    throw told;
  }
}

/** The file is never followed through a link (X22), nor opened here: see `makeEmptyFile`. */
function prepareFile(path: string): void {
  makeEmptyFile(path);
  refuseOdd(path);
}

function refuseOdd(path: string): void {
  const stat = statOf(path);
  if (stat.isFile()) return;
  throw new SnapError("disk-error", `The lock is not a plain file: "${path}"`, {
    path,
    hint: "Remove it, then try again.",
  });
}

function statOf(path: string): ReturnType<typeof lstatSync> & object {
  try {
    return lstatSync(path);
  } catch (error) {
    throw fromSystem(error, path);
  }
}

function hold(path: string, waitMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: waitMs, open: false });
  try {
    database.open();
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    if (database.isOpen) database.close();
    throw explain(fromSqlite(error, path), path);
  }
}

function explain(error: unknown, path: string): unknown {
  if (isSnapError(error, "busy")) return busy(path, error);
  if (!isSnapError(error, "damaged")) return error;
  return new SnapError("damaged", `The lock file holds something else: "${path}"`, {
    path,
    hint: "Remove it, then try again.",
    cause: error,
  });
}

function busy(path: string, cause: unknown): SnapError {
  const holder = lockHolder(path);
  const who = holder === undefined ? "Another snap process" : `"${holder.what}"`;
  const process = holder === undefined ? "" : ` (process ${holder.pid})`;
  return new SnapError("busy", `${who}${process} is at work here`, {
    path,
    hint: "Wait until it has ended, or stop it, then try again.",
    cause,
  });
}

function holderPath(lock: string): string {
  return `${lock}.holder`;
}

function noteHolder(path: string, what: string): void {
  try {
    writePrivateFile(holderPath(path), JSON.stringify({ pid: process.pid, what }));
  } catch (error) {
    // On a full disk the lock still holds; only the message of another process is poorer.
    if (!isSnapError(error)) throw error;
  }
}

/** Who noted itself as the holder of a lock; says nothing about whether it is held, and nothing where nobody did. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holderPath(path), "utf8")));
  } catch (error) {
    // Missing, half-known or foreign: the message goes without it.
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
