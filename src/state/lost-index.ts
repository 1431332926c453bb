import { chmodSync, constants, copyFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { checkedMeta } from "../core/tree/meta-values.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import { copiesOf, removeDatabase } from "./backup.ts";
import { Connection } from "./connection.ts";
import { fromSystem } from "./errors.ts";
import { SqliteJournal } from "./journal.ts";
import { syncFile, syncFolder } from "./private-file.ts";
import { metaValue, text } from "./row.ts";
import { migrate, refuseDamage, refuseForeignCode, schemaVersion } from "./schema.ts";

/** What took the place of a lost index. */
export type Adopted = {
  readonly copy: string | undefined;
  /** Newer copies that are of no use. */
  readonly badCopies: readonly string[];
};

/**
 * Put the newest good copy at the place of an index that is not there (S77). A bad copy stays where it is and is passed over.
 * Killed at any moment, the index is missing still, or the copy is there whole.
 *
 * @throws {SnapError} `version-too-new`, `disk-full`, `disk-error`: nothing was placed
 */
export function adoptCopy(path: string, link: string | undefined): Adopted {
  const badCopies: string[] = [];
  for (const copy of copiesOf(path).toReversed()) {
    try {
      if (adopt(path, copy, link)) return { copy, badCopies };
    } catch (error) {
      if (!isSnapError(error, "damaged")) throw error;
      badCopies.push(copy);
    }
  }
  return { copy: undefined, badCopies };
}

/** @returns false for a copy of another link. */
function adopt(path: string, copy: string, link: string | undefined): boolean {
  const temporary = `${path}.new`;
  try {
    removeDatabase(temporary);
    copyFileSync(copy, temporary, constants.COPYFILE_EXCL);
    chmodSync(temporary, 0o600);
    if (!makeUsable(temporary, link)) return false;
    syncFile(temporary);
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    throw fromSystem(error, path);
  } finally {
    removeDatabase(temporary);
  }
}

/** Check a copy wholly and take out of it what was true only then. */
function makeUsable(path: string, link: string | undefined): boolean {
  using connection = new Connection(path);
  if (schemaVersion(connection) === 0) throw unusable(path, "holds nothing");
  refuseDamage(connection);
  refuseForeignCode(connection);
  migrate(connection);
  refuseWrongFacts(connection);
  if (link !== undefined && linkOf(connection) !== link) return false;
  const journal = new SqliteJournal(connection);
  if (journal.fence() !== undefined || journal.restores().some(isUnfinished)) {
    throw unusable(path, "was made in the middle of a restore");
  }
  connection.transaction(() => {
    for (const sql of forgetting) connection.execute(sql);
  });
  // No log is left beside the file.
  connection.execute("PRAGMA journal_mode = DELETE");
  return true;
}

/** A copy with a wrong fact would stop the next run where the lost index stopped this one. */
function refuseWrongFacts(connection: Connection): void {
  const fact = connection.prepare("SELECT value FROM meta WHERE key = ?");
  for (const key of checkedMeta) fact.get((row) => metaValue(row, key), key);
}

function linkOf(connection: Connection): string | undefined {
  return connection
    .prepare("SELECT value FROM meta WHERE key = 'link'")
    .get((row) => text(row, "value"));
}

function unusable(path: string, why: string): SnapError {
  return new SnapError("damaged", `The copy of the index ${why}: "${path}"`, { path });
}

/**
 * Whatever the user let pass was let pass once; an absence is seen twice anew (S27); sessions may be used up. The
 * generation comes from the root marker, so that the index does not look rolled back (S77, S117). Intents stay: at the end of a
 * sync only those are open that wait for a name of their own on the server, and finishing one again does nothing.
 */
const forgetting: readonly string[] = [
  "DELETE FROM meta WHERE key IN ('generation', 'marked')",
  "INSERT OR REPLACE INTO meta (key, value) VALUES ('removals_frozen', '1')",
  "INSERT OR REPLACE INTO meta (key, value) VALUES ('stopped_cleanly', '1')",
  "UPDATE local SET absent_at = NULL WHERE absent_at IS NOT NULL",
  "DELETE FROM upload",
  "DELETE FROM hold",
  "DELETE FROM token_item",
  "DELETE FROM token",
];
