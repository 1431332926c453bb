import { closeSync, constants, openSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../../std/error.ts";
import { syncFolder } from "./block-files.ts";

/**
 * Make a folder with its parents, the new ones closed to others and durable; one that is there stays as it is.
 *
 * One by one, and not by Node's own recursion: that never ends below a folder which exists and takes no entries, such
 * as `/proc`.
 *
 * @throws a system error where it cannot be made, or something else is there.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makePrivateFolder(parent);
  try {
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(parent);
  } catch (error) {
    // Another process made it meanwhile.
    if (systemCode(error) !== "EEXIST" || !(await isFolder(folder))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/**
 * Make an empty file that only its owner may read, where nothing is; SQLite gives the files beside it the same mode.
 *
 * A file that is there is not even opened: closing it again would drop the locks that SQLite holds on it in this
 * process.
 *
 * @throws a system error where it cannot be made.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}
