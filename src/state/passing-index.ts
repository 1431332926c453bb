import { existsSync, lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { randomHex, type Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import { backUp, removeDatabase } from "./backup.ts";
import { Connection } from "./connection.ts";
import { assemble, damageSeen, type OpenIndex } from "./database.ts";
import { makeEmptyFile } from "./private-file.ts";
import { refuseForeignCode, schemaVersion, schemaVersionNewest } from "./schema.ts";

/** A name that a copy had while it was made is removed by a later one when it is older than this, ms. */
const leftoverMs = 24 * 3_600_000;

/**
 * A copy of an index as it is now, for this process alone: what is seen and tried is written into it, and it is gone when it is closed,
 * or when the process ends in any way. No lock is taken; another process may work with the index meanwhile. Undefined where there is none
 * yet, or where it waits for an upgrade.
 *
 * @param path of the index; the copy is made beside it and has no name any more when this resolves
 * @throws {SnapError} `damaged`, `disk-full`, `disk-read-only`, `disk-error`
 */
export async function copyInPassing(
  path: string,
  { clock, rng }: { readonly clock: Clock; readonly rng: Rng },
): Promise<OpenIndex | undefined> {
  if (!existsSync(path)) return undefined;
  removeLeftovers(path, clock.now());
  const copy = `${path}${mark}${randomHex(rng, 8)}`;
  makeEmptyFile(copy);
  try {
    // In one step: a sync that goes on writing would have it begin anew for ever.
    await backUp(path, copy, pagesInOneStep);
    return openCopy(path, copy);
  } finally {
    removeDatabase(copy);
  }
}

/** More than any index has. */
const pagesInOneStep = 0x7fff_ffff;

/** Stands between the name of the index and what is random. */
const mark = ".look-";

function openCopy(path: string, copy: string): OpenIndex | undefined {
  const connection = new Connection(copy, { passing: true, damageMet: damageSeen(path) });
  try {
    if (schemaVersion(connection) !== schemaVersionNewest) {
      connection.close();
      return undefined;
    }
    refuseForeignCode(connection);
    return assemble(connection, { fresh: false, close: () => connection.close() });
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Of a process that was killed while it copied. By a clock that was set back nothing is old. */
function removeLeftovers(path: string, now: number): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(basename(path) + mark)) continue;
    const left = join(folder, name);
    const stat = lstatSync(left, { throwIfNoEntry: false });
    if (stat !== undefined && now - stat.mtimeMs > leftoverMs) removeDatabase(left);
  }
}
