import type { OverrideRecord } from "./override.ts";
import type { Vcs } from "./marker.ts";

/** In which shape a repository was found (G11); `unreadable` is a folder that could not be looked into (G4). */
export type RepositoryForm =
  | "dir"
  | "submodule"
  | "worktree"
  | "separate"
  | "dangling"
  | "symlink"
  | "bare"
  | "reftable"
  | "displaced"
  | "variant"
  | "parent"
  | "share"
  | "server"
  | "workspace"
  | "unreadable";

/** `broken`: signs of a repository that Git itself would not open; `displaced`: renamed away; `indeterminate`: not readable. */
export type RepositoryState = "live" | "broken" | "displaced" | "indeterminate";

/** `refuse` forbids a link; `warn` and `info` only report. */
export type Severity = "refuse" | "warn" | "info";

/** A number with the proof that stands behind it: none is shown without (G36). */
export type Measured =
  | { readonly precision: "exact"; readonly value: number }
  | { readonly precision: "notComputed"; readonly reason: string };

/** What `HEAD` says. */
export type Head = {
  readonly kind: "branch" | "detached" | "unborn" | "unreadable";
  readonly branch?: string;
  /** Absent where it could not be read as plain text. */
  readonly oid?: string;
};

/** What was begun in a repository and not ended. */
export type Operation = "merge" | "rebase" | "am" | "cherry-pick" | "revert" | "bisect";

/** A lock file that is there, and when it was written, ms since 1970. */
export type LockFile = { readonly path: string; readonly modified: number };

/** What plain text in a repository tells, without reading an object (G30). */
export type RepositoryFacts = {
  readonly head: Head;
  readonly remotes: readonly string[];
  /** `FETCH_HEAD` was written then, ms since 1970. */
  readonly lastFetch: number | undefined;
  /** Commits that are on no remote-tracking branch, as of the last fetch (G37). */
  readonly unpushed: Measured;
  /** Changed files. Never examined so far. */
  readonly uncommitted: Measured;
  readonly stashes: Measured;
  readonly operation: Operation | undefined;
  readonly locks: readonly LockFile[];
};

/** Something in a repository that is not as it should be (G40). */
export type Damage = {
  readonly code: "head-unreadable" | "gitdir-incomplete";
  readonly path: string;
  readonly detail: string;
};

/** One repository, or one place where there may be one. */
export type GuardFinding = {
  /** `f1`, `f2`, … in order of path. */
  readonly id: string;
  /** The folder that holds the marker, below the workspace, `.` for its top; absolute for `parent`. Bytes that are no text are escaped. */
  readonly path: string;
  readonly absolutePath: string;
  /** Name of the marker; "" where the folder itself is the repository. */
  readonly marker: string;
  /** undefined for `unreadable`. */
  readonly vcs: Vcs | undefined;
  readonly form: RepositoryForm;
  readonly state: RepositoryState;
  readonly severity: Severity;
  /** It lies under rules of the link and is not transferred (G9). */
  readonly covered: boolean;
  /** Path of the finding whose folder it lies in. */
  readonly nestedIn: string | undefined;
  /** Where the history is, as the marker says it. */
  readonly gitdir: string | undefined;
  /** Absolute path of the repository that a worktree belongs to. */
  readonly commonDir: string | undefined;
  readonly pathAbsolute: boolean | undefined;
  /** Why it is as it is, for people: the text of an error, or where a marker leads. */
  readonly detail: string | undefined;
  readonly facts: RepositoryFacts | undefined;
  readonly damage: readonly Damage[];
  /** Work would be lost with it, or it is not known that none would (G38). */
  readonly atRisk: boolean;
  readonly override: OverrideRecord | undefined;
};

/** What a look at a folder found. */
export type GuardReport = {
  /** Absolute path. */
  readonly top: string;
  /** In order of path. */
  readonly findings: readonly GuardFinding[];
  /** False where something was not looked into: the list may lack a repository. */
  readonly complete: boolean;
  readonly scanned: { readonly folders: number; readonly files: number };
};
