import { SnapshotSchedule, type ScheduleParts } from "../../src/app/schedule.ts";
import type { LiveStatus } from "../../src/core/live/live-status.ts";
import { parseSchedule } from "../../src/core/snapshot/schedule.ts";
import type { CaptureResult } from "../../src/core/snapshot/store-request.ts";
import { Stand } from "../../src/engine/live/stand.ts";
import { SnapError } from "../../src/std/error.ts";
import { HeldClock } from "../support/held-clock.ts";

/** A schedule over a sync that is as the test says; everything that waits for nothing has had its turn after `settle`. */
export class Scene implements AsyncDisposable {
  readonly clock: HeldClock = new HeldClock();
  readonly done: string[] = [];
  readonly stand: Stand = new Stand();
  meta: string | undefined;
  state: LiveStatus["state"] = "idle";
  since = 0;
  newest: number | undefined;
  /** A repository is torn in what is captured. */
  isTorn = false;
  /** How the next captures go. */
  onCapture: (signal: AbortSignal) => Promise<boolean> = () => Promise.resolve(true);
  onAfter: () => Promise<void> = () => Promise.resolve();
  schedule: SnapshotSchedule | undefined;
  #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** A program with this schedule begins. */
  async start(text = "daily"): Promise<void> {
    const schedule = parseSchedule(text);
    if (schedule === undefined) throw new Error(text);
    this.#end = new AbortController();
    this.schedule = new SnapshotSchedule(this.#parts(schedule));
    this.#running = this.schedule.run(this.#end.signal);
    await this.settle();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async turn(state: LiveStatus["state"]): Promise<void> {
    this.state = state;
    this.since = this.clock.now();
    this.schedule?.wake();
    await this.settle();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 5; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #parts(schedule: ReturnType<ScheduleParts["schedule"]>): ScheduleParts {
    const note = (what: string): void => void this.done.push(what);
    return {
      path: "/w",
      index: {
        meta: () => this.meta,
        setMeta: (_, text) => (this.meta = text),
        transaction: (act) => act(),
      },
      clock: this.clock,
      logger: { error: (what) => note(`error: ${what}`), info: () => {}, debug: () => {} },
      offset: () => 0,
      schedule: () => schedule,
      live: () => ({ state: this.state, since: this.since }),
      newestAt: () => Promise.resolve(this.newest),
      standStill: (request) => this.stand.still(request),
      capture: async (signal) => {
        note("capture");
        const created = await this.onCapture(signal);
        if (signal.aborted) throw new SnapError("interrupted", "Interrupted");
        const git = [{ id: "r/.git", consistency: this.isTorn ? "torn" : "verified" }];
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schedule asks for nothing else
        return { created, root: { id: "1a2b", git } } as unknown as CaptureResult;
      },
      afterwards: async () => {
        note("after");
        await this.onAfter();
      },
      meanwhile: () => {
        note("meanwhile");
        return Promise.resolve();
      },
      onStatus: () => {},
    };
  }

  get captures(): number {
    return this.done.filter((what) => what === "capture").length;
  }
}
