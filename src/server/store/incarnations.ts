import { createHash } from "node:crypto";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import type { Database } from "./database.ts";
import { integer, text } from "./rows.ts";

/**
 * How far somebody has seen the data: up to this position of the journal, as this incarnation wrote it.
 *
 * Each opening that writes begins an incarnation. Where an older copy of the data is put back, it goes on as another one
 * than the data did before, so that what was seen of the lost time is known for what it is, however much is written
 * anew (V31).
 */
export type Sight = { readonly incarnation: string; readonly seen: number };

/** The incarnation that made the database; it needs no row. */
export const firstIncarnation = "";

/** What somebody who looks now sees. An opening that has not written yet shows what the one before it wrote. */
export function sightNow(database: Database): Sight {
  const last = database.first("SELECT id FROM incarnations ORDER BY number DESC LIMIT 1");
  const incarnation = last === undefined ? firstIncarnation : text(last, "id");
  return { incarnation, seen: journalHead(database) };
}

/** Whether this database went through what was seen. */
export function hasSeen(database: Database, { incarnation, seen }: Sight): boolean {
  const number = numberOf(database, incarnation);
  if (number === undefined) return false;
  const next = database.first(
    "SELECT start FROM incarnations WHERE number > ? ORDER BY number LIMIT 1",
    number,
  );
  return seen <= (next === undefined ? journalHead(database) : integer(next, "start"));
}

function numberOf(database: Database, incarnation: string): number | undefined {
  if (incarnation === firstIncarnation) return 0;
  const row = database.first("SELECT number FROM incarnations WHERE id = ?", incarnation);
  return row === undefined ? undefined : integer(row, "number");
}

/**
 * From here on another incarnation writes. The first thing in the first transaction of an opening.
 *
 * The counter of revs skips a random number of them, so that none that was given out in a lost time comes again for
 * something else.
 */
export function beginIncarnation(database: Database, source: Rng): void {
  const rng = rngOfOpening(database, source);
  database.run(
    "INSERT INTO incarnations (id, start) VALUES (?, ?)",
    randomHex(rng, 16),
    journalHead(database),
  );
  const skipped = Buffer.from(rng.bytes(4)).readUInt32BE();
  const skip = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'revisions'";
  if (database.run(skip, skipped).changes > 0) return;
  database.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('revisions', ?)", skipped);
}

/**
 * Chance for this opening. What an earlier one with the same seed has drawn, and kept as an id, does not come again.
 */
export function rngOfOpening(database: Database, rng: Rng): Rng {
  if (database.isNew) return rng;
  const row = database.first("SELECT coalesce(max(number), 0) AS last FROM incarnations");
  const last = row === undefined ? 0 : integer(row, "last");
  const mask = createHash("sha256").update(`behind incarnation ${last}`).digest();
  const masked = (byte: number, at: number): number => byte ^ (mask[at % mask.length] ?? 0);
  return { bytes: (count) => rng.bytes(count).map(masked) };
}

/** The position behind the last line that was ever written, for all namespaces; 0 is the beginning. */
export function journalHead(database: Database): number {
  const row = database.first("SELECT seq FROM sqlite_sequence WHERE name = 'journal'");
  return row === undefined ? 0 : integer(row, "seq");
}
