import type { RelPath } from "../path/rel-path.ts";
import type { ContentHash, NodeId, Stamp } from "./node.ts";
import type { UploadSession } from "./remote-item.ts";

/** Single facts of the index (S7), all as text. */
export type MetaKey =
  | "workspace"
  | "link"
  | "account_id"
  /** Path of the person's own folder from there; "" where that is everything. */
  | "account_home"
  | "root_id"
  /** Where the account's paths began when the linked folder was found. */
  | "root_namespace"
  | "cursor"
  | "complete"
  | "rules_digest"
  | "granularity_ns"
  | "stopped_cleanly"
  | "generation"
  | "marked"
  | "beacon"
  /** The cursor with which the beacon was last compared (S117): pages that came later may name another one. */
  | "beacon_cursor"
  | "last_synced_at"
  /** When the index was last copied (S11), ms since 1970. */
  | "copied_at"
  /** The index was lost or is a copy: nothing is removed before a cycle has come to its end (S77). */
  | "removals_frozen"
  /** What became of the index, and what took its place, as JSON, until a sync has told it (S77). */
  | "index_lost"
  /** Day on which a part of the files was last hashed again (S28), and which part: `YYYY-MM-DD 17`. */
  | "rehashed_on"
  /** When the checker last looked at everything (S103), ms since 1970. */
  | "checked_at"
  /** Differences that no change explains, counted over all checks (S104). */
  | "differences"
  /** Excluded folders, as JSON (S93): off the disk, on their way to the trash, and not listed since they are excluded no more. */
  | "excluded"
  | "excluding"
  | "relist"
  /** Folders that we moved on the server, as JSON, until all in them was named since (S31). */
  | "moved"
  /** Why the last sync did not make both sides equal (S105). */
  | "stuck"
  /** What the last sync left aside, as JSON, for the status. */
  | "last_left"
  /** What was chosen for repositories and told of them, and heard from other devices, as JSON (G46, G49). */
  | "repositories"
  /** Repositories in folders that are left out, as JSON (G21). */
  | "covered_repositories"
  /** Since when objects of repositories are gone here that the server still has, as JSON (G45). */
  | "vanished_objects"
  /** When leases of other devices were first seen, as JSON (G45). */
  | "leases"
  /** What became of the last snapshot of the schedule, as JSON (N47). */
  | "snapshots"
  /** Why the link is held (S118), as the last sync found it. */
  | "rolled_back"
  /** The hooks before a sync have run, and those after it have not yet (T43). */
  | "hooked"
  /** What the last hook after a sync failed with, as JSON, until one ends well (T43). */
  | "hook_failed"
  /** The hooks before a restore have run, and those after it have not yet: its id. */
  | "restore_hooked";

/** A multi-step op under way (S74); `detail` is the caller's JSON. */
export type Intent = {
  readonly op: string;
  readonly kind: string;
  readonly node: NodeId;
  readonly detail: string;
};

/** An upload session under way, while the stamp is unchanged and the session young (S57). */
export type UploadRow = UploadSession & {
  readonly node: NodeId;
  readonly stamp: string;
  /** ms since 1970; 0 where it was not noted. */
  readonly startedAt: number;
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

/** A file that has other bytes on the disk than its unchanged stamp stands for (S28). */
export type DamagedRow = {
  readonly node: NodeId;
  /** Of the file when that was found. */
  readonly stamp: Stamp;
  /** What the disk shows instead. */
  readonly hash: ContentHash;
};

/** A row that breaks a rule of the index itself (S103). */
export type IndexFault = {
  readonly tree: "synced" | "local" | "remote";
  readonly node: NodeId;
  readonly fault: IndexFaultKind;
};

/**
 * `orphan`: its parent is no folder of the tree; `circle`: its parents never reach the top; `same-place`, `same-id`: another
 * row has its place, or its id of the server.
 */
export type IndexFaultKind = "orphan" | "circle" | "same-place" | "same-id";

/** Every n-th node: those of which `node % of` is `part`. */
export type NodePart = { readonly part: number; readonly of: number };

/** A file that a download replaced, at rest in the trash, to which a program may still be writing (S65). */
export type DisplacedRow = {
  /** Id of its area of the trash, which holds nothing else. */
  readonly area: string;
  /** Where it stood, and stands in the area. */
  readonly path: RelPath;
  readonly stamp: Stamp;
  readonly hash: ContentHash;
  /** ms since 1970. */
  readonly since: number;
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

/** What a guard stopped, until the user lets exactly this set pass or the merge plans none of it any more (S80, S82). */
export type HoldRow = {
  /** 12 hex digits of the SHA-256 of the sorted canonical form of the set. */
  readonly digest: string;
  readonly kind: HoldKind;
  readonly items: readonly HeldItem[];
  readonly state: "open" | "confirmed";
  /** ms since 1970. */
  readonly madeAt: number;
};

/** Which guard holds a set (S79). */
export type HoldKind = "mass-delete" | "mass-change" | "mass-rollback" | "mass-conflict";

/** One op that is held: what the digest is made of, and the node that it is about. */
export type HeldItem = {
  /** By it an item is found again where a folder above was renamed; no part of the digest (S80, S82). */
  readonly node: NodeId;
  /** Kind of the op, as `R.delete`. */
  readonly op: string;
  readonly path: string;
  /** What the op would remove or replace: a content hash, or "" for a folder. */
  readonly before: string;
};
