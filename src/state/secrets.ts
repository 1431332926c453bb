import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { SnapError, systemCode } from "../std/error.ts";
import type { SecretStore } from "../ports.ts";
import { fromSystem } from "./errors.ts";
import { makePrivateFolder, syncFolder, writePrivateFile } from "./private-file.ts";

/** Bits that let others in. */
const othersBits = 0o077;

/**
 * Tokens in files 0600 of a folder 0700, both owned by the user (X14). What others could read or could have put there
 * is refused, never repaired silently: whoever opened it up should know.
 *
 * Every call is short and runs without a pause. @throws {SnapError} `settings-invalid` with the command that helps
 */
export function openSecrets(folder: string): SecretStore {
  const pathOf = (account: string): string => join(folder, `${encodeURIComponent(account)}.token`);
  return {
    read: async (account) => (folderIsThere(folder) ? readSecret(pathOf(account)) : undefined),
    write: async (account, secret) => {
      makePrivateFolder(folder);
      folderIsThere(folder);
      writePrivateFile(pathOf(account), secret);
    },
    remove: async (account) => {
      if (folderIsThere(folder)) removeSecret(folder, pathOf(account));
    },
  };
}

function folderIsThere(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory())
    throw refusal(folder, "is not a folder", "Remove it, then log in again.");
  refuseOpen(folder, stat);
  return true;
}

function readSecret(path: string): string | undefined {
  const file = openSecret(path);
  if (file === undefined) return undefined;
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw notPlain(path);
    refuseOpen(path, stat);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Never through a link, and without waiting at a pipe. */
function openSecret(path: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    throw code === "ELOOP" ? notPlain(path) : fromSystem(error, path);
  }
}

function removeSecret(folder: string, path: string): void {
  try {
    rmSync(path, { force: true });
    syncFolder(folder);
  } catch (error) {
    throw fromSystem(error, path);
  }
}

function refuseOpen(path: string, stat: Stats): void {
  const user = process.getuid?.();
  // A system without users has no permission bits that could be judged.
  if (user === undefined) return;
  if (stat.uid !== user) {
    throw refusal(path, "belongs to another user", `chown ${user} "${path}"`);
  }
  if ((stat.mode & othersBits) === 0) return;
  const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
  const wanted = stat.isDirectory() ? "700" : "600";
  throw refusal(path, `is open to other users (mode ${mode})`, `chmod ${wanted} "${path}"`);
}

function notPlain(path: string): SnapError {
  return refusal(path, "is not a plain file", "Remove it, then log in again.");
}

function refusal(path: string, problem: string, hint: string): SnapError {
  return new SnapError("settings-invalid", `A secret is not safe: "${path}" ${problem}`, {
    path,
    hint,
  });
}
