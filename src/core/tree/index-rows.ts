import type { NodeId } from "./node.ts";

/** Single facts of the index (S7), all as text. */
export type MetaKey =
  | "workspace"
  | "link"
  | "account_id"
  | "root_id"
  | "cursor"
  | "complete"
  | "rules_digest"
  | "granularity_ns"
  | "stopped_cleanly"
  | "generation"
  | "marked"
  | "beacon"
  | "last_synced_at"
  /** What the last sync left aside, as JSON, for the status. */
  | "last_left"
  /** Why the link is held (S118), as the last sync found it. */
  | "rolled_back";

/** A multi-step op under way (S74); `detail` is the caller's JSON. */
export type Intent = {
  readonly op: string;
  readonly kind: string;
  readonly node: NodeId;
  readonly detail: string;
};

/** An upload session under way, while the stamp is unchanged (S57). */
export type UploadRow = {
  readonly node: NodeId;
  readonly session: string;
  readonly offset: number;
  readonly stamp: string;
};

/** An item left aside with its reason, shown by the status (S85). */
export type ParkedRow = {
  readonly node: NodeId;
  readonly kind: string;
  readonly path: string;
  readonly reason: string;
  readonly attempts: number;
  readonly nextAt: number;
};

/** One line of the op log (P10). */
export type LogRow = {
  readonly at: number;
  readonly cycle: number;
  readonly op: string;
  readonly kind: string;
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly outcome: string;
};
