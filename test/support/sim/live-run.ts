import type { SyncReport } from "../../../src/core/plan/sync-report.ts";
import { LiveEngine } from "../../../src/engine/live/live-engine.ts";
import { LiveMarks } from "../../../src/engine/live/live-marks.ts";
import { Tally, reportOf } from "../../../src/engine/report.ts";
import type { MemoryWatcher } from "./memory-watcher.ts";
import type { Fate, SimClient } from "./sim-client.ts";

/** One process of a client whose engine is always on. */
export class LiveRun {
  readonly client: SimClient;
  /** Looks that came to their end. */
  reports = 0;
  readonly #watcher: MemoryWatcher;
  readonly #stop = new AbortController();
  #engine: LiveEngine | undefined;
  #last: SyncReport = reportOf({ cycles: 0, tally: new Tally({}), left: [] });

  constructor(client: SimClient, watcher: MemoryWatcher) {
    this.client = client;
    this.#watcher = watcher;
  }

  get isRunning(): boolean {
    return this.client.isRunning;
  }

  /** What the last look left aside. */
  get left(): SyncReport["left"] {
    return this.#last.left;
  }

  start(fate: Fate | undefined): void {
    this.client.start(fate, async (deps) => {
      const marks = new LiveMarks(deps.clock);
      this.#watcher.listen(marks);
      this.#engine = new LiveEngine(deps, {
        marks,
        isWatched: () => true,
        onReport: (report) => {
          this.#last = report;
          this.reports += 1;
        },
      });
      await this.#engine.run(this.#stop.signal);
      return this.#last;
    });
  }

  /** The engine ends at the end of an op. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.client.run?.ended;
  }

  nudge(): void {
    this.#engine?.nudge();
  }
}
