import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { isSnapError } from "../std/error.ts";
import { Connection } from "./connection.ts";
import type { OpenIndex } from "./database.ts";
import { fromSqlite, fromSystem } from "./errors.ts";
import { makeEmptyFile, makePrivateFolder, syncFile, syncFolder } from "./private-file.ts";
import { refuseDamage } from "./schema.ts";

/** Copies that are kept (S11). */
export const copiesMax = 3;

/** Least time between two copies, ms (S11). */
export const copyIntervalMs = 3_600_000;

/** Pages that are copied in one step, between which other work of the process goes on. */
const pagesPerStep = 1_000;

/**
 * Copy the index where its last copy is an hour old and something changed since (S11): called at the end of a sync, by the
 * holder of the process lock. Never in the middle of a restore: its journal must not come back when the restore is over.
 * The copy is looked through before an older one gives way.
 *
 * @param at path of the open index, and the time in ms since 1970
 * @returns path of the copy; undefined where none was due
 * @throws {SnapError} `damaged`, after which the next start looks the index through; `disk-full`, `disk-error`
 */
export async function copyIndex(
  open: OpenIndex,
  at: { readonly path: string; readonly now: number },
): Promise<string | undefined> {
  if (isRestoring(open) || !isDue(open, at.now)) return undefined;
  const folder = copiesFolder(at.path);
  makePrivateFolder(folder);
  const copy = join(folder, `index-${lastNumber(at.path) + 1}.db`);
  const temporary = join(folder, "new.tmp");
  try {
    await writeCopy(at.path, temporary);
    renameSync(temporary, copy);
    syncFolder(folder);
  } catch (error) {
    removeDatabase(temporary);
    if (isSnapError(error, "damaged")) open.suspect();
    throw fromSystem(error, folder);
  }
  open.index.transaction(() => open.index.setMeta("copied_at", String(at.now)));
  for (const old of copiesOf(at.path).slice(0, -copiesMax)) rmSync(old, { force: true });
  return copy;
}

/**
 * Copy the index aside under the name of a restore that is about to empty it (T36), in place of a copy that was cut off.
 *
 * @throws {SnapError} `damaged`, `disk-full`, `disk-error`
 */
export async function keepIndex(path: string, restore: string): Promise<void> {
  const folder = copiesFolder(path);
  makePrivateFolder(folder);
  const temporary = join(folder, "new.tmp");
  try {
    await writeCopy(path, temporary);
    renameSync(temporary, join(folder, keptName(restore)));
    syncFolder(folder);
  } catch (error) {
    removeDatabase(temporary);
    throw fromSystem(error, folder);
  }
}

/** Remove the copies that were kept for restores of which nothing is kept any more. */
export function sweepKeptIndexes(path: string, isKept: (restore: string) => boolean): void {
  const folder = copiesFolder(path);
  if (!existsSync(folder)) return;
  for (const name of namesIn(folder)) {
    const restore = /^before-([0-9a-f]+)\.db$/u.exec(name)?.[1];
    if (restore !== undefined && !isKept(restore)) rmSync(join(folder, name), { force: true });
  }
}

function keptName(restore: string): string {
  return `before-${restore}.db`;
}

/** Paths of the copies of an index, oldest first. They are numbered: a clock may be set back. */
export function copiesOf(path: string): readonly string[] {
  const folder = copiesFolder(path);
  if (!existsSync(folder)) return [];
  return namesIn(folder)
    .filter((name) => numberOf(name) > 0 && lstatSync(join(folder, name)).isFile())
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .map((name) => join(folder, name));
}

/** Remove a database and what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function copiesFolder(path: string): string {
  return join(dirname(path), "copies");
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fromSystem(error, folder);
  }
}

/** 0 for a name that is none of a copy. */
function numberOf(name: string): number {
  return Number(/^index-(\d{1,15})\.db$/.exec(name.slice(name.lastIndexOf("/") + 1))?.[1] ?? 0);
}

function lastNumber(path: string): number {
  return numberOf(copiesOf(path).at(-1) ?? "");
}

function isRestoring({ journal }: OpenIndex): boolean {
  return journal.fence() !== undefined || journal.restores().some(isUnfinished);
}

function isDue({ index, journal }: OpenIndex, now: number): boolean {
  const copiedAt = Number(index.meta("copied_at") ?? Number.NaN);
  const changedAt = [index.logged(1)[0]?.at, journal.restores().at(-1)?.madeAt];
  if (Number.isNaN(copiedAt)) return changedAt.some((time) => time !== undefined);
  // By a clock that was set back nothing can be told.
  if (copiedAt > now) return true;
  return now - copiedAt >= copyIntervalMs && changedAt.some((time) => (time ?? 0) > copiedAt);
}

/** A file that needs no log beside it, checked and durable. */
async function writeCopy(path: string, to: string): Promise<void> {
  removeDatabase(to);
  makeEmptyFile(to);
  await backUp(path, to, pagesPerStep);
  using copy = new Connection(to);
  copy.execute("PRAGMA journal_mode = DELETE");
  refuseDamage(copy);
  copy.close();
  syncFile(to);
}

/**
 * Copy a database while others may write to it; a write between two steps makes it begin anew.
 *
 * @param rate pages in one step
 * @throws {SnapError} `damaged`, `disk-full`, `disk-error`
 */
export async function backUp(path: string, to: string, rate: number): Promise<void> {
  try {
    using source = new DatabaseSync(path, { readOnly: true, allowExtension: false });
    await backup(source, to, { rate });
  } catch (error) {
    throw fromSqlite(error, path);
  }
}
