import { LiveEngine } from "../engine/live/live-engine.ts";
import type { Stand } from "../engine/live/stand.ts";
import { LiveMarks } from "../engine/live/live-marks.ts";
import { leftOutNow } from "../engine/scope/left-out.ts";
import { openWatcher } from "../local/watch.ts";
import type { RunningHook } from "../core/live/live-status.ts";
import type { SyncReport } from "../core/plan/sync-report.ts";
import type { Watching } from "../ports.ts";
import { describeError, isSnapError, SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import { rulesFor } from "./guard.ts";
import { LeftOutSweep } from "./left-out-sweep.ts";
import { syncHooks, type Hooks } from "./hooks.ts";
import { settleInitial } from "./initial-mark.ts";
import { factsOf, type WatchStatus } from "./live-status.ts";
import type { LiveEvents, LiveSession } from "./live.ts";
import { recoverRestore } from "./restore-world.ts";
import { snapshotSchedule } from "./schedule-world.ts";
import { requireMarker } from "./status.ts";
import { noteEnding, noteReport, settleAsSet } from "./sync.ts";
import { openLinked, type LinkedWorkspace } from "./workspace.ts";

/**
 * Open a workspace to keep it in sync: lock, index, account, watcher, engine.
 *
 * @throws {SnapError} `busy`, `workspace-missing`, `not-logged-in`, `disk-full` and so on
 */
export async function openLiveSession(
  environment: Environment,
  record: LinkedRecord,
  events: LiveEvents,
): Promise<LiveSession> {
  // Before anything is held: a disk that is not mounted may come at any time.
  await requireMarker(environment, record);
  await using stack = new AsyncDisposableStack();
  const workspace = stack.use(await openLinked(environment, record, "start"));
  const { clock, logger } = environment;
  const { stand } = events;
  const marks = new LiveMarks(clock);
  const watcher = openWatcher({ top: record.path, clock, logger });
  // Before the first look, so that nothing is missed between the two.
  const watching = stack.use(await watcher.start(marks, await leftOutNow(workspace.engineDeps)));
  const notes = new Notes(workspace, events.onStatus);
  const sweep = sweepOf(workspace, events.onStatus);
  let hook: RunningHook | undefined;
  const hooks = syncHooks(workspace, (running) => {
    hook = running;
    events.onStatus();
  });
  const engine = new LiveEngine(workspace.engineDeps, {
    ...events,
    onStatus: () => {
      events.onStatus();
      snapshots.wake();
    },
    marks,
    isWatched: () => isWatched(watching),
    onScope: (leftOut) => {
      watching.leaveOut(leftOut);
      sweep.scope(leftOut);
    },
    onReport: (report) => notes.note(report),
    beforeWork: (signal) => hooks.before(signal),
    // What failed is in the status and in the log; the files are as they should be.
    afterWork: async (outcome) => void (await hooks.after(outcome)),
  });
  const snapshots = snapshotSchedule(workspace, { live: () => engine.status(), events });
  const owned = stack.move();
  return {
    run: async (signal) => {
      await settleBefore(workspace, { hooks, stand }, signal);
      const keeping = (either: AbortSignal): Promise<void> =>
        sweep.during(() =>
          snapshots.during(() => keepInSync(workspace, { engine, stand }, either)),
        );
      await whilePresent({ watching, record, notes }, keeping, signal);
    },
    nudge: () => engine.nudge(),
    live: () => ({ ...engine.status(), ...(hook !== undefined && { hook }) }),
    facts: () => factsOf(record, workspace.state),
    watch: () => watchStatus(watching),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Presence = {
  readonly watching: Watching;
  readonly record: LinkedRecord;
  readonly notes: Notes;
};

/** Until the signal fires, or the folder itself is gone. @throws {SnapError} `workspace-missing` then */
async function whilePresent(
  { watching, record, notes }: Presence,
  keeping: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await keeping(AbortSignal.any([signal, watching.topGone]));
    if (!signal.aborted && watching.topGone.aborted) throw topGone(record);
  } finally {
    await notes.end();
  }
}

function sweepOf(
  { environment, record, state }: LinkedWorkspace,
  onFound: () => void,
): LeftOutSweep {
  const { clock, logger } = environment;
  const rules = (): ReturnType<typeof rulesFor> => rulesFor(environment, record.path);
  return new LeftOutSweep({ top: record.path, index: state.index, clock, logger, rules, onFound });
}

/** Asked whenever the engine rests, and that is at least once a minute. */
function isWatched(watching: Watching): boolean {
  watching.check();
  return watching.coverage === "whole";
}

/** What an earlier run left half done is finished or taken back first: a restore, the first sync of a link, the hooks. */
async function settleBefore(
  workspace: LinkedWorkspace,
  { hooks, stand }: { readonly hooks: Hooks; readonly stand: Stand },
  signal: AbortSignal,
): Promise<void> {
  using _go = await stand.enter(signal, true);
  await recoverRestore(workspace, { signal });
  settleInitial(workspace);
  await hooks.after("not-done", signal);
}

/** A disk that was rolled back is settled as the setting says, once; a second time it is for the user. */
async function keepInSync(
  workspace: LinkedWorkspace,
  { engine, stand }: { readonly engine: LiveEngine; readonly stand: Stand },
  signal: AbortSignal,
): Promise<void> {
  const run = async (): Promise<void> => {
    try {
      await engine.run(signal);
    } catch (error) {
      if (isSnapError(error)) noteEnding(workspace.state.index, error);
      throw error;
    }
  };
  try {
    await run();
  } catch (error) {
    if (!isSnapError(error, "rolled-back")) throw error;
    // Before the engine goes on, which writes in turns of its own.
    const go = await stand.enter(signal, true);
    const isSettled = await settleAsSet(workspace, error, { signal }).finally(() => {
      go[Symbol.dispose]();
    });
    if (!isSettled) throw error;
    await run();
  }
}

/** Writes down what each run left aside, one after the other; the newest is enough. */
class Notes {
  readonly #workspace: LinkedWorkspace;
  readonly #onNoted: () => void;
  #next: SyncReport | undefined;
  #writing: Promise<void> | undefined;

  /** @param onNoted the status that is told from the index is another now */
  constructor(workspace: LinkedWorkspace, onNoted: () => void) {
    this.#workspace = workspace;
    this.#onNoted = onNoted;
  }

  note(report: SyncReport): void {
    this.#next = withEarlier(report, this.#next);
    this.#writing ??= this.#write();
  }

  /** Everything is written. */
  async end(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let report = this.#next; report !== undefined; report = this.#next) {
      this.#next = undefined;
      try {
        await noteReport(this.#workspace, report);
        this.#onNoted();
      } catch (error) {
        // What keeps the index from taking a note ends the next cycle, too, and is told then.
        const reason = describeError(error);
        this.#workspace.environment.logger.error("a status was not noted", { reason });
      }
    }
    this.#writing = undefined;
  }
}

/** Files that came with a run which is not written down were heard of by nobody yet (G49). */
function withEarlier(report: SyncReport, earlier: SyncReport | undefined): SyncReport {
  if (earlier === undefined) return report;
  const downloaded = report.counts.downloaded + earlier.counts.downloaded;
  return { ...report, counts: { ...report.counts, downloaded } };
}

/** What watches the folder that was there does not watch the one that comes: the workspace is opened anew. */
function topGone({ path }: LinkedRecord): SnapError {
  return new SnapError("workspace-missing", `The workspace "${path}" was moved or removed`, {
    path,
    hint: "Mount the disk or put the folder back: the sync goes on by itself.",
  });
}

function watchStatus({ coverage, reason, folders }: Watching): WatchStatus {
  return { coverage, folders, ...(reason === undefined ? {} : { reason }) };
}
