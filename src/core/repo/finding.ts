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
  | "elsewhere"
  | "share"
  | "server"
  | "workspace"
  | "unreadable";

/** `broken`: signs of a repository that Git itself would not open; `displaced`: renamed away; `indeterminate`: not readable. */
export type RepositoryState = "live" | "broken" | "displaced" | "indeterminate";

/** `refuse` forbids a link; `warn` and `info` only report. */
export type Severity = "refuse" | "warn" | "info";

/**
 * A number with the proof that stands behind it: none is shown without (G36). `lowerBound`: there are at least so many;
 * `approximate`: counted, but something that would change the count could not be taken into account.
 */
export type Measured =
  | { readonly precision: "exact" | "lowerBound" | "approximate"; readonly value: number }
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

/** A local branch with commits that its upstream, or without one every remote-tracking ref, does not have (G37). */
export type BranchAhead = {
  readonly name: string;
  /** Commits that are not in the upstream; without one, in no remote-tracking ref. */
  readonly ahead: number;
  /** Commits that no other local branch and no remote-tracking ref reaches. */
  readonly unique: number;
};

/** Work that only this repository holds (G38). A staged file may count as an unstaged one as well. */
export type WorkFacts = {
  readonly staged: Measured;
  readonly unstaged: Measured;
  readonly conflicted: Measured;
  /** A folder with nothing but untracked files counts as one. */
  readonly untracked: Measured;
  readonly stashes: Measured;
  /** Commits that are on no remote-tracking branch, as of the last fetch (G37). */
  readonly unpushed: Measured & { readonly branches: readonly BranchAhead[] };
};

/** How a repository is stored; undefined where it does not say, or it could not be read. */
export type FormatFacts = {
  /** `sha1`, `sha256`, or what the repository says. */
  readonly objects: string | undefined;
  /** `files`, `reftable`, or what the repository says. */
  readonly refs: string | undefined;
  /** Version of the index. */
  readonly index: number | undefined;
  /** Names of the extensions that the configuration turns on, in lower case. */
  readonly extensions: readonly string[];
};

/** Which program stood behind the numbers, and what it could not do. */
export type EngineFacts = {
  readonly name: "git" | "isomorphic-git" | "hg" | "none";
  readonly version: string | undefined;
  /** Reasons for which a number is not exact. */
  readonly degraded: readonly string[];
};

/** A repository that another one names as its part. */
export type SubmoduleFacts = { readonly name: string; readonly path: string };

/** A second work tree of a repository. */
export type WorktreeFacts = {
  /** Name of its folder below `worktrees`. */
  readonly name: string;
  /** Its folder, as written; undefined where that could not be read. */
  readonly path: string | undefined;
  readonly exists: boolean;
};

/** Large File Storage: rules in the attributes, and whether contents are kept below the gitdir. */
export type LfsFacts = { readonly rules: boolean; readonly stored: boolean };

/** What was found out about a repository (G30, G31). */
export type RepositoryFacts = {
  readonly head: Head;
  readonly remotes: readonly string[];
  /** `FETCH_HEAD` was written then, ms since 1970. */
  readonly lastFetch: number | undefined;
  readonly work: WorkFacts;
  readonly format: FormatFacts;
  readonly engine: EngineFacts;
  readonly operation: Operation | undefined;
  readonly locks: readonly LockFile[];
  readonly submodules: readonly SubmoduleFacts[];
  readonly worktrees: readonly WorktreeFacts[];
  readonly lfs: LfsFacts | undefined;
  /** Bytes of the files below the gitdir; undefined where there are too many to add up. */
  readonly sizeBytes: number | undefined;
  /** Hash of the sorted root commits; undefined where they are not known for certain. */
  readonly repoId: string | undefined;
};

/** Signs of damage, by the tier of the check that sees them (G40). */
export type DamageCode =
  | StructureDamage
  | "tip-missing"
  | "tip-tree-missing"
  | "pack-truncated"
  | "pack-changed"
  | "index-corrupt"
  | "alternates-missing"
  | "commit-missing"
  | "tree-missing"
  | "blob-missing"
  | "object-corrupt"
  | "revlog-truncated"
  | "journal-left";

type StructureDamage =
  | "conflict-copy-ref"
  | "conflict-copy-object"
  | "conflict-copy-file"
  | "junk-file"
  | "ref-unreadable"
  | "head-unreadable"
  | "object-empty"
  | "object-misnamed"
  | "pack-without-index"
  | "index-without-pack"
  | "gitdir-incomplete"
  | "refs-lost";

/** Signs that are no damage by themselves (G41). */
export type HintCode =
  | "reflog-ahead"
  | "foreign-lock"
  | "worktree-missing"
  | "index-missing"
  | "ref-like-copy";

/** Something in a repository that is not as it should be (G40). */
export type Damage = Sign & {
  /** 1: structure; 2: tips; 3: everything that is reachable. */
  readonly tier: 1 | 2 | 3;
  /** Below the gitdir. */
  readonly path: string;
  readonly detail: string;
  /** A commit that is there, that nothing reaches, and that can be saved (G42). */
  readonly rescuableOid?: string;
};

type Sign =
  | { readonly severity: "damage"; readonly code: DamageCode }
  | { readonly severity: "hint"; readonly code: HintCode };

/** How far a look went. What was not looked at is not known to be whole (G36). */
export type Extent =
  | { readonly checked: "all" }
  | { readonly checked: "part" | "none"; readonly reason: string };

/** How far the search for damage went in each tier (G40). */
export type Integrity = {
  readonly structure: Extent;
  readonly tips: Extent;
  readonly connectivity: Extent;
};

/** What other programs keep beside or in a repository, and a sync of its files would tear apart as well (G12). */
export type Adjacent = "annex" | "lfs" | "dvc";

/** What a user can do about a finding: names of the ways out (G6). */
export type Advice = "push" | "exclude" | "leave-out" | "override";

/** One repository, or one place where there may be one. */
export type GuardFinding = {
  /** `f1`, `f2`, … in order of path. */
  readonly id: string;
  /** The folder that holds the marker, below the workspace, `.` for its top; absolute for `parent`. Bytes that are no text are escaped. */
  readonly path: string;
  readonly absolutePath: string;
  /** The bytes of `path` in base64, where they are no UTF-8 (G39). */
  readonly pathBytes: string | undefined;
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
  readonly adjacent: readonly Adjacent[];
  readonly facts: RepositoryFacts | undefined;
  /** What can be rescued first, then what is lost, then hints. */
  readonly damage: readonly Damage[];
  /** undefined where there is nothing that could be damaged, or no way to tell. */
  readonly integrity: Integrity | undefined;
  readonly advice: readonly Advice[];
  /** Work would be lost with it, or it is not known that none would (G38). */
  readonly atRisk: boolean;
  readonly override: OverrideRecord | undefined;
};

/** What a look at a folder found. */
export type GuardReport = {
  /** Absolute path. */
  readonly top: string;
  /** ms since 1970: ages are told from then. */
  readonly checkedAt: number;
  /** In order of path. */
  readonly findings: readonly GuardFinding[];
  /** False where something was not looked into: the list may lack a repository. */
  readonly complete: boolean;
  readonly scanned: { readonly folders: number; readonly files: number };
};
