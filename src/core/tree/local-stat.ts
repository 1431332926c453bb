import type { SnapError } from "../../std/error.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { BlockHash, HashedContent } from "./content-hash.ts";
import type { ContentHash, FileId, Stamp } from "./node.ts";
import type { Owner } from "./owner.ts";

/** What stands at a place on the disk, by `lstat`: links are never followed (S22). */
export type LocalStat = {
  readonly name: string;
  readonly kind: "folder" | "file" | "symlink" | "special";
  /** Bytes of a file; 0 for everything else. */
  readonly size: number;
  readonly fileId: FileId;
  readonly stamp: Stamp;
  /** Permission bits with setuid, setgid and sticky, `0o0000` to `0o7777`. */
  readonly mode: number;
  /** mtime in nanoseconds, decimal. */
  readonly modifiedNs: string;
  /** The later of mtime and ctime in nanoseconds, decimal: what a racy stamp is judged by (S24). */
  readonly newestNs: string;
  /** Where a symlink points, as written: raw text (`raw-path`). */
  readonly linkTarget?: string;
  /** The same text for all names of one file with several hard links; absent for a file with one name. */
  readonly linkGroup?: string;
  /** Absent where the disk knows no owners. */
  readonly owner?: Owner;
};

/** What was read of a file that held still, its stat then, and whether that proves the content from now on (S24). */
export type HashedFile = HashedContent & { readonly stat: LocalStat; readonly trusted: boolean };

/** Files up to this size are small: they are read in one go. */
export const smallBytesMax: number = 256 * 1024;

/** Small files to be read, and the memory that takes their bytes: what threads share is filled by another one. */
export type ReadEachRequest = { readonly paths: readonly RelPath[]; readonly into: Uint8Array };

/**
 * A small file that held still while it was read: all of it, its stat then, and when its reading began, ms since 1970. The
 * bytes lie in the memory of the request.
 */
export type WholeFile = {
  readonly stat: LocalStat;
  readonly bytes: Uint8Array;
  readonly startedAt: number;
  /** SHA-256 of the bytes, where it is known. */
  readonly hash?: BlockHash | undefined;
};

/** What a file held from `startedAt` (ms) on, while it had this stat. */
export type ReadContent = {
  readonly path: RelPath;
  readonly stat: LocalStat;
  readonly startedAt: number;
  readonly hash: ContentHash;
};

/** One folder as it was read: entries by name in byte order. */
export type FolderListing = {
  readonly path: RelPath;
  readonly entries: readonly LocalStat[];
  /** Names that are not valid UTF-8, with their bytes escaped for display (S14). */
  readonly unsyncable: readonly string[];
  /** What stands under these names, which are raw here (`raw-path`). A raw path is for the local side alone. */
  readonly odd: readonly LocalStat[];
  /** Why the folder could not be read: it and everything below is unknown (S29). */
  readonly trouble: SnapError | undefined;
};
