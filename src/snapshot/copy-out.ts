import { topUnit, unitFolder } from "../core/repo/unit.ts";
import { CopyTree, type CopyFolder, type CopyLeaf } from "../core/snapshot/copy-tree.ts";
import type { CopyOutRequest, CopyOutTotals, LeftOut } from "../core/snapshot/copy-out.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { turn } from "../std/turn.ts";
import { copyAttributes, type CopyAttributes } from "./copy-attributes.ts";
import { inFolder, requireTroubleOfPath, type CopyDisk } from "./copy-disk.ts";
import type { CopyFile } from "./copy-blocks.ts";
import { FileCopier } from "./copy-files.ts";
import { copyError } from "./copy-error.ts";
import { CopyTarget, freeBytesAt } from "./copy-folder.ts";
import type { JobRunner } from "./copy-runner.ts";
import { fileStamp, folderStamp } from "./copy-stamp.ts";
import { CopyTally } from "./copy-tally.ts";
import { readEntries } from "./manifest-store.ts";
import type { Packs, Shelf } from "./packs.ts";
import type { StoreFiles } from "./store-files.ts";

/** Entries after which everything else has a turn. */
const entriesInTurn = 256;

/** What a copy works with. */
export type CopyOutParts = {
  readonly files: StoreFiles;
  readonly packs: Packs;
  readonly disk: CopyDisk;
  readonly runner: JobRunner;
};

/** A copy to a folder. */
export type CopyOutTo = CopyOutRequest & {
  /** Absolute path of a folder that is missing or empty. */
  readonly to: string;
  /** What a plan found; else what the root counts is taken for the whole. */
  readonly totals?: CopyOutTotals | undefined;
  /** How extended attributes are set; absent where nobody asks for them. */
  readonly attributes?: CopyAttributes | undefined;
};

/** What a copy would hold, and leave out; reads the manifest only. @throws {SnapError} `refused` for a part of a repository (T14) */
export async function planCopyOut(
  meta: Shelf,
  request: CopyOutRequest,
  work: Work,
): Promise<CopyOutTotals> {
  const tree = new CopyTree(request);
  const tally = new CopyTally(request);
  const groups = new Set<string>();
  for await (const entry of inTurns(meta, request, work)) {
    const { opened, leaf, left, isIgnored } = tree.add(entry);
    if (opened.length > 0 || leaf !== undefined) requireWholeUnit(request, entry);
    for (const _folder of opened) tally.folder();
    if (left !== undefined) tally.leave(left);
    if (isIgnored === true) tally.ignored();
    if (leaf?.kind === "symlink") tally.link();
    if (leaf?.kind === "file") countFile(tally, groups, entry);
  }
  return tally.totals();
}

function countFile(tally: CopyTally, groups: Set<string>, entry: SnapshotEntry): void {
  const { linkGroup, size = 0, path } = entry;
  if (linkGroup === undefined || !groups.has(linkGroup)) tally.content(size, path);
  if (linkGroup !== undefined) groups.add(linkGroup);
  tally.file(entry);
}

function requireWholeUnit({ selects }: CopyOutRequest, { path, unit }: SnapshotEntry): void {
  if (unit === undefined || selects === undefined || selects(unitFolder(unit))) return;
  const what = unit === topUnit ? "leave the paths out" : `name "${unit}"`;
  throw new SnapError("refused", `"${path}" is a part of the repository "${unit}"`, {
    path,
    hint: `A repository is restored whole: ${what}.`,
  });
}

/**
 * Copy what a snapshot holds to a folder that is missing or empty (T15): every block is checked, and the folder shows a file only
 * when all of them are whole. Fails without leaving anything behind.
 *
 * @param to absolute
 * @throws {SnapError} `refused` for a folder that is not empty; `damaged` with block, pack and path; `disk-full`; `interrupted`
 */
export async function copyOut(
  parts: CopyOutParts,
  request: CopyOutTo,
  work: Work,
): Promise<CopyOutTotals> {
  const { to, root, totals = root.counts } = request;
  const tally = new CopyTally(request, { totals, onProgress: work.onProgress });
  const ours = (error: unknown): unknown =>
    copyError(to, error, () => Math.max(1, tally.bytesLeft - freeBytesAt(to)));
  try {
    const target = CopyTarget.open(to, parts.disk);
    await fill({ parts, request, target, tally, work }, ours);
    target.place((path, owner) => tally.keepOwner(path, owner));
    return tally.totals();
  } catch (error) {
    throw ours(error);
  }
}

