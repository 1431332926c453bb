import type { RelPath } from "../path/rel-path.ts";

/** What a watcher tells of: only where to look, never what is there (S2). May be called at any moment between start and end. */
export type WatchMarks = {
  /** Something at these paths may have been made, changed or removed; for `topPath`, look at the top itself. */
  changed(paths: readonly RelPath[]): void;
  /** Anything in these folders may be another, however deep. */
  below(folders: readonly RelPath[]): void;
  /** Something may have changed that was not told: look at everything. */
  lost(reason: string): void;
};

/** Folders in which nobody looks, whatever is there: what happens in them need not be told of. */
export type LeftOut = {
  /** Another text wherever another folder may be left out. */
  readonly digest: string;
  /** Whether a folder, or one above it, is left out. */
  has(folder: RelPath): boolean;
};

/** Every folder counts. */
export const nothingLeftOut: LeftOut = { digest: "", has: () => false };

/** A watcher that runs. Its end ends the telling: no mark comes after it. */
export interface Watching extends AsyncDisposable {
  /** `none`: nothing is told of, and looks at everything must come often (S108). May become so while it runs. */
  readonly coverage: "whole" | "none";
  /** Why nothing is told of, and what to do against it, for the user. */
  readonly reason: string | undefined;
  /** Folders that are watched. */
  readonly folders: number;
  /**
   * From now on these folders are left out, and no others. What happens in one that is left out no more, until it is watched, is
   * told of by `lost`.
   */
  leaveOut(leftOut: LeftOut): void;
  /**
   * Look for what nobody tells of: another folder at the place of the top, a file at that of a folder that is left out. Does so
   * every 10 s at most; to be called at least once a minute.
   */
  check(): void;
  /** Fires when the workspace itself was moved or removed: what comes in its place has to be watched anew. */
  readonly topGone: AbortSignal;
}

/** What the server said to a wait for changes. */
export type RemoteWait = {
  readonly changed: boolean;
  /** No other wait before that time is over, ms; 0 for at once. */
  readonly backoffMs: number;
};
