import { pendingExclusions } from "../engine/scope/exclusions-in-force.ts";
import { exitOf } from "../engine/report.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { OpenIndex } from "../state/database.ts";
import { untoldLoss, type IndexLoss } from "../state/index-loss.ts";
import { workspaceFiles } from "../state/locations.ts";
import { makePrivateFolder } from "../state/private-file.ts";
import { takeLock } from "../state/process-lock.ts";
import type { RootMarker } from "../ports.ts";
import type { CoveredRepository } from "../core/repo/covered.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { parseScheduleNote } from "../core/snapshot/schedule-note.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { isSnapError, SnapError, type ExitCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { boundaryOf } from "./boundary.ts";
import type { Environment } from "./environment.ts";
import { excludedIn } from "./exclusion-record.ts";
import { isLinked, requireWorkspace, type LinkedRecord } from "./find-workspace.ts";
import { overrideNotes, overrideNotesNow } from "./guard-overrides.ts";
import { hookFailureIn, hookFailureNow, type HookFailure } from "./hook-failure.ts";
import { confirmedNotes, heldIn, leftWithHolds } from "./holds.ts";
import { parseLeft } from "./last-left.ts";
import { lookAtIndexOf } from "./look-index.ts";
import { coveredIn, coveredNotes } from "./left-out-sweep.ts";
import { repositoryNotes } from "./repo-notes.ts";
import { countPending } from "./pending.ts";
import { snapshotsStatus, type SnapshotsStatus } from "./snapshots-status.ts";

/** What a workspace is up to. */
export type Status = {
  readonly path: string;
  /** undefined where it is not linked. */
  readonly remote: string | undefined;
  readonly state:
    | "up-to-date"
    | "left-aside"
    | "pending"
    | "held"
    | "damaged"
    | "unlinked"
    | "restoring"
    | "rolled-back"
    | "busy";
  readonly exit: ExitCode;
  /** Files and folders that are not in sync, and exclusions not in force yet, as far as is known without asking the server. */
  readonly pending: number;
  /** ms since 1970. */
  readonly lastSyncedAt: number | undefined;
  /** What the last sync left aside. */
  readonly left: readonly LeftPath[];
  /** Why the last sync did not make both sides equal: `network`, `disk` and so on (S105). */
  readonly stuck: string | undefined;
  /** What the last program of `sync.after` failed with, until one ends well (T43). */
  readonly hookFailure: HookFailure | undefined;
  /** What became of the index, where no sync has told it yet (S77). */
  readonly indexLoss: IndexLoss | undefined;
  /** What the user should know besides. */
  readonly notes: readonly string[];
  /** Repositories in folders that a rule leaves out, as the background sync last saw them (G9). */
  readonly covered: readonly CoveredRepository[];
  /** What the background sync does about snapshots; absent where nothing is known of it (N47). */
  readonly snapshots?: SnapshotsStatus;
};

/**
 * What is going on in the workspace around a place. Asks no server and changes nothing.
 *
 * @throws {SnapError} `workspace-missing` when there is none, or its disk is not mounted
 */
export async function readStatus(
  environment: Environment,
  place: string,
  work: Work,
): Promise<Status> {
  const record = requireWorkspace(environment, place);
  const bare = {
    path: record.path,
    lastSyncedAt: undefined,
    left: [],
    pending: 0,
    stuck: undefined,
    hookFailure: undefined,
    indexLoss: undefined,
    covered: [],
  };
  if (!isLinked(record)) {
    return { ...bare, remote: undefined, state: "unlinked", exit: 0, notes: [] };
  }
  const notes = overrideNotes(environment, record);
  const linked = { ...bare, remote: record.remote, notes };
  const files = workspaceFiles(environment.locations, record.id);
  makePrivateFolder(files.folder);
  try {
    using _lock = takeLock(files.lock, { what: "snap status" });
    return await look(environment, record, work);
  } catch (error) {
    if (isSnapError(error, "busy")) return { ...linked, state: "busy", exit: 6 };
    throw error;
  }
}

async function look(environment: Environment, record: LinkedRecord, work: Work): Promise<Status> {
  using state = lookAtIndexOf(environment, record);
  if (state === undefined) {
    throw new SnapError("damaged", `The index of "${record.path}" is of an earlier version`, {
      path: record.path,
      hint: "`snap sync` brings it up to date; nothing is lost.",
    });
  }
  const { sets } = heldIn(state);
  const overridden = await overrideNotesNow(environment, record);
  const covered = coveredIn(state.index);
  const notes = [
    ...overridden,
    ...repositoryNotes(record, state.index),
    ...coveredNotes(covered),
    ...confirmedNotes(sets),
  ];
  const left = leftWithHolds(parseLeft(state.index.meta("last_left")), sets);
  const synced = state.index.meta("last_synced_at");
  const facts = {
    path: record.path,
    remote: record.remote,
    lastSyncedAt: synced === undefined ? undefined : Date.parse(synced),
    left,
    notes,
    covered,
    stuck: state.index.meta("stuck"),
    hookFailure: hookFailureNow(environment, record, hookFailureIn(state.index)),
    indexLoss: untoldLoss(state.index),
    snapshots: snapshotsStatus(environment, record, {
      note: parseScheduleNote(state.index.meta("snapshots")),
      isKept: false,
    }),
  };
  const held = await heldState(environment, record, state);
  if (held !== undefined) return { ...facts, ...held, pending: 0 };
  const pending = await pendingIn(environment, { record, state, work });
  return { ...facts, pending, ...verdict(pending, left) };
}

/** A state with the exit code that goes with it. */
export type Verdict = Pick<Status, "state" | "exit">;

/** The root marker (S10) of a workspace. @throws {SnapError} `workspace-missing` where the folder has none, or another's */
export async function requireMarker(
  { clock, rng }: Environment,
  record: LinkedRecord,
): Promise<RootMarker> {
  const marker = await openLocalSide({ top: record.path, clock, rng }).readMarker();
  if (marker?.workspace === record.id && marker.link === record.linkId) return marker;
  throw new SnapError("workspace-missing", `"${record.path}" is not the workspace of this link`, {
    path: record.path,
    hint: "Is its disk mounted? If the folder was replaced on purpose, run `snap unlink` and `snap link`.",
  });
}

/** States in which nothing is synced before the user, or the next run, has done something. */
export async function heldState(
  environment: Environment,
  record: LinkedRecord,
  { index, journal }: OpenIndex,
): Promise<Verdict | undefined> {
  const marker = await requireMarker(environment, record);
  if (journal.restores().some(isUnfinished)) return { state: "restoring", exit: 4 };
  const marked = index.meta("marked");
  const isBehind = marked !== undefined && marker.generation < Number(marked);
  if (isBehind || index.meta("rolled_back") !== undefined) return { state: "rolled-back", exit: 3 };
  return undefined;
}

async function pendingIn(
  environment: Environment,
  {
    record,
    state,
    work,
  }: { readonly record: LinkedRecord; readonly state: OpenIndex; readonly work: Work },
): Promise<number> {
  const { clock, rng } = environment;
  const local = openLocalSide({ top: record.path, clock, rng });
  const boundary = await boundaryOf({ environment, record, local, state });
  const { leaving, returning } = pendingExclusions(state.index, excludedIn(environment, record.id));
  const count = await countPending({ local, index: state.index, boundary, signal: work.signal });
  return leaving.length + returning.length + count;
}

/** The state that goes with the exit code of the last sync (S86); what can be synced at once comes before what was left aside. */
export function verdict(pending: number, left: readonly LeftPath[]): Verdict {
  const exit = exitOf(left);
  if (exit === 5) return { state: "damaged", exit };
  if (exit === 3) return { state: "held", exit };
  if (pending > 0) return { state: "pending", exit };
  return { state: exit === 4 ? "left-aside" : "up-to-date", exit };
}