/** Everything is written, and nothing has its place yet; what fails leaves nothing behind. */
async function fill(copy: Omit<Copy, "files">, ours: (error: unknown) => unknown): Promise<void> {
  const { parts, request, target, tally, work } = copy;
  const files = new FileCopier({ ...parts, request, tally, signal: work.signal });
  try {
    await copyEntries({ ...copy, files });
    await addAttributes({ ...copy, files });
    throwIfAborted(work.signal);
    target.requireAlone();
  } catch (error) {
    await files.stop();
    // The room is told as it was before all is removed.
    const told = ours(error);
    target.abandon(told);
    throw told;
  }
}

/** The entries of the snapshot; everything else has a turn now and then. */
async function* inTurns(
  meta: Shelf,
  { root }: CopyOutRequest,
  { signal }: Work,
): AsyncGenerator<SnapshotEntry> {
  let count = 0;
  for await (const entry of readEntries(meta.reader, root)) {
    count += 1;
    if (count % entriesInTurn === 0) await turn();
    throwIfAborted(signal);
    yield entry;
  }
}

type Copy = {
  readonly parts: CopyOutParts;
  readonly request: CopyOutTo;
  readonly target: CopyTarget;
  readonly tally: CopyTally;
  readonly files: FileCopier;
  readonly work: Work;
};

async function copyEntries(copy: Copy): Promise<void> {
  const { parts, request, files, work } = copy;
  const tree = new CopyTree(request);
  for await (const entry of inTurns(parts.packs.meta, request, work))
    await copyEntry(copy, tree, entry);
  for (const folder of tree.end()) close(copy, folder);
  await files.finish();
}

/** Where the snapshot has any: an imported one may have some without telling. */
async function addAttributes(copy: Copy): Promise<void> {
  const { parts, request, target, tally, work } = copy;
  if (request.attributes === undefined || !copy.tally.hasAttributes) return;
  const entries = inTurns(parts.packs.meta, request, work);
  const { staging } = target;
  const leave = (left: LeftOut): void => tally.leave(left);
  const written = { request, staging, disk: parts.disk, leave, work };
  await copyAttributes(entries, written, request.attributes);
}

async function copyEntry(copy: Copy, tree: CopyTree, entry: SnapshotEntry): Promise<void> {
  const { closed, opened, leaf, left, isIgnored } = tree.add(entry);
  const { tally } = copy;
  if (entry.attributes !== undefined) tally.attributes();
  for (const folder of closed) close(copy, folder);
  for (const folder of opened) {
    if (makeFolder(copy, folder)) continue;
    tree.drop(folder);
    return;
  }
  if (left !== undefined) tally.leave(left);
  if (isIgnored === true) tally.ignored();
  if (leaf?.kind === "symlink") makeLink(copy, leaf);
  else if (leaf?.kind === "file") await copy.files.add(fileOf(copy, leaf));
}

function fileOf({ target }: Copy, leaf: Extract<CopyLeaf, { readonly kind: "file" }>): CopyFile {
  const disk = inFolder(target.staging, leaf.disk);
  return { path: leaf.path, disk, stamp: fileStamp(leaf), entry: leaf.entry, isWritten: false };
}

/** False where the disk cannot hold it. */
function makeFolder({ parts, target, tally }: Copy, folder: CopyFolder): boolean {
  try {
    parts.disk.makeFolder(inFolder(target.staging, folder.disk));
    tally.folder();
    return true;
  } catch (error) {
    tally.leave({ path: folder.path, reason: requireTroubleOfPath(error) });
    return false;
  }
}

function makeLink(
  { parts, target, tally }: Copy,
  leaf: Extract<CopyLeaf, { readonly kind: "symlink" }>,
): void {
  try {
    const place = inFolder(target.staging, leaf.disk);
    const isGiven = parts.disk.symlink(leaf.target, place, fileStamp(leaf));
    if (!isGiven) tally.keepOwner(leaf.path, leaf.owner);
    tally.link();
  } catch (error) {
    tally.leave({ path: leaf.path, reason: requireTroubleOfPath(error) });
  }
}

/** What is in a folder goes before its own time and mode. */
function close({ target, files }: Copy, folder: CopyFolder): void {
  const { path } = folder;
  const disk = inFolder(target.staging, folder.disk);
  if (path.includes("/")) files.settleLater({ path, disk, stamp: folderStamp(folder) });
  else target.keepTop(folder);
}
