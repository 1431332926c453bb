import type { Work } from "../../std/events.ts";
import type { ContentHash } from "../tree/node.ts";
import type { SnapshotId } from "./root.ts";

/**
 * Whether content is still somewhere outside the store: in the workspace, or in Dropbox. What cannot be told is not there.
 */
export type ContentElsewhere = (content: ContentHash) => boolean;

/** What is to be forgotten (N54, N55). */
export type ForgetOptions = Work & {
  readonly ids: readonly SnapshotId[];
  readonly reason: "manual" | "schedule";
  /** Forget also what holds the last copy of something. */
  readonly evenLastCopy?: boolean;
  /** Nothing, if absent. */
  readonly elsewhere?: ContentElsewhere;
};

/** A snapshot that holds content found nowhere else; bytes before compression. */
export type LastCopy = {
  readonly id: SnapshotId;
  readonly bytes: number;
  readonly files: number;
  /** The first few of these files. */
  readonly paths: readonly string[];
};

/** What is to be pruned (N56). */
export type PruneOptions = Work & {
  readonly dryRun?: boolean;
  /** The most bytes of packs that are rewritten; no limit if absent. */
  readonly maxRepack?: number;
  /** Nobody asked for it: it ends with `busy` as soon as another writer waits (N30). */
  readonly givesWay?: boolean;
};

/** What a prune did, or with `dryRun` would do; bytes as they lie on the disk. */
export type PruneReport = {
  /** What had waited in the trash long enough, and is gone for good. */
  readonly emptied: { readonly files: number; readonly bytes: number };
  /** Packs that nobody needs, now in the trash. */
  readonly dropped: { readonly packs: number; readonly bytes: number };
  /** Packs whose live part is in new packs now; the old ones are in the trash. */
  readonly rewritten: { readonly packs: number; readonly bytes: number; readonly into: number };
  /** Bytes of packs that nobody needs and that stay where they are. */
  readonly deadLeft: number;
  /** Bytes of the packs that are in place at the end. */
  readonly stored: number;
};

/** Whether a prune that nobody asked for should run (N57). */
export type PruneWorth = {
  readonly isWorth: boolean;
  /** Bytes that would be freed, and bytes of all packs; 0 where the last prune is too near to look. */
  readonly freed: number;
  readonly stored: number;
};

/** What one snapshot takes (§11); bytes. */
export type SnapshotStats = {
  readonly id: SnapshotId;
  readonly time: string;
  /** Of its files. */
  readonly raw: number;
  /** Compressed bytes that no other snapshot needs. */
  readonly alone: number;
  /** Compressed bytes that it added when it was taken. */
  readonly stored: number;
};

/** What the store takes; bytes. */
export type StoreStats = {
  readonly snapshots: readonly SnapshotStats[];
  /** Of the files of all snapshots together. */
  readonly raw: number;
  /** The same, each block once. */
  readonly unique: number;
  /** Packs on the disk. */
  readonly compressed: number;
  /** In packs, and needed by no snapshot, forgotten ones included. */
  readonly dead: number;
  /** In packs, and needed by forgotten snapshots only. */
  readonly forgotten: number;
  /** In the trash. */
  readonly trash: number;
  /** What the snapshots of a month added: `2026-11`, oldest first. */
  readonly growth: readonly { readonly month: string; readonly stored: number }[];
};
