import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { headOf } from "./git-facts.ts";
import { readRefs } from "./git-refs.ts";
import { readGitFile } from "./gitdir.ts";
import type { IndexEntry } from "./index-file.ts";
import { inside, kindAt, lookAt, readLinkBytes, readPieces, type Bytes } from "./read-only.ts";

/** What files are compared with. */
export type CompareContext = {
  readonly worktree: Bytes;
  /** When the index was written, ms since 1970: a file that was written later, or then, may differ unseen. */
  readonly writtenMs: number;
  /** @throws when the time is over */
  readonly check: () => void;
  /** Whether a path is a real folder, remembered. */
  readonly folders: Map<string, boolean>;
};

const executableBit = 0o100;
const kindMask = 0o170000;
const linkKind = 0o120000;
const submoduleKind = 0o160000;

/**
 * Whether a file is as the index has it, as Git sees it without conversions: by what the file system said of it, and where that
 * is no proof, by the hash of its content.
 */
export function compareEntry(entry: IndexEntry, context: CompareContext): "same" | "changed" {
  const path = inside(context.worktree, entry.path);
  const stats = isReached(entry.path, context) ? lookAt(path) : undefined;
  if ((entry.mode & kindMask) === submoduleKind) return compareSubmodule(path, entry, stats);
  if (stats === undefined) return entry.skipWorktree ? "same" : "changed";
  if (!isSameKind(entry.mode, stats)) return "changed";
  if (isProven(entry, stats, context.writtenMs)) return "same";
  const { size } = entry.stat;
  if (size !== 0 && size !== stats.size % 2 ** 32) return "changed";
  return hashOf(path, stats, context) === entry.oid ? "same" : "changed";
}

/** A file behind a link is none of the repository's. */
function isReached(path: Bytes, { worktree, folders }: CompareContext): boolean {
  for (let at = path.indexOf(0x2f); at >= 0; at = path.indexOf(0x2f, at + 1)) {
    const folder = path.subarray(0, at);
    const key = folder.toString("latin1");
    const known = folders.get(key) ?? kindAt(inside(worktree, folder)) === "folder";
    folders.set(key, known);
    if (!known) return false;
  }
  return true;
}

function isSameKind(mode: number, stats: Stats): boolean {
  if ((mode & kindMask) === linkKind) return stats.isSymbolicLink();
  return stats.isFile() && (stats.mode & executableBit) === (mode & executableBit);
}

/** Nothing of it changed since it was compared last, and that was after it was written (racy Git). */
function isProven({ stat }: IndexEntry, stats: Stats, writtenMs: number): boolean {
  return (
    isSameTime(stat.mtime, stats.mtimeMs) &&
    isSameTime(stat.ctime, stats.ctimeMs) &&
    stat.ino === stats.ino % 2 ** 32 &&
    stat.size === stats.size % 2 ** 32 &&
    stat.mtime[0] < Math.floor(writtenMs / 1000)
  );
}

/** To the microsecond: times in ms are no exact numbers. */
function isSameTime([seconds, nanoseconds]: readonly [number, number], timeMs: number): boolean {
  return Math.abs(seconds * 1000 + nanoseconds / 1e6 - timeMs) < 1e-3;
}

function hashOf(path: Bytes, stats: Stats, { check }: CompareContext): string | undefined {
  const hash = createHash("sha1");
  if (stats.isSymbolicLink()) {
    const target = readLinkBytes(path);
    if (target === undefined) return undefined;
    return hash.update(`blob ${target.length}\0`).update(target).digest("hex");
  }
  hash.update(`blob ${stats.size}\0`);
  const isWhole = readPieces(path, (piece) => {
    check();
    hash.update(piece);
  });
  return isWhole ? hash.digest("hex") : undefined;
}

/** A submodule that is not there is as it should be; one that is has to stand at the commit that the index names. */
function compareSubmodule(
  path: Bytes,
  entry: IndexEntry,
  stats: Stats | undefined,
): "same" | "changed" {
  if (stats === undefined) return entry.skipWorktree ? "same" : "changed";
  if (!stats.isDirectory()) return "changed";
  const marker = kindAt(inside(path, ".git"));
  if (marker === undefined) return "same";
  const gitdir = marker === "folder" ? inside(path, ".git") : readGitFile(path, ".git").gitdir;
  if (gitdir === undefined) return "changed";
  const head = headOf(gitdir, readRefs({ gitdir, common: gitdir }));
  return head.oid === entry.oid ? "same" : "changed";
}
