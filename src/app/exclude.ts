import path from "node:path";
import { Exclusions } from "../core/exclusions.ts";
import { isAlwaysOutside } from "../core/ignore.ts";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { excludedIn, recordExcluded, recordIncluded } from "./exclusion-record.ts";
import { requireLink, type LinkedRecord } from "./find-workspace.ts";
import { exclusionsNamed, foldersNamed, kindAt } from "./exclude-globs.ts";
import { placesHere, saveBefore } from "./save-before.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { openLinked, type LinkedWorkspace } from "./workspace.ts";

/** Which folders a person names, and whether anything is written. */
export type ExclusionWords = {
  readonly place: string;
  readonly paths: readonly string[];
  readonly dryRun: boolean;
};

/** What a change of the list would do, or did. */
export type ExclusionChange = {
  readonly changed: readonly RelPath[];
  /** Named, and as wanted already. */
  readonly unchanged: readonly RelPath[];
};

/**
 * Folders that stay on the server and do not come to this disk, in path order (S93).
 *
 * @throws {SnapError} `workspace-missing`
 */
export function listExclusions(environment: Environment, place: string): readonly RelPath[] {
  return new Exclusions(excludedIn(environment, requireLink(environment, place).id)).paths;
}

/**
 * Exclude folders, by their names or by globs: the next sync takes them off this disk; they stay in the cloud, and what was never synced stays here (S93).
 * All of them, or none. What this disk has of them is saved first (N48).
 *
 * @throws {SnapError} `usage` for what is no folder below the linked one, `path-missing` for what is not there, and what
 * opening the workspace can throw
 */
export async function addExclusions(
  environment: Environment,
  words: ExclusionWords,
  work: Work = {},
): Promise<ExclusionChange & { readonly saved: readonly SnapshotRoot[] }> {
  const record = requireLink(environment, words.place);
  const named = words.paths.map((each) => folderPath(record, each));
  await using workspace = await openLinked(environment, record, "exclude");
  const wanted: RelPath[] = [];
  for (const each of named) wanted.push(...(await foldersNamed(workspace, each)));
  const known = new Exclusions(excludedIn(environment, record.id));
  const isKnown = (folder: RelPath): boolean => known.above(folder) !== undefined;
  const changed = [...new Set(wanted.filter((folder) => !isKnown(folder)))];
  for (const folder of changed) await requireFolder(workspace, folder);
  const unchanged = wanted.filter(isKnown);
  if (words.dryRun) return { changed, unchanged, saved: [] };
  const local = placesHere(workspace, changed);
  const label = `before exclude ${changed.length === 1 ? "1 folder" : `${changed.length} folders`}`;
  const stakes = { reason: "before-exclude", label, local, remote: [] } as const;
  const saved = await saveBefore(workspace, stakes, work);
  recordExcluded(environment, record.id, changed);
  return { changed, unchanged, saved };
}

/**
 * Exclude folders no more: the next sync lists them and brings them down (S93).
 *
 * @throws {SnapError} `usage` for what is no folder below the linked one, or excluded only as a part of another; all or none
 */
export function removeExclusions(environment: Environment, words: ExclusionWords): ExclusionChange {
  const record = requireLink(environment, words.place);
  const known = new Exclusions(excludedIn(environment, record.id));
  const wanted = words.paths.flatMap((named) => exclusionsNamed(known, folderPath(record, named)));
  for (const folder of wanted) refusePart(known, folder);
  const changed = [...new Set(wanted.filter((folder) => known.has(folder)))];
  if (!words.dryRun) recordIncluded(environment, record.id, changed);
  return { changed, unchanged: wanted.filter((folder) => !known.has(folder)) };
}

/** A path below the top as a person writes it: from the top of the workspace, or absolute. */
function folderPath(record: LinkedRecord, named: string): RelPath {
  const below = path.isAbsolute(named) ? path.relative(record.path, named) : snapshotPath(named);
  if (below === "") {
    throw new SnapError("usage", "The top of the workspace cannot be excluded", {
      hint: "Name a folder in it, or run `snap unlink`.",
    });
  }
  if (below === ".." || below.startsWith("../")) {
    throw new SnapError("usage", `"${named}" is not in the workspace "${record.path}"`, {
      path: named,
      hint: "Give the path from the top of the workspace.",
    });
  }
  const folder = parseRelPath(below);
  if (!isAlwaysOutside(folder)) return folder;
  throw new SnapError("usage", `"${folder}" is never synced`, { path: folder });
}

function refusePart(known: Exclusions, folder: RelPath): void {
  const above = known.above(folder);
  if (above === undefined || known.has(folder)) return;
  throw new SnapError("usage", `"${folder}" is excluded as a part of "${above}"`, {
    path: folder,
    hint: `\`snap exclude remove ${JSON.stringify(above)}\` brings all of it.`,
  });
}

async function requireFolder(workspace: LinkedWorkspace, folder: RelPath): Promise<void> {
  const known = kindAt(workspace.state.index, folder);
  const kind = known ?? (await workspace.remote.get(folder))?.kind;
  if (kind === "folder") return;
  const [code, what] =
    kind === undefined
      ? (["path-missing", `There is no folder "${folder}" in Dropbox`] as const)
      : (["usage", `"${folder}" is a file: only folders are excluded`] as const);
  throw new SnapError(code, what, {
    path: folder,
    hint: "To leave out files, or what is not in Dropbox, write a line in .mignore.",
  });
}
