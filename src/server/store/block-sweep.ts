import type { Dirent } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { systemCode } from "../../std/error.ts";
import type { BlockGuard } from "./block-guard.ts";
import type { Database } from "./database.ts";
import { blob, integer, text } from "./rows.ts";

/** What a sweep of blocks works on. It runs beside calls. */
export type BlockSweepParts = {
  readonly database: Database;
  readonly blocksFolder: string | undefined;
  readonly guard: BlockGuard;
  /** Resolves when the calls that run now are over. */
  readonly callsEnded: () => Promise<unknown>;
  /** The server ends: the sweep may stop at any point. */
  readonly signal: AbortSignal;
};

/** Rows that are looked at without letting others run. */
const rowsAtOnce = 500;

/**
 * Drop the blocks that nothing names (V13).
 *
 * A block is taken in first and named later, so an unnamed one may belong to a call. What calls take from here on is
 * spared; those that took something before are waited for, but not the bodies of answers, whose blocks are known. After that every other block is either named already or
 * never will be: a new name for a block that is not taken comes from an old one.
 */
export async function sweepBlocks(parts: BlockSweepParts): Promise<void> {
  parts.guard.beginSweep();
  try {
    await parts.callsEnded();
    const named = await namedBlocks(parts);
    await dropSmallBlocks(parts, named);
    if (parts.blocksFolder !== undefined) await dropFiles(parts, parts.blocksFolder, named);
  } finally {
    parts.guard.endSweep();
  }
}

/** Blocks by the first 48 bits of their hash, to save memory: two that share them are both kept. */
type NamedBlocks = ReadonlySet<number>;

const digestBytes = 32;
const markBytes = 6;

function markOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 2 * markBytes), 16);
}

/**
 * Sessions before revisions, and these by number: what a session holds can become a revision meanwhile, which then is
 * still to be read.
 */
async function namedBlocks({ database, guard, signal }: BlockSweepParts): Promise<NamedBlocks> {
  const named = new Set(guard.blocksRead().map(markOf));
  for (const table of ["sessions", "session_parts"]) {
    for (const row of database.all(`SELECT blocks FROM ${table}`))
      addMarks(named, blob(row, "blocks"));
  }
  for (let after = 0; !signal.aborted;) {
    const rows = database.all(
      "SELECT rev, blocks FROM revisions WHERE rev > ? ORDER BY rev LIMIT ?",
      after,
      rowsAtOnce,
    );
    for (const row of rows) addMarks(named, blob(row, "blocks"));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = integer(last, "rev");
    await setImmediate();
  }
  return named;
}

function addMarks(named: Set<number>, blocks: Uint8Array): void {
  const digests = Buffer.from(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (let at = 0; at < digests.length; at += digestBytes) {
    named.add(digests.readUIntBE(at, markBytes));
  }
}

async function dropSmallBlocks(parts: BlockSweepParts, named: NamedBlocks): Promise<void> {
  const { database, guard, signal } = parts;
  for (let after = ""; !signal.aborted;) {
    const rows = database.all(
      "SELECT hash FROM blocks WHERE hash > ? ORDER BY hash LIMIT ?",
      after,
      rowsAtOnce,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = text(last, "hash");
    const unnamed = rows
      .map((row) => text(row, "hash"))
      .filter((hash) => !named.has(markOf(hash)) && !guard.isSpared(hash));
    if (unnamed.length > 0) dropRows(database, unnamed);
    await setImmediate();
  }
}

function dropRows(database: Database, hashes: readonly string[]): void {
  database.transaction(() => {
    for (const hash of hashes) database.run("DELETE FROM blocks WHERE hash = ?", hash);
  });
}

/** What this server makes in the folder: shelves, and in them blocks, and blocks that are being written. */
const shelfName = /^[0-9a-f]{2}$/;
const blockName = /^[0-9a-f]{64}(?:\.[0-9a-f]+\.part)?$/;

/** Also takes the remainders of writes that broke off; their names begin with the block's. What others put there stays. */
async function dropFiles(
  { guard, signal }: BlockSweepParts,
  folder: string,
  named: NamedBlocks,
): Promise<void> {
  const shelves = await entriesIn(folder, (entry) => entry.isDirectory(), shelfName);
  for (const shelf of shelves) {
    const names = await entriesIn(join(folder, shelf), (entry) => entry.isFile(), blockName);
    for (const name of names) {
      if (signal.aborted) return;
      const hash = name.slice(0, 2 * digestBytes);
      if (name === hash && named.has(markOf(hash))) continue;
      await guard.drop(hash, () => dropFile(join(folder, shelf, name)));
    }
  }
}

async function dropFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** The names of one kind in a folder; none where there is no such folder. */
async function entriesIn(
  folder: string,
  isWanted: (entry: Dirent) => boolean,
  pattern: RegExp,
): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => isWanted(entry) && pattern.test(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
