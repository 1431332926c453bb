import type { LiveStatus, LiveTrouble } from "../core/live/live-status.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { parseScheduleNote, type ScheduleNote } from "../core/snapshot/schedule-note.ts";
import type { CoveredRepository } from "../core/repo/covered.ts";
import type { Paused } from "../state/config.ts";
import type { OpenIndex } from "../state/database.ts";
import { untoldLoss, type IndexLoss } from "../state/index-loss.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import { overrideNotes } from "./guard-overrides.ts";
import { hookFailureIn, hookFailureNow, type HookFailure } from "./hook-failure.ts";
import { confirmedNotes, heldIn, leftWithHolds } from "./holds.ts";
import { parseLeft } from "./last-left.ts";
import { coveredIn, coveredNotes } from "./left-out-sweep.ts";
import { repositoryNotes } from "./repo-notes.ts";
import { lookAtIndexOf } from "./look-index.ts";
import { snapshotsStatus } from "./snapshots-status.ts";
import { verdict, type Status } from "./status.ts";

/** What tells of changes on the disk (S108). */
export type WatchStatus = {
  readonly coverage: "whole" | "none";
  /** Why nothing tells of them, and what helps. */
  readonly reason?: string;
  /** Folders that are watched. */
  readonly folders: number;
};

/** What a workspace is up to that is always in sync: as `Status`, and what is going on this moment. */
export type WorkspaceStatus = Status & {
  readonly id: string;
  readonly live: LiveStatus;
  readonly watch: WatchStatus;
  /** The user said that it is to be left alone. */
  readonly paused?: Paused;
};

/** What the index of a workspace says for a status. */
export type IndexFacts = {
  readonly left: readonly LeftPath[];
  readonly lastSyncedAt: number | undefined;
  readonly stuck: string | undefined;
  readonly hookFailure: HookFailure | undefined;
  readonly indexLoss: IndexLoss | undefined;
  readonly notes: readonly string[];
  readonly covered: readonly CoveredRepository[];
  readonly scheduleNote?: ScheduleNote;
};

/** Nothing is known of it. */
export const noFacts: IndexFacts = {
  left: [],
  lastSyncedAt: undefined,
  stuck: undefined,
  hookFailure: undefined,
  indexLoss: undefined,
  notes: [],
  covered: [],
};

/** Read them from an open index. */
export function factsOf(record: LinkedRecord, state: OpenIndex): IndexFacts {
  const { sets } = heldIn(state);
  const synced = state.index.meta("last_synced_at");
  const covered = coveredIn(state.index);
  return {
    left: leftWithHolds(parseLeft(state.index.meta("last_left")), sets),
    lastSyncedAt: synced === undefined ? undefined : Date.parse(synced),
    stuck: state.index.meta("stuck"),
    hookFailure: hookFailureIn(state.index),
    indexLoss: untoldLoss(state.index),
    notes: [
      ...repositoryNotes(record, state.index),
      ...coveredNotes(covered),
      ...confirmedNotes(sets),
    ],
    covered,
    scheduleNote: parseScheduleNote(state.index.meta("snapshots")),
  };
}

/** Read them from the index of a workspace that is not open here; what cannot be read now is not known. */
export function lookAtFacts(environment: Environment, record: LinkedRecord): IndexFacts {
  try {
    using state = lookAtIndexOf(environment, record);
    return state === undefined ? noFacts : factsOf(record, state);
  } catch (error) {
    if (isSnapError(error)) return noFacts;
    throw error;
  }
}

/** What a status is put together from. */
export type StatusParts = {
  readonly record: LinkedRecord;
  readonly facts: IndexFacts;
  readonly live: LiveStatus;
  readonly watch: WatchStatus;
};

/** The status of a workspace that is always in sync, without a look at the disk. */
export function workspaceStatus(
  environment: Environment,
  { record, facts, live, watch }: StatusParts,
): WorkspaceStatus {
  const { id, path, remote, paused } = record;
  const { scheduleNote: note = {}, ...known } = facts;
  const isKept = paused === undefined;
  return {
    id,
    path,
    remote,
    ...known,
    snapshots: snapshotsStatus(environment, record, { note, isKept }),
    hookFailure: hookFailureNow(environment, record, facts.hookFailure),
    notes: [...overrideNotes(environment, record), ...facts.notes],
    pending: live.pending,
    ...outcome(live, facts),
    live,
    watch,
    ...(paused === undefined ? {} : { paused }),
  };
}

/** What is in the way comes before what was left aside. */
function outcome(live: LiveStatus, { left }: IndexFacts): Pick<Status, "state" | "exit"> {
  if (live.state === "lent") return { state: "busy", exit: 6 };
  const { trouble } = live;
  if (trouble === undefined) return verdict(live.pending, left);
  if (trouble.code === "rolled-back") return { state: "rolled-back", exit: 3 };
  return { state: "pending", exit: new SnapError(trouble.code, trouble.message).exit };
}

/** What is known of a workspace that no session tells of; times in ms since 1970. */
type Absence = {
  readonly isLent: boolean;
  readonly isPaused: boolean;
  readonly trouble: { readonly told: LiveTrouble; readonly since: number } | undefined;
  /** Of a state without trouble. */
  readonly since: number;
};

/** What a workspace is up to that is not open. */
export function absentStatus(
  { left, lastSyncedAt }: IndexFacts,
  { isLent, isPaused, trouble, since }: Absence,
): LiveStatus {
  const known = {
    left,
    held: left.filter(({ kind }) => kind === "hold").length,
    pending: 0,
    since: trouble?.since ?? since,
    ...(lastSyncedAt === undefined ? {} : { lastSyncedAt }),
  };
  if (isLent) return { ...known, state: "lent" };
  if (isPaused) return { ...known, state: "paused" };
  if (trouble === undefined) return { ...known, state: "starting" };
  return { ...known, state: "waiting", trouble: trouble.told };
}

/** An error as trouble that is shown. */
export function troubleOf(error: SnapError, retryAt: number | undefined): LiveTrouble {
  const { code, message, hint } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}
