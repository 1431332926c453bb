import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SnapError, describeError, isSnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import { isBusy, openDatabase, openFailure } from "./database.ts";
import type { Database } from "./database.ts";
import { makePrivateFile, makePrivateFolder } from "./private-place.ts";

const databaseName = "server.sqlite";

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
 * @throws {SnapError} `busy` when another process or server holds it; `path-invalid` when its path is too long; those
 * of `openDatabase`.
 */
export async function openDataFolder(data: string, rng: Rng): Promise<DataFolder> {
  if (data === ":memory:") {
    const database = openDatabase(data, rng);
    return { database, blocksFolder: undefined, release: () => {} };
  }
  checkPath(data);
  await makeFolder(data);
  const lock = takeLock(data);
  try {
    return {
      database: openDatabase(join(data, databaseName), rng),
      blocksFolder: join(data, "blocks"),
      release: () => lock.close(),
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Bytes of a file's path that SQLite takes, with room for what it appends to that: 512 with the last 0. */
const filePathBytesMax = 504;

/** Bytes of one name in a path that file systems take. */
const nameBytesMax = 255;

/** Before anything is made: a part of a path would stay behind. */
function checkPath(folder: string): void {
  const path = resolve(folder);
  const isLong = Buffer.byteLength(join(path, databaseName)) > filePathBytesMax;
  if (!isLong && path.split("/").every((name) => Buffer.byteLength(name) <= nameBytesMax)) return;
  throw new SnapError("path-invalid", `The path of the server's data is too long: "${folder}"`, {
    path: folder,
    hint: `Choose a folder whose path has at most ${filePathBytesMax - databaseName.length - 1} bytes, and each name in it ${nameBytesMax}.`,
  });
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await makePrivateFolder(resolve(folder));
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
  let lock: DatabaseSync | undefined;
  try {
    makePrivateFile(file);
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    throw lockFailure(error, { folder, file });
  }
}

type Lock = { readonly folder: string; readonly file: string };

function lockFailure(error: unknown, { folder, file }: Lock): unknown {
  if (isBusy(error)) {
    return new SnapError("busy", `Another process uses the server's data: "${folder}"`, {
      path: folder,
      cause: error,
      hint: "Wait until it ends, or stop it.",
    });
  }
  const failure = openFailure(error, file);
  if (!isSnapError(failure, "damaged")) return failure;
  return new SnapError("damaged", `The server's lock file holds something else: "${file}"`, {
    path: file,
    cause: error,
    hint: "Remove it, then try again.",
  });
}
