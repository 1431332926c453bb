import type { Activity, LiveStatus } from "../../core/live/live-status.ts";
import type { Pause } from "../../core/live/pause.ts";
import { nextStep, type Moment } from "../../core/live/schedule.ts";
import type { LeftOut } from "../../core/live/waiting.ts";
import { isWriteOp, type Op } from "../../core/plan/op.ts";
import { hookOutcome, type HookOutcome, type SyncReport } from "../../core/plan/sync-report.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import type { Listener } from "../../std/events.ts";
import { runCycles } from "../cycle.ts";
import type { Looking } from "../disk/looking.ts";
import { LookMemory } from "../disk/memory.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { refuseBehindFence } from "../fence.ts";
import type { Result } from "../execute/run-op.ts";
import { Patience } from "../patience.ts";
import type { RunOptions } from "../run-options.ts";
import type { LiveMarks } from "./live-marks.ts";
import { LivePace } from "./live-pace.ts";
import { Stand } from "./stand.ts";
import { standingSide } from "./standing-side.ts";
import { StatusBoard } from "./status-board.ts";
import { isPassing, troubleOf, waitMs } from "./live-trouble.ts";
import { markingSide } from "./marking-side.ts";
import { RemotePoll } from "./remote-poll.ts";
import { Rest } from "./rest.ts";
import { Revisits } from "./revisits.ts";

/** What an engine that is always on is given besides its world. */
export type LiveOptions = {
  readonly marks: LiveMarks;
  /** Whether something tells of every change on the disk at the moment (S108). */
  readonly isWatched: () => boolean;
  /** Before each look: the folders that it does not go into. Where they are others than before, it is one at everything (S95). */
  readonly onScope?: Listener<LeftOut>;
  /** Another state, or more progress. */
  readonly onStatus?: () => void;
  readonly onActivity?: Listener<Activity>;
  /** Each run of cycles that came to its end. */
  readonly onReport?: Listener<SyncReport>;
  /** Before the first op after both sides were equal; nothing is done where it rejects. */
  readonly beforeWork?: (signal: AbortSignal) => Promise<void>;
  /**
   * When nothing more can be done after that, in trouble, and when the engine ends; also where `beforeWork` rejects. Its own trouble is
   * its own to tell.
   */
  readonly afterWork?: (outcome: HookOutcome) => Promise<void>;
  /** Where others ask for a disk that stands still (N34). */
  readonly stand?: Stand;
};

/**
 * Keeps both sides of one link equal as long as it runs (S1). Marks on the disk, news of the server and the clock only make it
 * be asked again what comes next (S2); everything else is that of a sync. One engine for one opened index; the caller holds
 * the workspace's lock (S12).
 */
export class LiveEngine {
  readonly #deps: EngineDeps;
  readonly #options: LiveOptions;
  readonly #memory = new LookMemory();
  readonly #patience: Patience;
  readonly #pace: LivePace;
  readonly #revisits: Revisits;
  readonly #poll: RemotePoll;
  readonly #rest: Rest;
  readonly #board: StatusBoard;
  /** The server is to be asked, whether or not it has told of anything. */
  #isAsking = true;
  /** After trouble. */
  #pause: Pause | undefined;
  #attempts = 0;
  /** Between the two hooks. */
  #isAtWork = false;
  #refusal: unknown;
  /** Of the run that goes on. */
  #signal: AbortSignal | undefined;

