import { existsSync, lstatSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePrivateFolder } from "./private-file.ts";

const writableByOthers = 0o022;
const sticky = 0o1000;

/** Where the runtime keeps the compiled code of one version of the program. */
export function codeFolder(code: string, version: string): string {
  return join(code, version);
}

/** Make that folder, 0700, and take away those of other versions. */
export function makeCodeFolder(code: string, version: string): void {
  const folder = codeFolder(code, version);
  if (existsSync(folder)) return;
  try {
    rmSync(code, { recursive: true, force: true });
    makePrivateFolder(folder);
  } catch {
    // A home that nobody can write to, or a full disk: the program runs as well without.
  }
}

/**
 * Whether nobody but this user and root can have put anything there: what is found in it is run. Each folder on the way belongs to one
 * of the two, and others may not write to it, or not take away what is not theirs.
 */
export function isOwnCode(folder: string): boolean {
  const own = process.geteuid?.();
  if (own === undefined || !existsSync(folder)) return false;
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const { uid, mode } = lstatSync(at);
    const isSafe = (mode & writableByOthers) === 0 || (mode & sticky) !== 0;
    if (!isSafe || (uid !== own && uid !== 0)) return false;
    if (at === dirname(at)) return true;
  }
}
