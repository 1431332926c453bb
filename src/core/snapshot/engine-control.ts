import type { Work } from "../../std/events.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { Observation, RebaseRequest, ServedItem, SyncReport } from "../plan/sync-report.ts";

/** What is to be removed from Dropbox; folders above others first. */
export type GoingThere = {
  readonly files: readonly { readonly path: RelPath; readonly rev: string }[];
  readonly folders: readonly RelPath[];
};

/** How a restore looks at both sides. `isOffline`: at the disk alone, what is known of Dropbox is taken for what it holds (T27). */
export type LookAtBoth = Work & { readonly isOffline?: boolean };

/** What the restore needs of the sync engine; one caller at a time. */
export interface EngineControl {
  /** Look at both sides until complete, move nothing. @throws what makes a plan impossible (S79). */
  observe(work?: LookAtBoth): Promise<Observation>;
  /** Finish or cancel ops under way, observe the remote to the end, and let no cycle run until the fence is lifted (S96). */
  raiseFence(restore: string, work?: LookAtBoth): Promise<Observation>;
  lowerFence(restore: string): void;
  /** The remote tree is at these places as the server has just answered to the restore itself (T23); the fence stands. */
  noteServed(restore: string, items: readonly ServedItem[]): void;
  /**
   * Remove files from Dropbox, each unless it has another revision by now, and then folders, each unless something is in it that was not
   * there to be removed (S62, S63). What is gone already is as good. May be repeated; the fence stands.
   */
  emptyServer(restore: string, going: GoingThere, work?: Work): Promise<void>;
  /** One transaction: all that is known of both sides is forgotten, as before a first sync of this link (S35), fence lifted, and `also`. */
  beginAnew(restore: string, also: () => void): void;
  /** One transaction: synced := remote for the set, local rows from the disk, fence lifted, and `also` (S98). */
  rebase(request: RebaseRequest, also: () => void): Promise<void>;
  /** Cycles until both sides are equal or nothing more can be done. */
  sync(work?: Work): Promise<SyncReport>;
}
