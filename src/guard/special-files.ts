import { turn } from "../std/turn.ts";
import { readdirSync } from "node:fs";
import { objectFolders } from "./git-objects.ts";
import type { GitPlaces } from "./git-refs.ts";
import { readGitFile } from "./gitdir.ts";
import { inside, isOutOfReach, kindAt, realPath, sizeAt, type Bytes } from "./read-only.ts";
import { Unproven } from "./unproven.ts";

/**
 * Pipes, sockets and devices where Git expects files of its own: it opens them and waits for somebody who writes. We look at the
 * kinds before Git starts (G33); what appears meanwhile is ended by its time.
 */

/** Git takes rules to ignore files into memory whole. */
export const ignoreBytesMax: number = 16 * 1024 * 1024;

/** Whether a file, or what a link leads to, is nothing that Git may be shown: no file, or one that is larger. */
export function isOddFile(path: Bytes, bytesMax: number): boolean {
  const end = kindAt(path) === "symlink" ? realPath(path) : path;
  const kind = end === undefined ? undefined : kindAt(end);
  return kind === "special" || (kind === "file" && (sizeAt(end ?? path) ?? 0) > bytesMax);
}

const listBytesMax = 64 * 1024;

/**
 * Look at the kinds of everything in the folders of objects that Git would open.
 *
 * @throws {Unproven} `special-file`; `alternates` where there are more of these than are looked at
 */
export async function requirePlainObjects({ common }: GitPlaces): Promise<void> {
  const { folders, isWhole } = objectFolders(inside(common, "objects"));
  if (!isWhole) throw new Unproven("alternates");
  for (const folder of folders) {
    if (isOddFile(inside(folder, "info/alternates"), listBytesMax))
      throw new Unproven("alternates");
    const below = namesIn(folder).filter((name) => /^(?:[0-9a-f]{2}|pack|info)$/u.test(name));
    const all = [folder, ...below.map((name) => inside(folder, name))];
    for (const one of all) {
      await turn();
      if (hasSpecial(one)) throw new Unproven("special-file");
    }
  }
}

/** Submodules of which so many are looked at; beyond them Git is not asked. */
const submodulesMax = 1000;
const refsMax = 10_000;

/** Whether Git, which looks where submodules stand, could open something in one that is no file. */
export function hasOddSubmodule(worktree: Bytes, paths: readonly Bytes[]): boolean {
  if (paths.length > submodulesMax) return true;
  return paths.some((path) => {
    const folder = inside(worktree, path);
    const marker = kindAt(inside(folder, ".git"));
    const gitdir = marker === "folder" ? inside(folder, ".git") : pointedTo(folder, marker);
    return gitdir !== undefined && (hasSpecial(gitdir) || hasSpecialBelow(inside(gitdir, "refs")));
  });
}

function pointedTo(folder: Bytes, marker: ReturnType<typeof kindAt>): Bytes | undefined {
  if (marker === "file") return readGitFile(folder, ".git").gitdir;
  return marker === "symlink" ? realPath(inside(folder, ".git")) : undefined;
}

function hasSpecialBelow(top: Bytes): boolean {
  const waiting = [top];
  let seen = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    seen += 1;
    if (seen > refsMax || hasSpecial(folder)) return true;
    for (const { name, isFolder } of entriesOf(folder)) {
      if (isFolder) waiting.push(inside(folder, name));
    }
  }
  return false;
}

type Entry = { readonly name: Bytes; readonly isPlain: boolean; readonly isFolder: boolean };

/** Kinds as the listing tells them: a look at each of many thousand objects would take too long. */
function entriesOf(folder: Bytes): Entry[] {
  try {
    return readdirSync(folder, { encoding: "buffer", withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isPlain: entry.isFile() || entry.isDirectory(),
      isFolder: entry.isDirectory(),
    }));
  } catch (error) {
    // What we cannot list, Git cannot either.
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

function namesIn(folder: Bytes): string[] {
  return entriesOf(folder).map(({ name }) => name.toString("latin1"));
}

function hasSpecial(folder: Bytes): boolean {
  return entriesOf(folder).some(
    ({ name, isPlain }) => !isPlain && isOddFile(inside(folder, name), Number.MAX_SAFE_INTEGER),
  );
}
