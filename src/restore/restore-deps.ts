import type { RelPath } from "../core/path/rel-path.ts";
import type { AttributeControl } from "../core/snapshot/attribute-control.ts";
import type { HookOutcome } from "../core/plan/sync-report.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { LeftItem, RestoreReport } from "../core/snapshot/restore-report.ts";
import type { AsidePath } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { Standing } from "../core/snapshot/unit-changes.ts";
import type { UnitStep } from "../core/snapshot/unit-step.ts";
import type { RestoreRow, RestoreState } from "../core/snapshot/restore-state.ts";
import type { CaptureResult } from "../core/snapshot/store-request.ts";
import type { ContentMemory } from "../core/tree/content-memory.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type {
  EngineControl,
  IndexStore,
  KeptRemote,
  LocalSide,
  RemoteSide,
  RestoreJournal,
  SnapshotStore,
} from "../ports.ts";
import type { Progress, Work } from "../std/events.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";

/** The world of one workspace as a restore sees it. The caller holds the workspace's process lock. */
export type RestoreDeps = {
  readonly local: LocalSide;
  readonly index: IndexStore;
  readonly journal: RestoreJournal;
  readonly store: SnapshotStore;
  /** undefined where the workspace is not linked (T29). */
  readonly engine: EngineControl | undefined;
  /** Reads revisions of files; undefined where the workspace is not linked. */
  readonly remote: Pick<RemoteSide, "download" | "revision"> | undefined;
  /** What Dropbox keeps and puts back itself (T24); undefined where the workspace is not linked. */
  readonly kept: RestoreRemote | undefined;
  /** What the engine knows of a disk that was rolled back from outside; undefined where the workspace is not linked. */
  readonly rollback: RollbackControl | undefined;
  /** Take a safety snapshot. */
  capture(request: SafetyRequest, work: Work): Promise<CaptureResult>;
  /**
   * Whether a place belongs to nobody here: ignored by the rules in force, always outside, or a repository's own
   * files (T8, T13). Asked anew for every look.
   */
  scope(): Promise<Outside>;
  /** What of that is ignored by the rules alone: a restore may be told to put it back (N33). */
  ignored(): Promise<Outside>;
  /** Digest of the rules in force, as a snapshot names it (N24). */
  rules(): Promise<string>;
  /** Files that a program has open for writing, as far as this system tells (T33). */
  writers?(): Promise<readonly Writer[]>;
  /** What captures and restores have read, where no index knows it (N35). */
  readonly contents?: Pick<ContentMemory, "hashesIn" | "note"> | undefined;
  /** What the disks have room for, beside bytes on that of the workspace (T33). */
  readonly room?: DiskRoom;
  /** Id of the workspace, and account and folder of its link. */
  readonly workspace: string;
  /** Owners are set (N38). */
  readonly owners?: boolean;
  /** Copy the index aside before it is emptied (T36); again under the same name where that was cut off. */
  keepIndex?(restore: string): Promise<void>;
  /** undefined where this machine has no programs for them. */
  readonly attributes?: AttributeControl | undefined;
  readonly link: { readonly account: string; readonly folder: string } | undefined;
  /** Name of this device, for conflicted copies and the report. */
  readonly device: string;
  /** undefined where repositories are left alone. */
  readonly units?: RestoreUnits | undefined;
  /** Programs of the user around one restore. */
  hooks(restore: RestoreRow): RestoreHooks;
  readonly clock: Clock;
  readonly rng: Rng;
  onEvent(event: RestoreEvent): void;
};

/** The server's own part of a restore (T24). */
export type RestoreRemote = KeptRemote &
  Pick<RemoteSide, "get" | "list" | "revision" | "deleteFile">;

