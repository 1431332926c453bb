import { joinPath, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { Exclusions } from "../../core/exclusions.ts";
import type { LocalSide } from "../../ports.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** Files that are told by name; folders that are looked through for them. */
const filesMax = 100;
const foldersMax = 1_000;

const reason = "stays here unsynced: its folder is excluded on this device";

/** What excluded folders still hold on this disk: work that was never synced (S93). Told, and no trouble (S86). */
export async function leftBehind(
  local: LocalSide,
  exclusions: Exclusions,
): Promise<readonly LeftPath[]> {
  const left: LeftPath[] = [];
  const open: RelPath[] = [];
  for (const path of exclusions.paths.toReversed()) {
    const kind = await kindAt(local, path);
    if (kind === "folder") open.push(path);
    else if (kind !== undefined) left.push({ path, kind: "unsynced", reason });
  }
  for (let looked = 1; ; looked += 1) {
    const folder = open.pop();
    if (folder === undefined) return left;
    if (looked > foldersMax || left.length >= filesMax) return [...left, moreIn(folder)];
    for (const { name, kind } of (await local.list(folder)).entries) {
      const path = joinPath(folder, name);
      if (kind === "folder") open.push(path);
      else left.push({ path, kind: "unsynced", reason });
    }
  }
}

/** Folders are told as a whole from here on. */
function moreIn(path: RelPath): LeftPath {
  return { path, kind: "unsynced", reason: `and others like it: ${reason}` };
}

async function kindAt(
  local: LocalSide,
  path: RelPath,
): Promise<"file" | "folder" | "symlink" | "special" | undefined> {
  try {
    return (await local.stat(path))?.kind;
  } catch (error) {
    // Its folder became a link, or cannot be read: the observation tells of that.
    if (isTroubleWithOne(error)) return undefined;
    throw error;
  }
}
