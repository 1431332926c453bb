import type { RelPath } from "../path/rel-path.ts";
import type { SnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { KnownFile, RemoteItem, SmallUpload } from "./remote-item.ts";

/** Entries of one batch at most, as the server takes them. */
export const batchEntriesMax = 1_000;

/** The files of a folder that are wanted all at once. */
export type FolderRequest = {
  readonly folder: RelPath;
  /** Their keys below the folder, with `/` between them, and their sizes. */
  readonly wanted: ReadonlyMap<string, number>;
  /** Bytes and entries of the whole folder: more is not what was seen. */
  readonly bytesMax: number;
  readonly entriesMax: number;
};

/** What an archive may hold for each entry besides its bytes: its path twice, and what stands around it. */
const entryBytesMax = 1024;

/** What deflate may add to bytes that it cannot shorten, and what stands at the end, is well below this. */
const frameBytesMax = 64 * 1024;

/** Bytes that the archive of a folder has at most; a longer one is not taken, and its files are fetched one by one. */
export function archiveBytesMax({
  bytesMax,
  entriesMax,
}: Pick<FolderRequest, "bytesMax" | "entriesMax">): number {
  return bytesMax + entriesMax * entryBytesMax + frameBytesMax;
}

/** A file as it was found in a folder; the caller checks its hash. */
export type FolderFile = { readonly place: string; readonly bytes: Uint8Array };

/**
 * What the server does for many files at once (S58), a thousand at the most. Each method answers in the order of what it was asked,
 * with what stands there now or why not. Errors as those of `RemoteSide`; thrown where the outcome of all is not known.
 */
export interface RemoteBatches {
  /**
   * Upload small files with a few calls; each as `RemoteSide.upload`. A lost answer is healed by the repeat. `onSessions` is told
   * where the bytes are that the server has and that are not files yet, by the place of their request.
   */
  uploadEach(
    requests: readonly SmallUpload[],
    onSessions?: (sessions: ReadonlyMap<number, string>) => void,
    work?: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]>;
  /** Whether `filesIn` may be asked for the linked folder itself. */
  readonly givesWhole: boolean;
  /**
   * Wanted files of a folder by one call, as the folder is now. What is missing from the answer has to be fetched by itself; that may be
   * everything.
   */
  filesIn(request: FolderRequest, work?: Work): AsyncIterable<FolderFile>;
  /** Undefined for what is gone; gone already is success, `conflict` where the rev is another. */
  deleteEach(files: readonly KnownFile[], work?: Work): Promise<readonly (SnapError | undefined)[]>;
  /** Make folders, those above others first; one that is there already is a `conflict`. */
  makeFolders(paths: readonly RelPath[], work?: Work): Promise<readonly (RemoteItem | SnapError)[]>;
  /**
   * Move or copy files, or folders with all that they hold; never over anything. A lost answer is healed by the repeat, which then names
   * what is done already as a refusal, so that a refused place has to be looked at.
   */
  relocate(
    call: "move" | "copy",
    pairs: readonly { readonly from: RelPath; readonly to: RelPath }[],
    work?: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]>;
}
