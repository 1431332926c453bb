import type { RelPath } from "../path/rel-path.ts";
import type { LocalItem, RemoteSeen, SyncedSeen } from "./restore-picture.ts";
import type { RestoreKind } from "./restore-state.ts";
import type { WantedNode } from "./restore-wanted.ts";

/** What the user asked for. */
export type PlanOptions = {
  /** Files, folders or globs of the snapshot; all of it if empty. */
  readonly paths: readonly string[];
  /** Remove what lies inside the boundary and is not wanted (T10). */
  readonly delete: boolean;
  /** What to do with local content that exists nowhere else (T12). */
  readonly onUnsaved: "refuse" | "keep" | "replace";
  /** Set setuid, setgid and sticky bits as they were (N38). */
  readonly specialModes?: boolean;
  /** Put back on the disk what was ignored when it was captured (N33). */
  readonly ignored?: boolean;
  /** Commits that only a present repository has are not brought into the restored one (T39). */
  readonly dropCommits?: boolean;
  /** Dropbox is emptied, and everything uploaded anew as by a first link (T36). */
  readonly procedure?: "documented";
};

/** What a plan is about: part of its digest. */
export type PlanSubject = {
  readonly kind: RestoreKind;
  readonly snapshot: string | undefined;
  readonly options: PlanOptions;
  /** Account and folder of the link. */
  readonly link: { readonly account: string; readonly folder: string } | undefined;
};

/** What is done at one place of one side; `aside` leaves it as it is although it differs. */
export type SideAction = "keep" | "metadata" | "create" | "replace" | "delete" | "aside";

/** One path that a restore touches, on at least one side. */
export type PlanItem = {
  readonly path: RelPath;
  /** undefined: nothing is to stand there. */
  readonly want: WantedNode | undefined;
  readonly local: { readonly action: SideAction; readonly before: LocalItem | undefined };
  /** undefined where the workspace is not linked, and where another path has this one's place in Dropbox (S15). */
  readonly remote:
    | { readonly action: SideAction; readonly before: RemoteSeen | undefined }
    | undefined;
  readonly synced: SyncedSeen | undefined;
};
