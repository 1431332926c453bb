import { dirname } from "node:path";
import { readGitFile } from "./gitdir.ts";
import { inside, isOutOfReach, kindAt, readFolder, type Bytes } from "./read-only.ts";

/**
 * Why a work tree of Git cannot be moved together with a folder above it, as the end of a sentence: paths lead to it or away from
 * it that would break (G48). Undefined where it can.
 *
 * @param top absolute path of the folder that is to move
 */
export function brokenByMove(workTree: Bytes, marker: string, top: string): string | undefined {
  const place = inside(workTree, marker);
  if (kindAt(place) === "folder") return linkedTrees(place);
  if (kindAt(place) !== "file") return "a repository in it is reached by a link";
  const { form, gitdir, pathAbsolute } = readGitFile(workTree, marker);
  if (gitdir === undefined) return undefined;
  if (form === "worktree") return "a second work tree in it belongs to a repository elsewhere";
  const goesAlong = `${gitdir.toString()}/`.startsWith(`${top}/`);
  return goesAlong === (pathAbsolute === true)
    ? `the path from "${dirname(place.toString())}" to its repository would break`
    : undefined;
}

/** A repository and its other work trees name each other by path. */
function linkedTrees(gitdir: Bytes): string | undefined {
  const worktrees = inside(gitdir, "worktrees");
  if (kindAt(worktrees) === undefined) return undefined;
  try {
    if (readFolder(worktrees).length === 0) return undefined;
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
  }
  return "other work trees lead to a repository in it";
}
