import { setImmediate } from "node:timers/promises";
import { sweepBlocks } from "./block-sweep.ts";
import type { BlockSweepParts } from "./block-sweep.ts";
import type { Database } from "./database.ts";
import { trimJournal } from "./journal-trim.ts";
import { WriteFailure } from "../wire/failure.ts";
import { endedLinkSeconds, jobSeconds, sessionSeconds, sweepEverySeconds } from "../limits.ts";
import { text } from "./rows.ts";

/** What a sweep of rows works on, and what time it is. */
export type RowSweepParts = Pick<BlockSweepParts, "database" | "signal"> & {
  readonly nowSeconds: number;
  readonly retentionSeconds: number;
};

/** What a sweep works on. It runs beside calls, one at a time. */
export type SweepParts = RowSweepParts & BlockSweepParts;

/** Whether a day has passed since the last sweep, or none ever was, or it is still to come: the clock was wrong then. */
export function isSweepDue(database: Database, nowSeconds: number): boolean {
  const last = database.first("SELECT value FROM meta WHERE name = 'swept'");
  if (last === undefined) return true;
  const sinceSeconds = nowSeconds - Number(text(last, "value"));
  return sinceSeconds < 0 || sinceSeconds >= sweepEverySeconds;
}

/**
 * Drop what has ended (V26, V38), the lines of the journal that say nothing any more, and the blocks that nothing
 * names (V13). A full disk ends it: a removal needs room, too.
 */
export async function sweep(parts: SweepParts): Promise<void> {
  try {
    await sweepRows(parts);
    await trimJournal(parts.database, parts.signal);
    await sweepBlocks(parts);
  } catch (error) {
    if (!(error instanceof WriteFailure)) throw error;
  }
}

/** Rows that one transaction drops: calls wait for it. */
const rowsAtOnce = 2_000;

/** Drop the rows that have ended: revisions, traces of removals, sessions, jobs, links. */
export async function sweepRows(parts: RowSweepParts): Promise<void> {
  const { database, nowSeconds, retentionSeconds, signal } = parts;
  const retained = nowSeconds - retentionSeconds;
  database.transaction(() => {
    database.run("DELETE FROM sessions WHERE touched <= ?", nowSeconds - sessionSeconds);
    database.run("DELETE FROM jobs WHERE made <= ?", nowSeconds - jobSeconds);
    database.run("DELETE FROM temporary_links WHERE expires <= ?", nowSeconds - endedLinkSeconds);
    const mark = "INSERT OR REPLACE INTO meta (name, value) VALUES ('swept', ?)";
    database.run(mark, String(nowSeconds));
  });
  for (const sql of endedInParts) {
    while (!signal.aborted && dropSome(database, sql, retained) === rowsAtOnce)
      await setImmediate();
  }
}

/** Where there may be many, they go in parts. */
const endedInParts: readonly string[] = [
  "DELETE FROM revisions WHERE rev IN (SELECT rev FROM revisions WHERE ended <= ? LIMIT ?)",
  `DELETE FROM removed WHERE (account, key) IN
     (SELECT account, key FROM removed WHERE ended <= ? LIMIT ?)`,
];

function dropSome(database: Database, sql: string, retained: number): number {
  return database.transaction(() => database.run(sql, retained, rowsAtOnce).changes);
}
