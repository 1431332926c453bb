import { isInside, isRelPath, parseRelPath } from "../core/path/rel-path.ts";
import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import { decodeEntry } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { sortKeyOf, textOfLine } from "../core/snapshot/entry-sorter.ts";
import { archiveNames } from "../core/snapshot/export-request.ts";
import { importName } from "../core/snapshot/import-name.ts";
import { inPathOrder, joinByPath } from "../core/snapshot/manifest.ts";
import { leavesWorkspace } from "../core/snapshot/restore-manifest.ts";
import { SnapError } from "../std/error.ts";
import { mergeTwo } from "../std/line-sorter.ts";
import { inRuns, outOfRuns } from "../std/runs.ts";
import { isHeld } from "./export.ts";
import { importMode } from "./import-collect.ts";
import type { ImportSpools } from "./import-spools.ts";

/** The entries of an archive that was read, one a path, in path order. Of several the last counts, unless it is another kind (X12). */
export function* archiveEntries(spools: ImportSpools): Generator<SnapshotEntry> {
  const groups = spools.groups.lines()[Symbol.iterator]();
  let group = groupOf(groups.next());
  for (const entry of lastOfEach(spools)) {
    while (group !== undefined && sortKeyOf(group) < sortKeyOf(entry.path))
      group = groupOf(groups.next());
    const isFirstName = group === entry.path && entry.type === "file";
    yield isFirstName ? { linkGroup: entry.path, ...entry } : entry;
  }
}

function groupOf({ done, value }: IteratorResult<string>): string | undefined {
  return done === true ? undefined : String(JSON.parse(value));
}

function* lastOfEach(spools: ImportSpools): Generator<SnapshotEntry> {
  let chosen: SnapshotEntry | undefined;
  for (const line of mergeTwo(spools.entries.lines(), spools.linked.lines())) {
    const entry = decodeEntry(textOfLine(line));
    if (chosen?.path === entry.path && chosen.type !== entry.type) {
      const reason = "Refused: it stands there twice, as different things";
      spools.leave({ path: entry.path, reason });
      continue;
    }
    if (chosen !== undefined && chosen.path !== entry.path) yield chosen;
    chosen = entry;
  }
  if (chosen !== undefined) yield chosen;
}

/**
 * The entries of an archive of ours as its manifest has them, with the contents that were found.
 *
 * @throws {SnapError} `damaged` where the archive does not hold what its manifest says
 */
export async function* manifestEntries(
  spools: ImportSpools,
  found: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry> {
  const listed = outOfRuns(inPathOrder(inRuns(decoded(spools.manifest.lines()))));
  for await (const { left, right } of joinByPath(listed, found)) {
    if (left === undefined) {
      if (right !== undefined) yield right;
    } else if (right === undefined || left.linkBytes !== undefined) {
      const entry = withoutMember(left, spools);
      if (entry !== undefined) yield entry;
    } else yield withMember(left, right);
  }
}

async function* decoded(lines: Iterable<string>): AsyncGenerator<SnapshotEntry> {
  for (const line of lines) yield decodeEntry(line);
}

/** Something that no member stands for: it has no content here, or its member was refused. */
function withoutMember(listed: SnapshotEntry, spools: ImportSpools): SnapshotEntry | undefined {
  const refused = refusalOfListed(listed);
  if (refused !== undefined) {
    spools.leave({ path: listed.path, reason: `Refused: ${refused}` });
    return undefined;
  }
  if (isHeld(listed)) throw unlike(listed.path);
  return masked(listed);
}

/** As its member would be refused (X12). */
function refusalOfListed(listed: SnapshotEntry): string | undefined {
  const { path, pathBytes, type, linkTarget, linkBytes } = listed;
  if (linkBytes !== undefined) return "its target is not valid UTF-8";
  const bytes = pathBytes === undefined ? Buffer.from(path) : Buffer.from(pathBytes, "base64");
  const isLink = type === "symlink" && isRelPath(path);
  const isOutward = isLink && leavesWorkspace(path, linkTarget ?? "");
  return importName(bytes).refused ?? (isOutward ? "the link leads out of the archive" : undefined);
}

function withMember(listed: SnapshotEntry, found: SnapshotEntry): SnapshotEntry {
  const isSame =
    listed.type === found.type &&
    // Such a name is refused: no member has it.
    listed.pathBytes === undefined &&
    listed.linkTarget === found.linkTarget &&
    (listed.hash === undefined || listed.hash === found.hash);
  if (!isSame) throw unlike(listed.path);
  return masked({ ...listed, ...(found.blocks === undefined ? {} : { blocks: found.blocks }) });
}

function masked(entry: SnapshotEntry): SnapshotEntry {
  const mode = entry.mode === undefined ? 0 : Number.parseInt(entry.mode, 8);
  return mode > 0o777 ? { ...entry, mode: importMode(mode) } : entry;
}

function unlike(path: string): SnapError {
  return new SnapError("damaged", `The archive does not hold "${path}" as its manifest says`, {
    path,
    hint: `If it was changed on purpose, take ${archiveNames.manifest} out of it: it is then imported like any other.`,
  });
}

/** An earlier snapshot with what changed since, and without what is gone (N58). */
export async function* overBase(
  spools: ImportSpools,
  base: AsyncIterable<SnapshotEntry>,
  changed: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry> {
  const gone = gonePaths(spools.deleted.lines());
  let next = gone.next();
  for await (const { left, right } of joinByPath(base, changed)) {
    const path = (left ?? right)?.path ?? "";
    while (next.done !== true && sortKeyOf(next.value) < sortKeyOf(path)) next = gone.next();
    if (right !== undefined) yield right;
    else if (left !== undefined && (next.done === true || next.value !== path)) yield left;
  }
}

/** @throws {SnapError} `damaged` out of order */
function* gonePaths(lines: Iterable<string>): Generator<string> {
  let before = "";
  for (const line of lines) {
    const path = CheckedRecord.parse(line, archiveNames.deleted).text("p");
    if (sortKeyOf(path) <= before) throw unlike(path);
    before = sortKeyOf(path);
    yield path;
  }
}

/**
 * What belongs to some paths, as a tree: what lies below a file or link is refused (X12). The folders that tar writes no line for
 * come before what is in them, if that is wanted.
 */
export async function* asTree(
  spools: ImportSpools,
  entries: AsyncIterable<SnapshotEntry>,
  options: { readonly implied: boolean; readonly paths: readonly string[] | undefined },
): AsyncGenerator<SnapshotEntry> {
  const tops = options.paths?.map(parseRelPath);
  let folders: readonly string[] = [];
  let leaf: string | undefined;
  for await (const entry of entries) {
    const { path, type } = entry;
    if (tops?.some((top) => isInside(parseRelPath(path), top)) === false) continue;
    if (leaf !== undefined && path.startsWith(`${leaf}/`)) {
      spools.leave({ path, reason: `Refused: it lies below "${leaf}", which is no folder` });
      continue;
    }
    const missing = options.implied ? missingAbove(path, folders) : [];
    for (const each of missing) yield { path: each, type: "folder", flags: [] };
    folders = [...folders, ...missing].filter((folder) => path.startsWith(`${folder}/`));
    if (type === "folder") folders = [...folders, path];
    leaf = type === "folder" ? undefined : path;
    yield entry;
  }
}

/** The folders above a path that did not come yet, top first. */
function missingAbove(path: string, folders: readonly string[]): readonly string[] {
  const names = path.split("/").slice(0, -1);
  const above = names.map((_name, at) => names.slice(0, at + 1).join("/"));
  return above.filter((each) => !folders.includes(each));
}