  constructor(deps: EngineDeps, options: LiveOptions) {
    const { marks, stand = new Stand() } = options;
    const signal = (): AbortSignal | undefined => this.#signal;
    const local = standingSide(markingSide(deps.local, marks, this.#memory), stand, signal);
    this.#deps = { ...deps, local, inOneGo: () => stand.enter(this.#signal, true) };
    this.#options = options;
    this.#patience = new Patience(deps.index);
    this.#pace = new LivePace(deps.clock);
    this.#revisits = new Revisits(this.#pace, this.#patience);
    this.#rest = new Rest(deps.clock);
    this.#poll = new RemotePoll(deps, () => this.#rest.wake());
    this.#board = new StatusBoard(deps, options.onStatus ?? (() => {}));
  }

  status(): LiveStatus {
    return this.#board.status();
  }

  /** Do now what is waiting: after trouble, for its time, or for quiet. */
  nudge(): void {
    this.#pause = undefined;
    this.#attempts = 0;
    this.#isAsking = true;
    this.#revisits.hurry();
    this.#rest.wake();
  }

  /**
   * Work until the signal fires; then it ends at the end of an op, with everything committed. May be called again later.
   *
   * @throws {SnapError} `workspace-missing`; what waits for the user: `rolled-back`, `account-changed`, `not-logged-in`, `login-revoked`, `refused`
   * behind a fence (S96), `damaged`, `settings-invalid` and so on
   */
  async run(signal: AbortSignal): Promise<void> {
    const { marks } = this.#options;
    const wake = (): void => this.#rest.wake();
    marks.onMarked = wake;
    this.#signal = signal;
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const next = nextStep(this.#moment());
        if (next.kind === "wait") await this.#wait(next.until, signal);
        else await this.#look(next.where === "everything", signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      marks.onMarked = () => {};
      this.#poll.stop();
      this.#isAsking = true;
      await this.#endWork("not-done");
    }
  }

  #moment(): Moment {
    const { marks, isWatched } = this.#options;
    const times = [this.#revisits.nextAt, this.#poll.askAt].filter((at) => at !== undefined);
    return {
      now: this.#deps.clock.now(),
      markedAt: marks.times,
      isRemoteChanged: this.#isAsking || this.#poll.isChanged,
      lookedAt: this.#memory.wholeAt,
      isWatched: isWatched(),
      pause: this.#pause,
      revisitAt: times.length === 0 ? undefined : Math.min(...times),
    };
  }

  async #wait(until: number, signal: AbortSignal): Promise<void> {
    // A line that is known to be down is tried by the next cycle.
    if (this.#pause === undefined) this.#poll.start(() => this.#deps.index.meta("cursor"));
    // How long the rest of a pause takes cannot be told from before the time that was seen last.
    else this.#pause = { ...this.#pause, from: this.#deps.clock.now() };
    const at = Math.min(until, this.#poll.nextAt ?? until);
    const hasJumped = await this.#rest.until(at, signal);
    // Nothing that is known of the time before can be relied on (S23).
    if (!hasJumped) return;
    this.#options.marks.lost("the clock jumped");
    this.#pause = undefined;
    this.#isAsking = true;
    this.#revisits.hurry();
  }

  async #look(isWhole: boolean, signal: AbortSignal): Promise<void> {
    const { marks, onReport } = this.#options;
    const { clock } = this.#deps;
    if (isWhole) marks.lost("everything is looked at");
    this.#pause = undefined;
    this.#isAsking = false;
    this.#poll.stop();
    try {
      refuseBehindFence(this.#deps);
      this.#board.enter("looking");
      const report = await this.#cycles(isWhole, signal);
      this.#attempts = 0;
      this.#revisits.end(report, clock.now());
      await this.#endWork(hookOutcome(report));
      this.#board.done(report);
      onReport?.(report);
    } catch (error) {
      this.#isAsking = true;
      if (signal.aborted && isSnapError(error, "interrupted")) return;
      this.#meet(error);
      await this.#endWork("not-done");
    }
  }

  async #cycles(isWhole: boolean, signal: AbortSignal): Promise<SyncReport> {
    const looksForLateEdits = this.#revisits.begin(this.#deps.clock.now());
    this.#pace.begin();
    const run: RunOptions = {
      isPartial: !isWhole && this.#options.marks.peek()?.kind !== "everything",
      looksForLateEdits,
      patience: this.#patience,
      onResult: (op, result) => this.#note(op, result),
      beforeWork: () => this.#beginWork(signal),
    };
    const onProgress = this.#board.onProgress;
    return await runCycles(this.#deps, { signal, onProgress, looking: this.#looking() }, run);
  }

  #looking(): Looking {
    const { marks, onScope } = this.#options;
    return {
      memory: this.#memory,
      ...(onScope !== undefined && { onScope }),
      where: () => marks.take(),
      meanwhile: () => marks.peek(),
      pace: (row, path) => this.#pace.left(row, path),
    };
  }

  #note(op: Op, result: Result): void {
    const { index, clock } = this.#deps;
    const { marks, onActivity } = this.#options;
    const { kind, path, node } = op;
    if (result.state !== "done") {
      // The disk was not as it was seen, or nobody knows: it is looked at again (S53).
      marks.changed([path, pathOf(index.local, node) ?? path]);
      return;
    }
    if (kind === "R.put") this.#pace.sent(node);
    if (!isWriteOp(op)) return;
    const bytes = kind === "R.put" || kind === "L.put" ? { bytes: op.after.size } : {};
    onActivity?.({ at: clock.now(), kind, path, ...bytes });
  }

  async #beginWork(signal: AbortSignal): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      await this.#options.beforeWork?.(signal);
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
  }

  async #endWork(outcome: HookOutcome): Promise<void> {
    if (!this.#isAtWork) return;
    this.#isAtWork = false;
    await this.#options.afterWork?.(outcome);
  }

  /** @throws what waits for the user */
  #meet(error: unknown): void {
    const isRefused = error === this.#refusal && isSnapError(error);
    this.#refusal = undefined;
    // Whoever opened the workspace opens it anew: what watches it watches a folder that is not there.
    const isGone = isSnapError(error, "workspace-missing");
    if (isGone || (!isRefused && !isPassing(error))) {
      if (error instanceof SnapError) this.#board.inTrouble(troubleOf(error, undefined));
      throw error;
    }
    const { clock, rng, logger } = this.#deps;
    this.#attempts += 1;
    const from = clock.now();
    const until = from + waitMs(error, this.#attempts, rng);
    this.#pause = { from, until };
    logger.info("waits after trouble", { code: error.code, reason: error.message });
    this.#board.inTrouble(troubleOf(error, until));
  }
}
