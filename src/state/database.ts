/**
 * @module state — what is remembered between two runs.
 *
 * One SQLite file a workspace holds the three trees, the op log and the journal of restores (S7); small documents
 * that a person may open are JSON; tokens are files of their own; a lock on a file keeps a second engine out.
 * Everything here is short, and durable when it returns. Nothing here decides anything.
 */
import { existsSync, renameSync } from "node:fs";
import { isSnapError, SnapError } from "../std/error.ts";
import { isoSeconds, type Clock } from "../std/time.ts";
import type { HoldStore, IndexStore, RestoreJournal, RestoreTokens } from "../ports.ts";
import { Connection } from "./connection.ts";
import { fromSystem } from "./errors.ts";
import { SqliteHolds } from "./holds.ts";
import { SqliteIndex } from "./index-store.ts";
import { SqliteJournal } from "./journal.ts";
import { makeEmptyFile } from "./private-file.ts";
import { migrate, refuseForeignCode, schemaVersion, schemaVersionNewest } from "./schema.ts";
import { SqliteTokens } from "./tokens.ts";

/** How long lines of the op log are kept. */
const logKeptMs = 90 * 24 * 3_600_000;

/** An index with the journal of restores, on one open file. */
export type OpenIndex = Disposable & {
  readonly index: IndexStore;
  readonly journal: RestoreJournal;
  readonly holds: HoldStore;
  readonly tokens: RestoreTokens;
  /** The file was made now: nothing is known of earlier syncs (S77). */
  readonly fresh: boolean;
  /** Where a damaged index was put; an empty one is open instead (S77). */
  readonly movedAside: string | undefined;
  /** Notes that the stop was clean; the index is not used afterwards. May be called again. */
  close(): void;
};

/**
 * Open the index of a workspace, making the file (0600) where it is missing. The caller holds the process lock.
 * A damaged file is moved aside and an empty one started (S77).
 *
 * @param path of the file, or ":memory:"
 * @throws {SnapError} `version-too-new`, `disk-full`, `disk-read-only`, `disk-error`, `busy`
 */
export function openIndex(path: string, options: { readonly clock: Clock }): OpenIndex {
  const now = options.clock.now();
  try {
    return openSound(path, now);
  } catch (error) {
    if (!isSnapError(error, "damaged") || path === ":memory:") throw error;
    const movedAside = moveAside(path, now);
    return { ...openSound(path, now), movedAside };
  }
}

/**
 * Look at an index without the process lock, while another process may work with it: nothing is written. Undefined
 * where there is none yet, or where it waits for an upgrade.
 *
 * @throws {SnapError} as `openIndex`, and `damaged`
 */
export function lookAtIndex(path: string): OpenIndex | undefined {
  if (!existsSync(path)) return undefined;
  const connection = new Connection(path, { readOnly: true });
  return closingOnError(connection, () => {
    if (schemaVersion(connection) === schemaVersionNewest) {
      refuseForeignCode(connection);
      return assemble(connection, { fresh: false, close: () => connection.close() });
    }
    connection.close();
    return undefined;
  });
}

function openSound(path: string, now: number): OpenIndex {
  makePrivate(path);
  const connection = new Connection(path);
  return closingOnError(connection, () => {
    const fresh = schemaVersion(connection) === 0;
    if (!fresh) check(connection);
    migrate(connection);
    refuseForeignCode(connection);
    const open = assemble(connection, { fresh, close: () => stop(connection, open.index) });
    start(connection, { index: open.index, now });
    return open;
  });
}

function assemble(
  connection: Connection,
  { fresh, close }: { readonly fresh: boolean; readonly close: () => void },
): OpenIndex {
  const index = new SqliteIndex(connection);
  return {
    index,
    journal: new SqliteJournal(connection),
    holds: new SqliteHolds(connection),
    tokens: new SqliteTokens(connection),
    fresh,
    movedAside: undefined,
    close,
    [Symbol.dispose]: close,
  };
}

/** SQLite gives its `-wal` and `-shm` files the mode of the file, so this one is made before it (S10). */
function makePrivate(path: string): void {
  if (path !== ":memory:") makeEmptyFile(path);
}

/** After a stop that was not clean the whole file is looked through before anything is believed (S11). */
function check(connection: Connection): void {
  const clean = connection
    .prepare("SELECT value FROM meta WHERE key = 'stopped_cleanly'")
    .get(Boolean);
  if (clean !== undefined) return;
  const result = connection.pragma("quick_check(1)");
  if (result === "ok") return;
  throw new SnapError("damaged", `The index is damaged: "${connection.path}" (${String(result)})`, {
    path: connection.path,
  });
}

function start(
  connection: Connection,
  { index, now }: { readonly index: IndexStore; readonly now: number },
): void {
  const forget = connection.prepare("DELETE FROM oplog WHERE at < ?");
  index.transaction(() => {
    index.setMeta("stopped_cleanly", undefined);
    forget.run(now - logKeptMs);
  });
}

/** Where damage was met, the file stays marked, so that the next start looks it through. */
function stop(connection: Connection, index: IndexStore): void {
  if (!connection.isOpen) return;
  try {
    if (connection.damaged) return;
    index.transaction(() => index.setMeta("stopped_cleanly", "1"));
  } finally {
    connection.close();
  }
}

/** The file and its log stay together, so that what can be read of them still can be. */
function moveAside(path: string, now: number): string {
  const aside = freeName(`${path}.damaged-${isoSeconds(now).replaceAll(":", "")}`);
  try {
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
  } catch (error) {
    throw fromSystem(error, path);
  }
  return aside;
}

/** The number of damaged indexes that can be kept beside each other with one time in their names. */
const asideMax = 1_000;

function freeName(wanted: string): string {
  for (let number = 2, name = wanted; number < asideMax; number += 1) {
    if (!existsSync(name)) return name;
    name = `${wanted}-${number}`;
  }
  return wanted;
}

function closingOnError<T>(connection: Connection, work: () => T): T {
  try {
    return work();
  } catch (error) {
    connection.close();
    throw error;
  }
}
