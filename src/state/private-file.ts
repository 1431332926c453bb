import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../std/error.ts";
import { fromSystem } from "./errors.ts";

/**
 * Make a folder with its parents; nobody but the user may look into the new ones (S10).
 *
 * One by one and not by Node's own recursion, which hides why it failed on a read-only disk, and never ends below a
 * folder like `/proc` that exists and takes no entries.
 */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makePrivateFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process made it meanwhile.
    if (systemCode(error) !== "EEXIST") throw fromSystem(error, path);
  }
}

/**
 * Make an empty file 0600 where nothing is. A file that is there is not even opened: closing it again would drop the
 * locks that SQLite holds on it in this process (POSIX record locks).
 */
export function makeEmptyFile(path: string): void {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  try {
    closeSync(openSync(path, O_CREAT | O_EXCL | O_WRONLY, 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw fromSystem(error, path);
  }
}

/** Take a file's name away; whoever has it open keeps it until then. Without one, nothing happens. */
export function removeName(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fromSystem(error, path);
  }
}

/** Replace a file by new text, 0600: a reader, or a crash, sees the old text or the new one. Durable on return. */
export function writePrivateFile(path: string, text: string): void {
  // Two processes never share a name; within one, this whole function runs without a pause.
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    rmSync(temporary, { force: true });
    writeDurably(temporary, text);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fromSystem(error, path);
  }
}

function writeDurably(path: string, text: string): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const file = openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Make the content of a file durable. */
export function syncFile(path: string): void {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A rename or removal is durable only when its folder is. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
