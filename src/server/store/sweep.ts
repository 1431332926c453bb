import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../std/error.ts";
import type { Database } from "./database.ts";
import { WriteFailure } from "../wire/failure.ts";
import { sessionSeconds, sweepEverySeconds } from "../limits.ts";
import { blocksOf } from "../tree/node.ts";
import { text } from "./rows.ts";

/** What a sweep works on; it runs while no call does. */
export type SweepParts = {
  readonly database: Database;
  readonly blocksFolder: string | undefined;
  readonly nowSeconds: number;
  readonly retentionSeconds: number;
};

/**
 * Drop what retention has ended (V26, V38), and the blocks that nothing names any more (V13); once a day at most.
 */
export async function sweepIfDue(parts: SweepParts): Promise<void> {
  const { database, nowSeconds } = parts;
  const last = database.first("SELECT value FROM meta WHERE name = 'swept'");
  if (last !== undefined && nowSeconds - Number(text(last, "value")) < sweepEverySeconds) return;
  if (!dropRows(parts)) return;
  if (parts.blocksFolder !== undefined) {
    await dropFiles(parts.blocksFolder, namedBlocks(database));
  }
}

/** Whether there was room for it: a removal needs some, too, and a full disk is no reason not to close. */
function dropRows(parts: SweepParts): boolean {
  const { database, nowSeconds } = parts;
  try {
    database.transaction(() => {
      dropEnded(parts);
      dropSmallBlocks(database, namedBlocks(database));
      const mark = "INSERT OR REPLACE INTO meta (name, value) VALUES ('swept', ?)";
      database.run(mark, String(nowSeconds));
    });
    return true;
  } catch (error) {
    if (error instanceof WriteFailure) return false;
    throw error;
  }
}

function dropEnded({ database, nowSeconds, retentionSeconds }: SweepParts): void {
  const retained = nowSeconds - retentionSeconds;
  database.run("DELETE FROM revisions WHERE ended <= ?", retained);
  database.run("DELETE FROM removed WHERE ended <= ?", retained);
  database.run("DELETE FROM sessions WHERE touched <= ?", nowSeconds - sessionSeconds);
}

function namedBlocks(database: Database): ReadonlySet<string> {
  const tables = ["revisions", "sessions", "session_parts"];
  return new Set(
    tables.flatMap((table) => database.all(`SELECT blocks FROM ${table}`).flatMap(blocksOf)),
  );
}

function dropSmallBlocks(database: Database, named: ReadonlySet<string>): void {
  for (const row of database.all("SELECT hash FROM blocks")) {
    const hash = text(row, "hash");
    if (!named.has(hash)) database.run("DELETE FROM blocks WHERE hash = ?", hash);
  }
}

/** Also takes the remainders of writes that broke off, which no block has the name of. */
async function dropFiles(folder: string, named: ReadonlySet<string>): Promise<void> {
  for (const shelf of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, shelf))) {
      if (!named.has(name)) await unlink(join(folder, shelf, name));
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
