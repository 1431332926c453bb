/**
 * @module state — what is remembered between two runs.
 *
 * One SQLite file a workspace holds the three trees, the op log and the journal of restores (S7); small documents
 * that a person may open are JSON; tokens are files of their own; a lock on a file keeps a second engine out.
 * Everything here is short, and durable when it returns. Nothing here decides anything.
 */
import { existsSync, renameSync, statSync } from "node:fs";
import { isSnapError, SnapError } from "../std/error.ts";
import { isoSeconds, type Clock } from "../std/time.ts";
import type { HoldStore, IndexStore, RestoreJournal, RestoreTokens } from "../ports.ts";
import { Connection } from "./connection.ts";
import { forgetDamageNote, isNotedDamaged, noteDamagedIndex } from "./damage-note.ts";
import { fromSystem } from "./errors.ts";
import { SqliteHolds } from "./holds.ts";
import { noteLoss } from "./index-loss.ts";
import { SqliteIndex } from "./index-store.ts";
import { SqliteJournal } from "./journal.ts";
import { makeEmptyFile } from "./private-file.ts";
import { adoptCopy } from "./lost-index.ts";
import {
  migrate,
  refuseDamage,
  refuseForeignCode,
  schemaVersion,
  schemaVersionNewest,
} from "./schema.ts";
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
  /** Where a damaged index was put; a copy or an empty one is open instead (S77). */
  readonly movedAside: string | undefined;
  /** The copy that took the place of a damaged or missing index (S77). */
  readonly copy: string | undefined;
  /** Newer copies that were damaged themselves and are of no use. */
  readonly badCopies: readonly string[];
  /** Damage was met in what was read from here: the next start looks the file through before it is believed. */
  suspect(): void;
  /** Notes that the stop was clean; the index is not used afterwards. May be called again. */
  close(): void;
};

/** What an index is opened with. */
export type IndexOptions = {
  readonly clock: Clock;
  /** The link of the workspace: a copy of the index of another one is never used; any copy if absent. */
  readonly link?: string | undefined;
};

/**
 * Open the index of a workspace, making the file (0600) where it is missing. The caller holds the process lock.
 * A damaged file is moved aside; the newest good copy takes its place, or that of a missing one, else an empty one (S77).
 *
 * @param path of the file, or ":memory:"
 * @throws {SnapError} `version-too-new`, `disk-full`, `disk-read-only`, `disk-error`, `busy`
 */
export function openIndex(path: string, options: IndexOptions): OpenIndex {
  const now = options.clock.now();
  if (path === ":memory:") return openSound(path, now);
  if (isMissing(path)) {
    // A log without its file would be taken for the log of the copy.
    if (existsSync(`${path}-wal`)) moveAside(path, now);
    forgetDamageNote(path);
    return openLost(path, { ...options, movedAside: undefined });
  }
  try {
    if (!isNotedDamaged(path)) return openSound(path, now);
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
  }
  const movedAside = moveAside(path, now);
  forgetDamageNote(path);
  return openLost(path, { ...options, movedAside });
}

/** SQLite itself takes a file without a byte for a new one. */
function isMissing(path: string): boolean {
  return !existsSync(path) || statSync(path, { throwIfNoEntry: false })?.size === 0;
}

function openLost(
  path: string,
  options: IndexOptions & { readonly movedAside: string | undefined },
): OpenIndex {
  const { clock, link, movedAside } = options;
  const { copy, badCopies } = adoptCopy(path, link);
  const open = openSound(path, clock.now());
  return closingOnError(open, () => {
    const isLost = copy !== undefined || movedAside !== undefined || badCopies.length > 0;
    if (isLost) {
      open.index.transaction(() => {
        open.index.setMeta("removals_frozen", "1");
        noteLoss(open.index, { movedAside, copy, badCopies });
      });
    }
    return { ...open, movedAside, copy, badCopies };
  });
}

/**
 * Look at an index without the process lock, while another process may work with it: nothing is written to it. Undefined
 * where there is none yet, or where it waits for an upgrade. Damage is noted beside it, for the next start.
 *
 * @throws {SnapError} as `openIndex`, and `damaged`
 */
export function lookAtIndex(path: string): OpenIndex | undefined {
  if (!existsSync(path)) return undefined;
  const connection = new Connection(path, { readOnly: true, damageMet: damageSeen(path) });
  return closingOnError(connection, () => {
    if (schemaVersion(connection) === schemaVersionNewest) {
      refuseForeignCode(connection);
      return assemble(connection, { fresh: false, close: () => connection.close() });
    }
    connection.close();
    return undefined;
  });
}

/** What a look makes of damage: it cannot put the index aside, so it notes it, and the next sync does. */
export function damageSeen(path: string): (error: SnapError) => SnapError {
  return ({ message, cause }) => {
    noteDamagedIndex(path);
    const hint = "Run `snap sync`: the index is put aside, and a copy of it takes its place.";
    return new SnapError("damaged", message, { path, hint, cause });
  };
}

function noting(path: string): (error: SnapError) => SnapError {
  return (error) => {
    if (path !== ":memory:") noteDamagedIndex(path);
    return error;
  };
}

function openSound(path: string, now: number): OpenIndex {
  makePrivate(path);
  const connection = new Connection(path, { damageMet: noting(path) });
  return closingOnError(connection, () => {
    const fresh = schemaVersion(connection) === 0;
    if (!fresh && !stoppedCleanly(connection)) refuseDamage(connection);
    refuseForeignCode(connection);
    migrate(connection);
    const open = assemble(connection, { fresh, close: () => stop(connection, open.index) });
    start(connection, { index: open.index, now });
    return open;
  });
}

/** The tables of an open connection. */
export function assemble(
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
    copy: undefined,
    badCopies: [],
    suspect: () => connection.suspect(),
    close,
    [Symbol.dispose]: close,
  };
}

/** SQLite gives its `-wal` and `-shm` files the mode of the file, so this one is made before it (S10). */
function makePrivate(path: string): void {
  if (path !== ":memory:") makeEmptyFile(path);
}

/** After a stop that was not clean the whole file is looked through before anything is believed (S11). */
function stoppedCleanly(connection: Connection): boolean {
  const noted = connection.prepare("SELECT value FROM meta WHERE key = 'stopped_cleanly'");
  return noted.get(Boolean) !== undefined;
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

function closingOnError<T>(connection: { close(): void }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    connection.close();
    throw error;
  }
}
