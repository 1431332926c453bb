import type { SnapshotRoot } from "./root.ts";

/** What of a snapshot is to be copied to a folder, and how (T15). */
export type CopyOutRequest = {
  readonly root: SnapshotRoot;
  /** Everything if absent. A folder that holds something selected is made, with its own mode and time. */
  readonly selects?: ((path: string) => boolean) | undefined;
  /** setuid, setgid and sticky bits too. */
  readonly specialModes?: boolean;
  /** Owners too, as far as the snapshot tells them and the system lets this user (N38). */
  readonly owners?: boolean;
  /** Also what was captured although the rules ignored it (T13). */
  readonly ignored?: boolean;
  /** Content that no pack has sound is left aside, instead of ending the copy. */
  readonly leaveDamaged?: boolean;
  readonly onLeft?: (left: LeftOut) => void;
};

/** A path that was not written, or not as it should be, and why; of a folder all that is in it. */
export type LeftOut = { readonly path: string; readonly reason: string };

/** What a copy holds, or would hold. */
export type CopyOutTotals = {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Of content, names of one file counted once. */
  readonly bytes: number;
  /** Paths that are left out, for reasons that are told. */
  readonly left: number;
  /** Passed over since the rules ignored them at the capture. */
  readonly ignored: number;
  /** Files that changed while they were captured: they may be torn. */
  readonly changing: number;
};
