/** Why a snapshot was taken (N24). */
export type SnapshotReason =
  | "manual"
  | "schedule"
  | "before-restore"
  | "before-confirm"
  | "before-exclude"
  | "before-link"
  | "import";

/** SHA-256 of the root without its id, 64 hex digits. */
export type SnapshotId = string;

/** Something that was not captured, and why. */
export type LeftAside = { readonly path: string; readonly reason: string };

/** What a capture says about where its entries come from. */
export type CaptureFacts = {
  readonly workspace: {
    readonly id: string;
    readonly path: string;
    readonly device: string;
    readonly host: string;
  };
  /** Absent when the workspace is not linked. */
  readonly link?: { readonly account: string; readonly path: string };
  readonly side: "local" | "remote";
  /** Digest of the ignore rules in force: with `side` the boundary outside which no restore deletes. */
  readonly rules: string;
  /** `clean`, or how much was still to be synced. */
  readonly sync: "clean" | { readonly pending: number; readonly conflicting: number };
  /** Paths that the capture was limited to; absent for the whole scope. */
  readonly paths?: readonly string[];
};

/** The root of a snapshot (N24): with its lists and pages it checks everything below itself. */
export type SnapshotRoot = CaptureFacts & {
  readonly format: 1;
  readonly id: SnapshotId;
  /** `2026-11-21T17:50:42Z` */
  readonly time: string;
  /** Version of the program that wrote it. */
  readonly tool: string;
  readonly completeness: "full" | "thin" | "partial";
  readonly label?: string;
  readonly tags: readonly string[];
  readonly reason: SnapshotReason;
  readonly parent?: SnapshotId;
  /** Hashes of the lists of manifest pages. */
  readonly lists: readonly string[];
  readonly counts: {
    readonly files: number;
    readonly folders: number;
    readonly others: number;
    readonly bytes: number;
  };
  /** New bytes that this snapshot added to the store, as stored. */
  readonly stored: number;
  /** At most 1000 items, and the count of all. */
  readonly left: { readonly count: number; readonly items: readonly LeftAside[] };
};
