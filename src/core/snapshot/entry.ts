import type { BlockHash } from "../tree/content-hash.ts";
import type { ContentHash } from "../tree/node.ts";

/** What is odd about an entry: `changing`, it may be torn; `unreadable`, it could not be read; `thin`, its content is only in Dropbox. */
export type EntryFlag = "changing" | "unreadable" | "thin" | "ignored";

/** One line of a manifest (N23), with whole names. */
export type SnapshotEntry = {
  /** From the snapshot's top, `/` between names. Checked like a remote name before it is used as a path (X12). */
  readonly path: string;
  /** The bytes in base64 where the name is not UTF-8; `path` is then for display. */
  readonly pathBytes?: string;
  readonly type: "file" | "folder" | "symlink" | "other";
  /** Bytes; files only. */
  readonly size?: number;
  /** mtime, nanoseconds, decimal. */
  readonly modifiedNs?: string;
  /** Octal digits, files and folders. */
  readonly mode?: string;
  /** Block hashes of a file, in order; none for an empty file, absent where only `hash` is known (thin entries). */
  readonly blocks?: readonly BlockHash[];
  /** Content hash; for a file with `blocks` it is derived from them. */
  readonly hash?: ContentHash;
  readonly linkTarget?: string;
  readonly linkGroup?: string;
  /** Present when the entry equalled the cloud at capture; `modified` in ms. */
  readonly remote?: { readonly id: string; readonly rev: string; readonly modified: number };
  readonly flags: readonly EntryFlag[];
};
