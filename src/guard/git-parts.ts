import { dirname, isAbsolute, resolve } from "node:path";
import type { SubmoduleFacts, WorktreeFacts } from "../core/repo/finding.ts";
import { readConfig } from "./git-layout.ts";
import { inside, isOutOfReach, kindAt, readFolder, readStart, type Bytes } from "./read-only.ts";

const pathBytesMax = 4096;
const partsMax = 1_000;

/** What `.gitmodules` names, in its order (gitmodules(5)). Whether it is there is not looked at. */
export function submodulesOf(worktree: Bytes | undefined): SubmoduleFacts[] {
  if (worktree === undefined) return [];
  const paths = readConfig(inside(worktree, ".gitmodules")).flatMap(
    ({ section, subsection, name, value }) =>
      section === "submodule" && subsection !== undefined && name === "path"
        ? [[subsection, value] as const]
        : [],
  );
  return Array.from(new Map(paths), ([name, path]) => ({ name, path })).slice(0, partsMax);
}

/** The linked worktrees that a repository knows of (gitrepository-layout(5), `worktrees`). */
export function worktreesOf(common: Bytes): WorktreeFacts[] {
  const top = inside(common, "worktrees");
  return foldersIn(top)
    .slice(0, partsMax)
    .map(({ name, bytes }) => {
      const place = inside(top, bytes);
      const written = readStart(inside(place, "gitdir"), pathBytesMax)?.trim();
      if (written === undefined || written === "") return { name, path: undefined, exists: false };
      const file = isAbsolute(written) ? written : resolve(place.toString(), written);
      return { name, path: dirname(file), exists: kindAt(Buffer.from(file)) !== undefined };
    });
}

function foldersIn(top: Bytes): ReturnType<typeof readFolder> {
  try {
    return readFolder(top).filter(({ kind }) => kind === "folder");
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}
