import type { RelPath } from "../path/rel-path.ts";
import type { FileId } from "./node.ts";

/** A folder of the disk: known by its identity, where the file system has none by its path (S17). */
export type FolderMark = { readonly fileId: FileId; readonly path: RelPath };

/**
 * Folders that stay although they were removed on the other side, since they hold what is not ours to remove (S70). They
 * are not uploaded until they hold something that is synced; a folder that is not among these is the user's. Every write is
 * inside a transaction of the index.
 */
export interface Leftovers {
  has(folder: FolderMark): boolean;
  put(folder: FolderMark): void;
  /** Whether there are others than these. */
  hasOthers(folders: readonly FolderMark[]): boolean;
  /** Forget all but these. */
  keepOnly(folders: readonly FolderMark[]): void;
}
