import {
  hasNoChecksum,
  indexEntries,
  indexExtensions,
  indexFrame,
  type IndexEntry,
} from "./index-file.ts";
import { readWhole, kindAt, type Bytes } from "./read-only.ts";
import { indexBytesMax } from "./shadow-files.ts";

/** What an index tells without a look at the files. */
export type IndexSummary = {
  /** undefined where the file does not begin as an index. */
  readonly version: number | undefined;
  readonly count: number;
  /** False where it could not be read to its end; then nothing below is complete. */
  readonly whole: boolean;
  readonly extensions: readonly string[];
  readonly noChecksum: boolean;
  /** Paths with more than one side. */
  readonly conflicted: number;
  /** Files that Git was told to take for unchanged. */
  readonly assumedValid: number;
  /** Files that are left out of the work tree. */
  readonly skipped: number;
  readonly submodules: number;
  /** Where they are, the first few thousand, bytes. */
  readonly submodulePaths: readonly Bytes[];
  readonly oddPaths: number;
  /** Folders with entries, "" for the top, in bytes as latin1; undefined where there are too many. */
  readonly folders: ReadonlySet<string> | undefined;
  /** When it was written, ms since 1970. */
  readonly modifiedMs: number;
};

const foldersMax = 50_000;
const submodulesMax = 5000;

const nothing: IndexSummary = {
  version: undefined,
  count: 0,
  whole: true,
  extensions: [],
  noChecksum: false,
  conflicted: 0,
  assumedValid: 0,
  skipped: 0,
  submodules: 0,
  submodulePaths: [],
  oddPaths: 0,
  folders: new Set([""]),
  modifiedMs: 0,
};

/** Read an index (G30). A repository without one has an empty one. */
export function summariseIndex(path: Bytes, hashBytes: 20 | 32): IndexSummary {
  if (kindAt(path) === undefined) return nothing;
  const file = readWhole(path, indexBytesMax);
  const frame = file && indexFrame(file.bytes);
  if (file === undefined || frame === undefined) return { ...nothing, whole: false };
  const tally = newTally();
  const entries = indexEntries(file.bytes, { hashBytes });
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) note(step.value, tally);
  const extensions =
    step.value === undefined ? undefined : indexExtensions(file.bytes, step.value, { hashBytes });
  return {
    ...frame,
    ...tally,
    conflicted: tally.conflicts.size,
    folders: tally.folders.size > foldersMax ? undefined : tally.folders,
    whole: extensions !== undefined,
    extensions: extensions ?? [],
    noChecksum: hasNoChecksum(file.bytes, { hashBytes }),
    modifiedMs: file.modifiedMs,
  };
}

type Tally = {
  assumedValid: number;
  skipped: number;
  submodules: number;
  readonly submodulePaths: Bytes[];
  oddPaths: number;
  readonly conflicts: Set<string>;
  readonly folders: Set<string>;
};

function newTally(): Tally {
  return {
    assumedValid: 0,
    skipped: 0,
    submodules: 0,
    submodulePaths: [],
    oddPaths: 0,
    conflicts: new Set(),
    folders: new Set([""]),
  };
}

/** The kind of an entry is in the upper bits of its mode. */
const kindMask = 0o170000;
const submoduleKind = 0o160000;

function note({ path, mode, stage, assumeValid, skipWorktree }: IndexEntry, tally: Tally): void {
  const text = path.toString("latin1");
  if (stage > 0) tally.conflicts.add(text);
  if (assumeValid) tally.assumedValid += 1;
  if (skipWorktree) tally.skipped += 1;
  if ((mode & kindMask) === submoduleKind) {
    tally.submodules += 1;
    if (tally.submodulePaths.length < submodulesMax) tally.submodulePaths.push(path);
  }
  if (!Buffer.from(path.toString("utf8")).equals(path)) tally.oddPaths += 1;
  addFolders(text, tally.folders);
}

/** All folders on the way, so that attributes of each of them are seen. */
function addFolders(path: string, folders: Set<string>): void {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const folder = path.slice(0, at);
    if (folders.has(folder) || folders.size > foldersMax) return;
    folders.add(folder);
  }
}
