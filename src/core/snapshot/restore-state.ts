import type { RelPath } from "../path/rel-path.ts";

/** What put a workspace back: see `docs/restore-procedure.md`. */
export type RestoreKind = "restore" | "undo" | "rollback";

/** The states of a restore in the order they are passed; `not-done` and `done` are ends. */
export type RestoreState =
  | "planned"
  | "saved"
  | "fenced"
  | "staged"
  | "committing"
  | "committed"
  | "handed"
  | "pushed"
  | "verified"
  | "done"
  | "partial"
  | "not-done";

/** One restore in the journal. `options` and `report` are JSON of `restore-report.ts`. */
export type RestoreRow = {
  readonly id: string;
  readonly kind: RestoreKind;
  readonly state: RestoreState;
  readonly snapshot: string | undefined;
  readonly options: string;
  readonly digest: string;
  readonly report: string | undefined;
  readonly madeAt: number;
};

/** One path of a restore on one side. */
export type RestoreItemRow = {
  readonly restore: string;
  readonly side: "local" | "remote";
  readonly path: RelPath;
  readonly step: "planned" | "staged" | "acting" | "acted" | "left";
  /** JSON of the local act, or of what the side was believed to be. */
  readonly expected: string;
  /** Where the displaced content lies below the undo area. */
  readonly displaced: string | undefined;
  /** Content hash that the restore left there, "folder", "symlink:…", or "absent" (T45). */
  readonly witness: string | undefined;
  /** The rev that was superseded on the server (S102). */
  readonly rev: string | undefined;
};

/** Where recovery goes on with a restore that was interrupted; `back` takes back, `none` is an end. */
export type RecoveryStep = "back" | "commit" | "hand-over" | "push" | "verify" | "none";

/** What the next start does with a restore found in a state ; before the first intent back, then forward (T30). */
export const recoveryStepOf: Readonly<Record<RestoreState, RecoveryStep>> = {
  planned: "back",
  saved: "back",
  fenced: "back",
  staged: "back",
  committing: "commit",
  committed: "hand-over",
  handed: "push",
  pushed: "verify",
  verified: "verify",
  done: "none",
  partial: "none",
  "not-done": "none",
};

/** Whether a restore still has something to do. */
export function isUnfinished(row: RestoreRow): boolean {
  return recoveryStepOf[row.state] !== "none";
}
