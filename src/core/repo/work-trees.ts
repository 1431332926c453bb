import type { WorkTreeHead } from "./head-beacon.ts";
import type { RelPath } from "../path/rel-path.ts";

/** How long a work tree is left alone after its `HEAD` changed, ms: a branch switch is one batch (G25). */
export const headRestMs = 2_000;

/** How long a repository that is synced by override must have been left alone, ms (G45). */
export const gitdirRestMs = 5_000;

/** A lock of a repository that is older is perhaps a left-over, ms: then its hold says what to do. */
export const staleLockMs = 600_000;

/** Why a work tree is not to be synced just now (G25). */
export type BusyWorkTree = {
  /** As the end of a sentence about its folder. */
  readonly reason: string;
  readonly hint?: string;
  /** When to look again, if nothing tells before, ms since 1970. */
  readonly againAt: number;
};

/** What goes on in the repositories whose work trees are synced without their history (G46). Only reads (G3). */
export interface WorkTrees {
  /**
   * @param folder a folder of the workspace
   * @param marker the name in it that makes it a work tree
   * @returns undefined where it may be synced. What cannot be read is busy (G4)
   */
  busy(folder: RelPath, marker: string): Promise<BusyWorkTree | undefined>;
  /**
   * Why a repository that is synced by override may not be moved now (G45): a lock is held, or something was written.
   *
   * @param since ms since 1970; what was written after it counts as well, however long ago. Absent: for the last `gitdirRestMs`
   * @returns undefined where it may. What cannot be read is busy (G4)
   */
  resting(gitdir: RelPath, since?: number): Promise<BusyWorkTree | undefined>;
  /** The same, but only for what holds a lock: whoever writes there is we. */
  locked(gitdir: RelPath): Promise<BusyWorkTree | undefined>;
  /**
   * Why a work tree must not be moved with a folder that it is, or lies in (G48), as the end of a sentence.
   *
   * @param moving the folder that is to move
   * @returns undefined where nothing speaks against it
   */
  fixed(folder: RelPath, moving: RelPath): Promise<string | undefined>;
  /** What is checked out in those that were asked about and are there still, in path order; undefined where nobody can tell. */
  heads(): readonly { readonly folder: RelPath; readonly head: WorkTreeHead | undefined }[];
}
