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

/** Whose a folder is, and who may write to it. */
export type FolderOwner = { readonly uid: number; readonly mode: number };

/** Whether nobody but this user and root can have put anything there: what is found in it is run. */
export function isOwnCode(folder: string): boolean {
  const own = process.geteuid?.();
  return own !== undefined && existsSync(folder) && isOwnWay(wayTo(realpathSync(folder)), own);
}

/**
 * Whether each folder on a way belongs to a user or to root, and others may not write to it, or not take away what is not theirs. The root
 * of the file system does not count: whoever has that has the program, too, and in a container it often belongs to nobody.
 */
export function isOwnWay(way: readonly FolderOwner[], own: number): boolean {
  return way.every(({ uid, mode }) => {
    const isClosed = (mode & writableByOthers) === 0 || (mode & sticky) !== 0;
    return isClosed && (uid === own || uid === 0);
  });
}

/** The folder and all above it but the root of the file system. */
function wayTo(folder: string): readonly FolderOwner[] {
  const above = dirname(folder);
  return above === folder ? [] : [...wayTo(above), lstatSync(folder)];
}
