import type { ErrorCode, ExitCode } from "../../std/error.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { LocalStat } from "../tree/local-stat.ts";
import type { ContentHash } from "../tree/node.ts";
import type { RemoteItem } from "../tree/remote-item.ts";

/**
 * One path that is left aside, and why; `hold` needs the user, `unknown` could not be seen, `parked` failed, `damaged` has
 * other bytes than its unchanged stamp stands for (S28).
 */
export type LeftPath = {
  readonly path: string;
  readonly kind: "hold" | "unknown" | "parked" | "refused" | "unsynced" | "damaged";
  readonly reason: string;
  readonly hint?: string;
  /** Of the set that a mass guard holds (S80); absent for every other hold. */
  readonly digest?: string;
  /** Of the error behind it, where there was one (S105). */
  readonly code?: ErrorCode;
  /** When it ends by itself if nothing changes, ms since 1970; absent where only a change ends it. */
  readonly againAt?: number;
};

/** What a look at both sides found. `unsynced` items (links, special files) do not change the exit code (S86). */
export type Observation = {
  readonly left: readonly LeftPath[];
  /** Whether the local row of any node differs from its synced row, or the remote one does. */
  readonly pending: number;
};

/** Counts of what was done in one direction; conflicts are conflicted copies made. */
export type SyncCounts = {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly movedLocal: number;
  readonly movedRemote: number;
  readonly removedLocal: number;
  readonly removedRemote: number;
  readonly foldersLocal: number;
  readonly foldersRemote: number;
  readonly adopted: number;
  readonly conflicts: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
};

/** How a sync ended (S86). */
export type SyncReport = {
  readonly exit: ExitCode;
  readonly upToDate: boolean;
  readonly cycles: number;
  readonly counts: SyncCounts;
  readonly conflicts: readonly { readonly path: string; readonly copy: string }[];
  readonly left: readonly LeftPath[];
};

/** What is told to the hook behind a sync (T42): both sides are equal, or something was left aside, or it did not come to its end. */
export type HookOutcome = "done" | "partial" | "not-done";

/** Of a sync that came to its end. */
export function hookOutcome({ upToDate }: SyncReport): HookOutcome {
  return upToDate ? "done" : "partial";
}

/** What a restore left at one path, for the rebase of the synced tree (S98). */
export type RebaseItem = {
  readonly path: RelPath;
  readonly want:
    | { readonly kind: "folder" }
    | { readonly kind: "file"; readonly hash: ContentHash; readonly stat: LocalStat }
    | { readonly kind: "absent" };
};

/** What the server answered to a call of a restore about one path (T23); undefined where nothing is left. */
export type ServedItem = {
  readonly path: RelPath;
  readonly item: RemoteItem | undefined;
  /** It stood at another place until then, under the same id. */
  readonly isMoved?: true;
};

/** Everything a restore changed (S98). */
export type RebaseRequest = { readonly restore: string; readonly items: readonly RebaseItem[] };
