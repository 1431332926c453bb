/** A risk that a person took for one repository (G44). Kept with the settings, shown by every status. */
export type OverrideRecord = {
  /** Absolute path of the repository's folder. */
  readonly path: string;
  /** What the repository was when the risk was taken: see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Hash of the sorted root commits; absent where they were not known. */
  readonly repoId?: string;
  /** Linked worktrees that it had. */
  readonly worktrees?: readonly string[];
  /** Commits that were on no remote-tracking branch then; absent where they could not be counted. */
  readonly unpushed?: number;
  readonly reason: string;
  /** Hooks and configuration are synced, too (G45). */
  readonly trust?: boolean;
  /** Login name of whoever took it, and on which host. */
  readonly who: string;
  readonly host: string;
  /** ms since 1970. */
  readonly at: number;
  readonly expiresAt: number;
};
