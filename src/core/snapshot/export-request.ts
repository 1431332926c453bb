import type { SnapshotEntry } from "./entry.ts";
import type { SnapshotRoot } from "./root.ts";
import type { Work } from "../../std/events.ts";

/** What of a snapshot goes into an archive (N58). */
export type ExportOptions = Work & {
  /** Only what changed since this snapshot, and a list of what is gone. */
  readonly since?: SnapshotRoot | undefined;
  /** Only these, and what is below them; all if absent. */
  readonly paths?: readonly string[] | undefined;
  /** Told of every entry that the archive lists and does not hold. */
  readonly onLeft?: (entry: SnapshotEntry) => void;
};

/** What an archive holds. */
export type ExportTotals = {
  /** Files, folders and links in it. */
  readonly entries: number;
  /** Bytes of the files, before any compression. */
  readonly bytes: number;
  /** Listed, not held: content that is only in Dropbox, what could not be read, and what is neither file, folder nor link. */
  readonly left: number;
  readonly deleted: number;
};

/** Members of an archive that are ours (N58): the entries as the snapshot has them, what is gone, and what was exported. */
export const archiveNames = {
  manifest: ".snap/manifest.jsonl",
  deleted: ".snap/deleted.jsonl",
  about: ".snap/export.json",
} as const;
