import { keepDefault, scheduleDefault } from "../core/settings/catalogue.ts";
import type { LiveStatus } from "../core/live/live-status.ts";
import {
  nextSnapshot,
  parseSchedule,
  type NextSnapshot,
  type Schedule,
  type SyncMoment,
} from "../core/snapshot/schedule.ts";
import {
  failedAgain,
  parseScheduleNote,
  type ScheduleFailure,
  type ScheduleNote,
} from "../core/snapshot/schedule-note.ts";
import { parseKeepPolicy, type KeepPolicy } from "../core/snapshot/keep-policy.ts";
import type { ZoneOffset } from "../core/snapshot/retention-periods.ts";
import { tornUnits } from "../core/snapshot/unit.ts";
import type { CaptureResult } from "../core/snapshot/store-request.ts";
import type { StillRequest } from "../engine/live/stand.ts";
import type { IndexStore } from "../ports.ts";
import { describeError, isSnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";

/** The longest time between two looks at the clock, ms: it may be set. */
const lookAgainMs = 60_000;

/** A capture that gave way to the sync so often lets it wait the next time: it has come far by then, and must end some day. */
export const givesWayMax = 3;

/** How soon a capture is tried again while another writer has the store, ms, and for how long that is a matter of turns and no failure. */
const turnAgainMs = 5_000;
const turnsMaxMs = 3_600_000;

/** What the schedule of one workspace works with. */
export type ScheduleParts = {
  readonly path: string;
  readonly index: Pick<IndexStore, "meta" | "setMeta" | "transaction">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly offset: ZoneOffset;
  /** As it stands in the settings now. @throws {SnapError} `settings-invalid` */
  readonly schedule: () => Schedule;
  /** What the sync does. */
  readonly live: () => Pick<LiveStatus, "state" | "since">;
  /** When the newest snapshot of the whole disk was taken, that is not dated ahead; ms since 1970. */
  readonly newestAt: () => Promise<number | undefined>;
  readonly standStill: (request: StillRequest) => Promise<Disposable>;
  readonly capture: (signal: AbortSignal) => Promise<CaptureResult>;
  /** After a snapshot that was made: forget and prune. */
  readonly afterwards: (taken: CaptureResult, signal: AbortSignal) => Promise<void>;
  /** Where the sync has had nothing to do for a while, and no snapshot is due; ends early when the signal fires. */
  readonly meanwhile: (signal: AbortSignal) => Promise<void>;
  /** The status is another. */
  readonly onStatus: () => void;
};

/**
 * Takes the snapshots of a workspace that is always in sync, by its schedule (N47): beside the cycles, with part in none of them, and only
 * while they have nothing to do.
 */
export class SnapshotSchedule {
  readonly #parts: ScheduleParts;
  #note: ScheduleNote;
  #rest = new AbortController();
  /** Fires when the sync has something to do. */
  #busy = new AbortController();
  #kind: SyncMoment["state"] = "working";
  #stuckSince: number | undefined;
  #gaveWay = 0;
  /** Since when another writer goes first, ms since 1970. */
  #busySince: number | undefined;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#note = parseScheduleNote(parts.index.meta("snapshots"));
  }

  /** The sync tells that something is another. */
  wake(): void {
    const kind = this.#sync().state;
    if (kind === this.#kind) return;
    this.#kind = kind;
    if (kind === "working") this.#busy.abort();
    this.#rest.abort();
  }

  /** As long as something else goes on. */
  async during(work: () => Promise<void>): Promise<void> {
    const ending = new AbortController();
    const running = this.run(ending.signal);
    try {
      await work();
    } finally {
      ending.abort();
      await running;
    }
  }

  /** Until the signal fires. Nothing that goes wrong here ends a sync. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#rest = new AbortController();
      this.#busy = new AbortController();
      this.#kind = this.#sync().state;
      await this.#step(signal).catch(async (error: unknown) => {
        if (signal.aborted) return;
        this.#parts.logger.error("the schedule of snapshots", { reason: describeError(error) });
        await this.#sleep(this.#parts.clock.now() + lookAgainMs, signal);
      });
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const next = this.#next();
    if (next.kind === "capture") {
      await this.#take(next.why, signal);
      return;
    }
    await this.#otherWork(signal);
    await this.#sleep(next.kind === "wait" ? next.until : Number.POSITIVE_INFINITY, signal);
  }

  #next(): NextSnapshot {
    const { clock, offset, schedule } = this.#parts;
    const now = clock.now();
    const { lookedAt, failure, torn } = this.#note;
    return nextSnapshot({
      now,
      offset,
      schedule: schedule(),
      lookedAt,
      failure,
      torn,
      sync: this.#sync(),
    });
  }

  #sync(): SyncMoment {
    const { live, clock } = this.#parts;
    const { state, since } = live();
    if (state === "idle") {
      this.#stuckSince = undefined;
      return { state: "idle", since };
    }
    if (state !== "waiting") return { state: "working", since };
    // It tries again and again: the first time counts.
    const now = clock.now();
    this.#stuckSince = Math.min(this.#stuckSince ?? since, now);
    return { state: "stuck", since: this.#stuckSince };
  }

  async #otherWork(signal: AbortSignal): Promise<void> {
    const { clock, meanwhile } = this.#parts;
    const { state, since } = this.#sync();
    if (state !== "idle" || clock.now() - since < lookAgainMs) return;
    await meanwhile(AbortSignal.any([signal, this.#busy.signal]));
  }

  async #sleep(until: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const delayMs = Math.min(lookAgainMs, Math.max(0, until - clock.now()));
    const either = AbortSignal.any([signal, this.#rest.signal]);
    await clock.sleep(delayMs, either).catch((error: unknown) => {
      if (!either.aborted) throw error;
    });
  }

  async #take(why: "time" | "torn", signal: AbortSignal): Promise<void> {
    const { clock, logger, path, newestAt, afterwards } = this.#parts;
    const startedAt = clock.now();
    const stop = new AbortController();
    try {
      // A restart may have come before what a capture did was noted, and a person may have taken one.
      const newest = await newestAt();
      if (newest !== undefined && newest > (this.#note.lookedAt ?? Number.NEGATIVE_INFINITY)) {
        this.#put({ ...this.#note, lookedAt: newest });
        if (this.#next().kind !== "capture") return;
      }
      const taken = await this.#capture(signal, stop);
      this.#succeed(taken, why, startedAt);
      logger.info(
        taken.created ? "a snapshot was taken" : "nothing changed since the last snapshot",
        {
          path,
          snapshot: taken.root.id,
        },
      );
      if (taken.created) await this.#follow(() => afterwards(taken, signal), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (stop.signal.aborted) this.#gaveWay += 1;
      else if (this.#isNextInTurn(error)) await this.#sleep(clock.now() + turnAgainMs, signal);
      else this.#fail(error, startedAt);
    }
  }

  /** Another workspace of the same time is captured, as a rule: nothing stands still for it meanwhile. */
  #isNextInTurn(error: unknown): boolean {
    if (!isSnapError(error, "busy")) return false;
    const now = this.#parts.clock.now();
    this.#busySince = Math.min(this.#busySince ?? now, now);
    return now - this.#busySince < turnsMaxMs;
  }

  /** The sync goes first: what it wants to write ends a capture, which goes on later from what it has stored (N32). */
  async #capture(signal: AbortSignal, stop: AbortController): Promise<CaptureResult> {
    const { standStill, capture } = this.#parts;
    const either = AbortSignal.any([signal, stop.signal]);
    const onWanted = (): void => {
      if (this.#gaveWay < givesWayMax) stop.abort();
    };
    using _still = await standStill({ signal: either, onWanted });
    return await capture(either);
  }

  #succeed({ root, created }: CaptureResult, why: "time" | "torn", startedAt: number): void {
    this.#gaveWay = 0;
    this.#busySince = undefined;
    const { failure: _, torn: before, ...rest } = this.#note;
    const taken = created ? { id: root.id, at: this.#parts.clock.now() } : rest.taken;
    const attempts = why === "torn" ? (before?.attempts ?? 0) + 1 : 1;
    const isTorn = tornUnits(root.git ?? []).length > 0;
    this.#put({
      ...rest,
      lookedAt: startedAt,
      ...(taken === undefined ? {} : { taken }),
      ...(isTorn ? { torn: { at: startedAt, attempts } } : {}),
    });
  }

  #fail(error: unknown, at: number): void {
    if (!isSnapError(error, "busy")) this.#busySince = undefined;
    const failure = failedAgain(this.#note.failure, { at, ...failureOf(error) });
    this.#tell("a snapshot was not taken", failure, this.#note.failure);
    this.#put({ ...this.#note, failure });
  }

  async #follow(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { upkeepFailure: before, ...rest } = this.#note;
    try {
      await work();
      if (before !== undefined) this.#put(rest);
    } catch (error) {
      // Another writer of the store goes first: there will be a next time.
      if (signal.aborted || isSnapError(error, "busy")) return;
      const at = this.#parts.clock.now();
      const upkeepFailure = failedAgain(before, { at, ...failureOf(error) });
      this.#tell("the snapshot store was not looked after", upkeepFailure, before);
      this.#put({ ...rest, upkeepFailure });
    }
  }

  /** Once for each kind of failure. */
  #tell(what: string, failure: ScheduleFailure, before: ScheduleFailure | undefined): void {
    const { logger, path } = this.#parts;
    const { code, message: reason } = failure;
    const isTold = before?.code === code || code === "busy";
    logger[isTold ? "debug" : "error"](what, { path, code, reason });
  }

  #put(note: ScheduleNote): void {
    const { index, onStatus } = this.#parts;
    this.#note = note;
    index.transaction(() => index.setMeta("snapshots", JSON.stringify(note)));
    onStatus();
  }
}

function failureOf(error: unknown): Pick<ScheduleFailure, "code" | "message"> {
  if (isSnapError(error)) return { code: error.code, message: error.message };
  return { code: "unexpected", message: describeError(error) };
}

/** The schedule and the policy that hold where nothing else is set. @returns what the settings checked when they were read */
export function scheduleSettings(settings: {
  readonly "snapshot.schedule"?: string;
  readonly "snapshot.keep"?: string;
}): { readonly schedule: Schedule; readonly keep: KeepPolicy } {
  const schedule = parseSchedule(settings["snapshot.schedule"] ?? scheduleDefault);
  const keep = parseKeepPolicy(settings["snapshot.keep"] ?? keepDefault);
  return { schedule: schedule ?? { kind: "off" }, keep: keep ?? "all" };
}
