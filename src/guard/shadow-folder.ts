import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { systemCode } from "../std/error.ts";

import type { GitPlaces } from "./git-refs.ts";
import { endOrphans } from "./orphans.ts";
import { isAtOrBelow, realPath, type Bytes } from "./read-only.ts";
import { Unproven } from "./unproven.ts";

/** Where nothing may be made. */
export type Taboo = GitPlaces & { readonly worktree?: Bytes | undefined };

const prefix = "snap-guard-shadow-";

/**
 * Make a folder of our own, 0700, for one shadow gitdir. Its name tells which process made it, so that the next run can remove
 * what a killed one left behind.
 *
 * @throws {Unproven} `temp-inside` where it would lie in the repository or its work tree (G3)
 */
export function makeShadowFolder(tmp: string, places: Taboo): string {
  const real = realpathSync(tmp);
  const { gitdir, common, worktree } = places;
  for (const taboo of [gitdir, common, ...(worktree === undefined ? [] : [worktree])]) {
    const path = realPath(taboo);
    if (path === undefined || isAtOrBelow(Buffer.from(real), path))
      throw new Unproven("temp-inside");
  }
  const kind = `${prefix}${processWorld()}-`;
  removeLeftovers(real, kind);
  const folder = mkdtempSync(join(real, `${kind}${process.pid}-`));
  chmodSync(folder, 0o700);
  return folder;
}

/** Process ids mean something only among processes that see the same ones. */
function processWorld(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replaceAll(/\D/gu, "");
  } catch {
    return "0";
  }
}

function removeLeftovers(tmp: string, kind: string): void {
  for (const name of readdirSync(tmp)) {
    const pid = name.startsWith(kind) ? /^\d+(?=-)/u.exec(name.slice(kind.length))?.[0] : undefined;
    const path = join(tmp, name);
    if (pid !== undefined && !isAlive(Number(pid)) && isOurs(path)) {
      endOrphans(path);
      removeLeftover(path);
    }
  }
}

const obstacles: ReadonlySet<string> = new Set(["EACCES", "EPERM", "ENOTEMPTY", "EBUSY"]);

/** One that cannot be removed now is no reason not to look at a repository: the next run tries again. */
function removeLeftover(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!obstacles.has(systemCode(error) ?? "")) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}

function isOurs(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}