/** The repositories of a workspace, each restored as a whole (T38). */
export type RestoreUnits = {
  /**
   * What would be done with the repositories of a snapshot: those that are as they were are not told. Also what is left as it is, and why.
   *
   * @throws {SnapError} `damaged`, `interrupted`
   */
  steps(
    root: SnapshotRoot,
    selects: (path: RelPath) => boolean,
    work: Work,
  ): Promise<{ readonly steps: readonly UnitStep[]; readonly left: readonly AsidePath[] }>;
  /** A hash over what is there, times excepted; undefined where nothing is; "unread" where it cannot be read. */
  contentAt(step: Pick<UnitStep, "path" | "vcs">, work: Work): Promise<string | undefined>;
  /** Whether the undo area of a restore still holds a repository. */
  isKept(step: Pick<UnitStep, "path">, restore: string): boolean;
  /** Read, decode and hash what would be staged. @throws {SnapError} `damaged` */
  requireSound(request: Pick<StageUnits, "snapshot" | "steps">, work: Work): Promise<void>;
  /** @throws {SnapError} `refused` while Git or Mercurial is at work in one of them, or a merge and the like is half done (T33) */
  requireQuiet(steps: readonly UnitStep[], work: Work): Promise<void>;
  /**
   * Write those that come out of a snapshot below the staging area of a restore, check that they are whole, and bring what only the
   * present ones have into them (T39).
   *
   * @throws {SnapError} `damaged` for one that is torn; `refused` where commits cannot be kept and shall not be dropped
   */
  stage(request: StageUnits, work: Work): Promise<void>;
  /**
   * Swap one by two renames (T40); may be repeated. `changed`: somebody worked in it since it was looked at, and it is left; `taken`:
   * somebody made something there in between.
   */
  swap(restore: string, step: UnitStep, work: Work): Promise<"done" | "taken" | "changed">;
  /** Where a present one stands; undefined where none is, or nobody knows. */
  standing(place: Pick<UnitStep, "path" | "vcs">, work: Work): Promise<Standing | undefined>;
};

/** Repositories that are staged for a restore. */
export type StageUnits = {
  readonly restore: string;
  readonly snapshot: string;
  readonly steps: readonly UnitStep[];
  /** What only the present ones have may be lost: it stays in the undo area and the safety snapshot alone. */
  readonly dropCommits: boolean;
};

/** A program that has a file of the workspace open for writing. */
export type Writer = { readonly path: RelPath; readonly program: string };

/** Room on the disks of the workspace and of the snapshot store. @throws {SnapError} `disk-error` */
export type DiskRoom = {
  /** Files and folders that the workspace can still take; undefined where its disk does not count them. */
  freeFiles(): number | undefined;
  store(): { readonly freeBytes: bigint; readonly isSameDisk: boolean };
};

/** Programs of the user that run around one restore (T42, T43). */
export type RestoreHooks = {
  /** @throws {SnapError} `refused` where one fails or takes too long */
  before(signal?: AbortSignal): Promise<void>;
  /** Only where `before` has run, in whatever run of the program. What failed, as a sentence. */
  after(outcome: HookOutcome): Promise<string | undefined>;
};

/** The engine's part of S117 to S119. */
export type RollbackControl = {
  /** Both sides have just been observed. */
  isRolledBack(): Promise<boolean>;
  /** Folders that the disk lacks, or may lack, because they were excluded, beside those that the index knows as excluded (S119);
   * `isThere` where Dropbox has a folder of that name now. */
  leftOutOfKeep(): Promise<readonly { readonly path: RelPath; readonly isThere: boolean }[]>;
  /** Raise the generation above the beacon's: the user has chosen. May be repeated. */
  accept(choice: "keep" | "discard"): Promise<void>;
};

/** Whether a place is left out of every restore. */
export type Outside = (path: RelPath, kind: LocalStat["kind"]) => boolean;

/** What a safety snapshot holds (N48): these paths of one side, everything if undefined. */
export type SafetyRequest = {
  /** `before-link` for the first sync of a link (S44). */
  readonly reason: "before-restore" | "before-link";
  readonly side: "local" | "remote";
  readonly paths: readonly RelPath[] | undefined;
  readonly label: string;
  /** Some of them are ignored (N33). */
  readonly ignored?: true;
  /** Repositories in them are saved, too (T38). */
  readonly units?: true;
};

/** What is told while a restore goes on (T46). */
export type RestoreEvent =
  | { readonly type: "plan"; readonly plan: RestorePlan; readonly drifted: boolean }
  | { readonly type: "preflight"; readonly check: string; readonly items: number }
  | { readonly type: "saved"; readonly side: "local" | "remote"; readonly snapshot: string }
  | { readonly type: "state"; readonly restore: string; readonly state: RestoreState }
  | ({ readonly type: "progress" } & Progress)
  | { readonly type: "late"; readonly path: string }
  | ({ readonly type: "left" } & LeftItem)
  | { readonly type: "verified"; readonly paths: number }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "result"; readonly report: RestoreReport };

/** How the user agrees to a plan (T9, T19). */
export type Consent =
  /** Nobody was asked: nothing is changed. */
  | { readonly by: "none" }
  | { readonly by: "yes" }
  /** 12 or more digits of the digest. */
  | { readonly by: "plan"; readonly digest: string }
  /** `drifted` is the plan that was agreed to before, when the sides changed since. */
  | {
      readonly by: "ask";
      ask(plan: RestorePlan, drifted: RestorePlan | undefined): Promise<boolean>;
    };
