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
  /** Content hash that the restore left there, "folder", or "absent" (T45). */
  readonly witness: string | undefined;
  /** The rev that was superseded on the server (S102). */
  readonly rev: string | undefined;
};
