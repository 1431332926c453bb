import type { Work } from "../../std/events.ts";
import type { SnapshotEntry } from "./entry.ts";
import type { SnapshotId, SnapshotReason, SnapshotRoot } from "./root.ts";

/** What a capture is asked to do. */
export type CaptureOptions = Work & {
  readonly reason: SnapshotReason;
  readonly label?: string;
  readonly tags?: readonly string[];
  /** Make a root even where nothing changed (N39). */
  readonly force?: boolean;
  /** The snapshot whose missing content is fetched: it is the parent, and its moment that of the new one (N42). */
  readonly hydrates?: SnapshotRoot;
  /** Asked when all was read: rejects where something may have been moved past the walk meanwhile (N34). */
  readonly confirm?: () => Promise<void>;
};

/** How a capture ended. */
export type CaptureResult = {
  readonly root: SnapshotRoot;
  /** false: nothing changed, `root` is the parent. */
  readonly created: boolean;
};

/** Which snapshots of a store are meant; all where nothing is said. */
export type SnapshotFilter = {
  readonly workspace?: string;
  readonly side?: "local" | "remote";
  /** Those with this tag, given at once or later (N25). */
  readonly tag?: string;
};

/** What is to be proved. */
export type VerifyOptions = Work & {
  /** All snapshots if absent. */
  readonly id?: SnapshotId;
  /** The blocks to check; all of the snapshot if absent. Level 2 only. */
  readonly entries?: Iterable<SnapshotEntry>;
  /** 0 metadata resolves · 1 packs have their hash · 2 every block decodes (N50). */
  readonly level: 0 | 1 | 2;
  /**
   * Time for the packs, ms: those verified longest ago come first, each is recorded, and what is left is told to `onLeft` (N51). At
   * least one is looked at. For levels 1 and 2 of whole snapshots.
   */
  readonly budgetMs?: number;
  /** Told where the time was over before the packs were. */
  readonly onLeft?: (left: LeftPacks) => void;
};

/** Packs that were not looked at, and their bytes. */
export type LeftPacks = { readonly packs: number; readonly bytes: number };

/** What a verification found, one event a thing checked. */
export type VerifyEvent =
  | {
      readonly type: "checked";
      readonly what: "root" | "page" | "pack" | "block";
      readonly name: string;
      readonly bytes: number;
    }
  | {
      readonly type: "damaged";
      readonly what: "root" | "note" | "page" | "pack" | "block";
      readonly name: string;
      readonly reason: string;
      readonly paths: readonly string[];
    };
