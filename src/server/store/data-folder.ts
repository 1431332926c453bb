import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SnapError, describeError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import { isBusy, openDatabase } from "./database.ts";
import type { Database } from "./database.ts";

/** The data of one server: its database, and the folder of its block files where it has a disk (V14). */
export type DataFolder = {
  readonly database: Database;
  readonly blocksFolder: string | undefined;
  /** Lets the next process in. */
  release(): void;
};

/**
 * Take the data folder for this process, making it where it is missing (V7). ":memory:" has no folder and no lock.
 *
 * @throws {SnapError} `busy` when another process or server holds it; those of `openDatabase`.
 */
export async function openDataFolder(data: string, rng: Rng): Promise<DataFolder> {
  if (data === ":memory:") {
    const database = openDatabase(data, rng);
    return { database, blocksFolder: undefined, release: () => {} };
  }
  await makePrivateFolder(data);
  const lock = takeLock(data);
  try {
    return {
      database: openDatabase(join(data, "server.sqlite"), rng),
      blocksFolder: join(data, "blocks"),
      release: () => lock.close(),
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SnapError(
      "disk-error",
      `The server's data folder cannot be made: "${folder}" (${describeError(error)})`,
      { path: folder, cause: error, hint: "Choose another folder, or free the place." },
    );
  }
}

/** A SQLite file held exclusively: the lock ends with the process, however that ends. */
function takeLock(folder: string): DatabaseSync {
  const file = join(folder, "lock.sqlite");
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new SnapError("busy", `Another process uses the server's data: "${folder}"`, {
      path: folder,
      cause: error,
      hint: "Wait until it ends, or stop it.",
    });
  }
}
