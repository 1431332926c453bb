import type { LiveStatus, LiveTrouble } from "../../core/live/live-status.ts";
import type { LeftPath, SyncReport } from "../../core/plan/sync-report.ts";
import type { Progress, ProgressListener } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Progress is told of so often at the most, ms. */
const progressEveryMs = 250;

/** What the engine does at the moment, for whoever asks. */
export class StatusBoard {
  readonly #deps: Pick<EngineDeps, "index" | "clock">;
  readonly #onStatus: () => void;
  #state: LiveStatus["state"] = "starting";
  #since: number;
  #trouble: LiveTrouble | undefined;
  #progress: Progress | undefined;
  #toldAt = 0;
  #left: readonly LeftPath[] = [];
  #pending = 0;
  #lastSyncedAt: number | undefined;

  constructor(deps: Pick<EngineDeps, "index" | "clock">, onStatus: () => void) {
    this.#deps = deps;
    this.#onStatus = onStatus;
    this.#since = deps.clock.now();
    this.#noteIndex();
  }

  status(): LiveStatus {
    const left = this.#left;
    return {
      state: this.#state,
      since: this.#since,
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
      ...(this.#progress !== undefined && { progress: this.#progress }),
      left,
      held: left.filter(({ kind }) => kind === "hold").length,
      pending: this.#pending,
      ...(this.#lastSyncedAt !== undefined && { lastSyncedAt: this.#lastSyncedAt }),
    };
  }

  /** Work begins; trouble is told of until it is over. */
  enter(state: "looking" | "syncing"): void {
    this.#turn(state);
  }

  readonly onProgress: ProgressListener = (progress) => {
    this.#progress = progress;
    this.#turn(progress.step === "sync" ? "syncing" : "looking");
    const now = this.#deps.clock.now();
    if (Math.abs(now - this.#toldAt) < progressEveryMs) return;
    this.#toldAt = now;
    this.#onStatus();
  };

  /** A run came to its end. */
  done(report: SyncReport): void {
    this.#left = report.left;
    this.#trouble = undefined;
    this.#progress = undefined;
    this.#noteIndex();
    this.#turn("idle", true);
  }

  inTrouble(trouble: LiveTrouble): void {
    this.#trouble = trouble;
    this.#progress = undefined;
    this.#noteIndex();
    this.#turn("waiting", true);
  }

  #noteIndex(): void {
    const { index } = this.#deps;
    this.#pending = index.dirtyCount();
    const synced = index.meta("last_synced_at");
    this.#lastSyncedAt = synced === undefined ? undefined : Date.parse(synced);
  }

  #turn(state: LiveStatus["state"], isNews = false): void {
    if (state === this.#state && !isNews) return;
    if (state !== this.#state) this.#since = this.#deps.clock.now();
    this.#state = state;
    this.#onStatus();
  }
}
