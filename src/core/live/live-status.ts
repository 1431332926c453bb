import type { ErrorCode } from "../../std/error.ts";
import type { Progress } from "../../std/events.ts";
import type { LeftPath } from "../plan/sync-report.ts";

/** What an engine that is always on is doing; all times in ms since 1970. */
export type LiveStatus = {
  /**
   * `starting`: nothing was looked at yet. `idle`: both sides are as equal as they can be made. `looking` and `syncing`: at
   * work. `waiting`: something is in the way, see `trouble`. `paused`: the user said so. `lent`: a command is at work there.
   */
  readonly state: "starting" | "idle" | "looking" | "syncing" | "waiting" | "paused" | "lent";
  /** When this state began. */
  readonly since: number;
  readonly trouble?: LiveTrouble;
  /** A program of the user that runs before or after what is done. */
  readonly hook?: RunningHook;
  /** Of the work under way. */
  readonly progress?: Progress;
  /** What the last cycles left aside. */
  readonly left: readonly LeftPath[];
  /** How many of these wait for the user. */
  readonly held: number;
  /** Changes that are known and not done yet. */
  readonly pending: number;
  readonly lastSyncedAt?: number;
};

/** What is in the way, and when it is tried again; undefined: when the user has done something. */
export type LiveTrouble = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly retryAt?: number;
};

/** A program of the user at work (T42). */
export type RunningHook = {
  /** `sync.before` and so on. */
  readonly hook: string;
  readonly program: string;
  /** ms since 1970. */
  readonly since: number;
};

/** One line of what is done now: an op that came to its end. */
export type Activity = {
  readonly at: number;
  /** The kind of the op, as the plan names it: `R.put`. */
  readonly kind: string;
  readonly path: string;
  /** Of the content that travelled. */
  readonly bytes?: number;
};
