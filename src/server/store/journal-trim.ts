import { setImmediate } from "node:timers/promises";
import type { Database } from "./database.ts";
import { integer } from "./rows.ts";

/** Lines of the journal that are looked at in one transaction. */
const linesAtOnce = 2_000;

/**
 * Older lines about the same path that a later one makes pointless, for a cursor at any position (V29). A state says
 * nothing any more once another line follows. A file's removal has to be told before a folder that follows it; a
 * folder's before anything but its next removal.
 */
const sameKey = `DELETE FROM journal WHERE seq IN (
  SELECT old.seq FROM journal line JOIN journal old
    ON old.account = line.account AND old.key = line.key AND old.seq < line.seq
  WHERE line.seq > ? AND line.seq <= ?
    AND CASE old.state
      WHEN 'folder-removed' THEN line.state = 'folder-removed'
      WHEN 'file-removed' THEN line.state <> 'folder'
      ELSE 1
    END)`;

/** Older lines about anything below a folder that is removed: its removal takes all of it. */
const belowRemoved = `DELETE FROM journal WHERE seq IN (
  SELECT old.seq FROM journal line JOIN journal old
    ON old.account = line.account AND old.seq < line.seq
    AND old.key >= line.key || '/' AND old.key < line.key || '0'
  WHERE line.seq > ? AND line.seq <= ? AND line.state = 'folder-removed')`;

/**
 * Drop the lines of the journal that no cursor needs, however old (Choice 15). Each call goes on where the last one
 * ended: a line becomes pointless by one that comes later. Runs beside calls.
 */
export async function trimJournal(database: Database, signal: AbortSignal): Promise<void> {
  for (let from = trimmedTo(database); !signal.aborted;) {
    const to = chunkEnd(database, from);
    if (to === undefined) return;
    const start = from;
    database.transaction(() => {
      database.run(sameKey, start, to);
      database.run(belowRemoved, start, to);
      database.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('trimmed', ?)", to);
    });
    from = to;
    await setImmediate();
  }
}

function trimmedTo(database: Database): number {
  const row = database.first("SELECT value FROM meta WHERE name = 'trimmed'");
  return row === undefined ? 0 : integer(row, "value");
}

function chunkEnd(database: Database, from: number): number | undefined {
  const row = database.first(
    "SELECT max(seq) AS last FROM (SELECT seq FROM journal WHERE seq > ? ORDER BY seq LIMIT ?)",
    from,
    linesAtOnce,
  );
  return row === undefined || row["last"] === null ? undefined : integer(row, "last");
}
