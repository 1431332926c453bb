import type { PathKey } from "../path/path-key.ts";

/** One file or folder over time; an integer of the workspace's index, never reused (S6). */
export type NodeId = number;

/** The top of every tree. It has no row of its own. */
export const rootNode: NodeId = 0;

/** What is synced; everything else on a disk or server is listed and left alone (S8). */
export type Kind = "folder" | "file";

/** Size, mtime, ctime in nanoseconds as text, compared for equality only (S9, S18). */
export type Stamp = string;

/** Inode and birth time as text; "" where the file system reports no birth time (S17). */
export type FileId = string;

/** SHA-256 of the SHA-256 of each 4 MiB block, lower-case hex; "" for folders (`content-hash.ts`). */
export type ContentHash = string;

/** What every tree knows of a node. Paths are derived: a folder move changes one row (S6). */
export type Entry = {
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly kind: Kind;
  /** As written on its side. */
  readonly name: string;
  readonly key: PathKey;
  /** "" for folders; undefined where a local file was not hashed yet. */
  readonly hash: ContentHash | undefined;
  /** Bytes; 0 for folders. */
  readonly size: number;
};

/** Last seen on disk. */
export type LocalEntry = Entry & {
  readonly fileId: FileId;
  readonly stamp: Stamp;
  /** The stamp was older than the hash by more than the granularity of the disk (S24). */
  readonly trusted: boolean;
  /** When it was first missed, in ms since 1970: unknown until a second look (S27). */
  readonly absentAt: number | undefined;
};

/** Last seen on the server. */
export type RemoteEntry = Entry & {
  readonly remoteId: string;
  /** "" for folders. */
  readonly rev: string;
  /** `client_modified`, ms since 1970; 0 for folders. */
  readonly modified: number;
  /** `ignored` by a rule, `refused` because this disk cannot hold the name (S14, S91). */
  readonly scope: "in" | "ignored" | "refused";
};

/** The last state both sides agreed on. */
export type SyncedEntry = Entry & {
  /** The name on disk where it differs from `name`, the server's (S42). */
  readonly localName: string | undefined;
  readonly remoteId: string;
  readonly rev: string;
  readonly fileId: FileId;
  readonly stamp: Stamp;
  readonly trusted: boolean;
};
