import type { LiveStatus } from "../core/live/live-status.ts";
import { isOwn } from "../core/snapshot/root-reference.ts";
import type { CaptureResult } from "../core/snapshot/store-request.ts";
import { takesAttributes } from "./attribute-habit.ts";
import { captureSource } from "./capture-source.ts";
import { localOffset } from "./forget.ts";
import type { LiveEvents } from "./live.ts";
import { knownSync } from "./pending-sync.ts";
import { sweepUndoOf } from "./restore-world.ts";
import { SnapshotSchedule, scheduleSettings } from "./schedule.ts";
import { settingsOf } from "./settings-of.ts";
import { openSnapshotStore } from "./store.ts";
import { hydrateDaily, keepAutomatically, verifyDaily } from "./upkeep.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** A snapshot dated further ahead of the clock than this, ms, was taken while the clock was wrong, and says nothing of now. */
const aheadMaxMs = 300_000;

/** What a workspace is doing while snapshots of it are taken. */
export type ScheduledSync = {
  readonly live: () => LiveStatus;
  readonly events: Pick<LiveEvents, "onStatus" | "stand">;
};

/** The schedule of snapshots of a workspace that is open and kept in sync (N47). */
export function snapshotSchedule(
  workspace: LinkedWorkspace,
  { live, events }: ScheduledSync,
): SnapshotSchedule {
  const { environment, record, state } = workspace;
  const { clock, logger } = environment;
  return new SnapshotSchedule({
    path: record.path,
    index: state.index,
    clock,
    logger,
    live,
    offset: localOffset,
    schedule: () => scheduleSettings(settingsOf(environment, record)).schedule,
    newestAt: () => newestAt(workspace),
    standStill: (request) => events.stand.still(request),
    capture: (signal) => scheduledCapture(workspace, signal),
    afterwards: ({ root }, signal) => keepAutomatically(environment, root, signal),
    meanwhile: async (signal) => {
      await sweepUndoOf(workspace);
      await hydrateDaily(environment, signal);
      await verifyDaily(environment, signal);
    },
    onStatus: events.onStatus,
  });
}

async function newestAt({ environment, record }: LinkedWorkspace): Promise<number | undefined> {
  const store = await openSnapshotStore(environment);
  const roots = await store.list({ workspace: record.id });
  const until = environment.clock.now() + aheadMaxMs;
  const times = roots.filter(isOwn).map(({ time }) => Date.parse(time));
  return times.findLast((time) => time <= until);
}

/** Take one now. Nobody waits for the lock of the store: it is tried again later. @throws {SnapError} as `captureSource`, and what the store throws */
export async function scheduledCapture(
  workspace: LinkedWorkspace,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { environment, state } = workspace;
  const sync = knownSync(state);
  const store = await openSnapshotStore(environment, { wait: 0 });
  const attributes = await takesAttributes(workspace, store);
  const scope = { side: "local", units: true, sync, attributes, signal } as const;
  const source = await captureSource(workspace, scope);
  return await store.capture(source, { signal, reason: "schedule" });
}
