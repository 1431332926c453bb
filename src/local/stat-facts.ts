import type { BigIntStats } from "node:fs";
import type { LocalStat } from "../core/tree/local-stat.ts";

/** What `lstat` found, with the name it was found under and where it points if it is a link. */
export type StatFacts = {
  readonly name: string;
  readonly stats: BigIntStats;
  readonly linkTarget: string | undefined;
};

/** The facts about an entry that the rest of the program uses (S17, S18). */
export function localStat({ name, stats, linkTarget }: StatFacts): LocalStat {
  const kind = kindOf(stats);
  const size = kind === "file" ? Number(stats.size) : 0;
  const severalNames = kind === "file" && stats.nlink > 1n;
  const modifiedNs = String(stats.mtimeNs);
  const changedNs = String(stats.ctimeNs);
  return {
    name,
    kind,
    size,
    fileId: fileIdOf(stats),
    stamp: `${size} ${modifiedNs} ${changedNs}`,
    mode: Number(stats.mode) & 0o7777,
    owner: `${stats.uid}:${stats.gid}`,
    modifiedNs,
    newestNs: stats.mtimeNs > stats.ctimeNs ? modifiedNs : changedNs,
    ...(linkTarget !== undefined && { linkTarget }),
    ...(severalNames && { linkGroup: String(stats.ino) }),
  };
}

/** What kind of entry a stat describes. */
export function kindOf(stats: BigIntStats): LocalStat["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "symlink" : "special";
}

/** Inode and birth time (S17): an inode number alone is reused at once and proves nothing. */
function fileIdOf(stats: BigIntStats): string {
  return stats.birthtimeNs === 0n ? "" : `${stats.ino}:${stats.birthtimeNs}`;
}

/** Whether two looks saw the same inode. Only sure while something keeps the inode alive. */
export function sameInode(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && kindOf(a) === kindOf(b);
}

/** Whether content and inode are untouched between two looks; the ctime catches an mtime that was set back. */
export function sameState(a: BigIntStats, b: BigIntStats): boolean {
  return sameInode(a, b) && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/**
 * The same stat with a stamp that no later look will see: what stands at the place is not what we put there, so the next
 * observation must read it.
 */
export function unproven(stat: LocalStat): LocalStat {
  return { ...stat, stamp: `${stat.size} ${stat.modifiedNs} 0` };
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name from the disk; undefined unless it is valid UTF-8 (S14). */
export function decodeName(name: string | Uint8Array): string | undefined {
  if (typeof name === "string") return name;
  try {
    return strict.decode(name);
  } catch {
    // The only error a strict decoder has: the bytes are no UTF-8, which is the answer.
    return undefined;
  }
}

/** Bytes for display: what is no printable ASCII as `\xNN`. */
export function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
