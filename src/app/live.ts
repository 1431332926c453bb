import {
  beginning,
  hurried,
  hurryOf,
  mayWait,
  reached,
  type Course,
  type Place,
} from "../core/live/course.ts";
import type { Activity, LiveStatus } from "../core/live/live-status.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Listener } from "../std/events.ts";
import { fired } from "../std/fired.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import type { Stand } from "../engine/live/stand.ts";
import { Retry, type Met } from "./live-retry.ts";
import { notOpen, refuseOccupied, Visit, type Standing } from "./live-visit.ts";
import {
  absentStatus,
  lookAtFacts,
  workspaceStatus,
  type IndexFacts,
  type WatchStatus,
  type WorkspaceStatus,
} from "./live-status.ts";

/** What is told while a workspace is kept in sync. */
export type LiveEvents = {
  /** Something in the status is another. */
  readonly onStatus: () => void;
  readonly onActivity: Listener<Activity>;
  /** Where others ask for a disk that stands still (N34). */
  readonly stand: Stand;
};

/** A workspace that is open and kept in sync, from its lock to its watcher. */
export interface LiveSession extends AsyncDisposable {
  /**
   * Keep it in sync until the signal fires; then what is under way ends at the next op. Rejects with what waits for the user, and with
   * what needs the workspace to be opened anew.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Look now. */
  nudge(): void;
  live(): LiveStatus;
  facts(): IndexFacts;
  watch(): WatchStatus;
}

/** Opens a session, holding the workspace. @throws {SnapError} `busy`, `workspace-missing`, `not-logged-in` and so on */
export type OpenSession = (
  environment: Environment,
  record: LinkedRecord,
  events: LiveEvents,
) => Promise<LiveSession>;

/** What a workspace is kept in sync with. */
export type LiveOptions = Omit<LiveEvents, "stand"> & {
  readonly environment: Environment;
  readonly record: LinkedRecord;
  readonly openSession: OpenSession;
};

const unwatched: WatchStatus = { coverage: "none", reason: "It is not open", folders: 0 };

/**
 * One workspace that is always in sync: opened, opened again after trouble, closed while it is paused or lent, and looked at as a
 * whole whenever it was in other hands. Begins at once; ends when it is disposed of.
 */
export class LiveWorkspace implements AsyncDisposable {
  readonly #options: LiveOptions;
  #record: LinkedRecord;
  #session: LiveSession | undefined;
  #facts: IndexFacts;
  #watch: WatchStatus = unwatched;
  #trouble: Met | undefined;
  /** Of the state that no session tells of. */
  #since: number;
  readonly #retry: Retry;
  #course: Course = beginning;
  #loan: { readonly what: string } | undefined;
  #isEnding = false;
  /** Ends what is under way: a session, or a wait. */
  #stage = new AbortController();
  #awaitsRest: (() => void)[] = [];
  readonly #visit = new Visit();
  readonly #life: Promise<void>;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#retry = new Retry(options.environment);
    this.#since = options.environment.clock.now();
    this.#facts = lookAtFacts(options.environment, options.record);
    this.#life = this.#live();
  }

  get record(): LinkedRecord {
    return this.#record;
  }

  status(): WorkspaceStatus {
    const session = this.#session;
    if (session !== undefined) this.#keep(session);
    const record = this.#record;
    const facts = this.#facts;
    return workspaceStatus(this.#options.environment, {
      record,
      facts,
      live: session?.live() ?? this.#absent(),
      watch: this.#watch,
    });
  }

  /** Look now; what waits after trouble is tried again. */
  nudge(): void {
    this.#retry.forget();
    this.#course = hurried(this.#course);
    const hurry = hurryOf(this.#course);
    if (hurry === "look") this.#session?.nudge();
    else if (hurry === "begin anew") this.#endStage();
  }

  /**
   * The settings were read anew, and are others or not. Where they are, or something is in the way, it begins anew. Resolves when a
   * pause has begun.
   */
  async reload(record: LinkedRecord, isOther: boolean): Promise<void> {
    this.#record = record;
    this.#retry.forget();
    this.#course = hurried(this.#course);
    const isWaiting = this.#session === undefined && this.#loan === undefined;
    if (isOther || isWaiting) this.#endStage();
    this.#changed();
    if (record.paused !== undefined) await this.#rest();
  }

  /**
   * Hand the workspace over: its lock is free when this resolves, until the loan is disposed of.
   *
   * @throws {SnapError} `busy` where it is lent already; `interrupted` when the signal fires first
   */
  async lend(what: string, signal: AbortSignal): Promise<AsyncDisposable> {
    this.#refuseOccupied();
    this.#loan = { what };
    this.#endStage();
    const loan = { [Symbol.asyncDispose]: async () => this.#takeBack() };
    await this.#rest();
    if (!signal.aborted) return loan;
    this.#takeBack();
    throw new SnapError("interrupted", "Interrupted");
  }

  /**
   * Have no op write to the disk, until it is disposed of; the sync goes on otherwise (N34). What is being written ends first.
   *
   * @throws {SnapError} `busy` where it is lent, or stands still for somebody else; `not-found` where it is not open; `interrupted` when the
   * signal fires first
   */
  async still(what: string, signal: AbortSignal): Promise<Standing> {
    this.#refuseOccupied();
    // Nobody else may be at work there, and nobody is while it is open here.
    if (!this.#visit.isOpen) throw notOpen(this.#record.path);
    return await this.#visit.begin(what, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#endStage();
    this.#visit.end();
    await this.#life;
  }

  #refuseOccupied(): void {
    refuseOccupied(this.#loan?.what ?? this.#visit.what, this.#record.path);
  }

  #takeBack(): void {
    this.#loan = undefined;
    this.#endStage();
  }

  /** In other hands, or wanted to be left alone. */
  #isAway(): boolean {
    return this.#loan !== undefined || this.#record.paused !== undefined;
  }

  #endStage(): void {
    this.#stage.abort();
  }

  #changed(): void {
    this.#options.onStatus();
  }

  /** Each turn is one stage; whatever is wished meanwhile ends it, and the next turn looks at what is wished now. */
  async #live(): Promise<void> {
    while (!this.#isEnding) {
      this.#stage = new AbortController();
      const { signal } = this.#stage;
      if (this.#isAway()) await this.#stayAway(signal);
      else await this.#stay(signal);
    }
    this.#tellRest();
  }

  async #stayAway(signal: AbortSignal): Promise<void> {
    const { logger, clock } = this.#options.environment;
    const lent = this.#loan?.what;
    logger.info("a workspace is left alone", { path: this.#record.path, lent });
    this.#trouble = undefined;
    this.#since = clock.now();
    this.#reach("away");
    this.#tellRest();
    this.#changed();
    await fired(signal);
    this.#reach("opening");
    this.#since = clock.now();
  }

  /** Open it, keep it in sync, and wait after trouble. */
  async #stay(signal: AbortSignal): Promise<void> {
    const { environment, openSession, onStatus, onActivity } = this.#options;
    this.#course = beginning;
    this.#retry.begin();
    try {
      const events = { onStatus, onActivity, stand: this.#visit.stand };
      await using session = await openSession(environment, this.#record, events);
      this.#session = session;
      this.#reach("open");
      this.#retry.opened();
      this.#trouble = undefined;
      environment.logger.info("a workspace is open", { path: this.#record.path });
      this.#changed();
      // A pause has begun when nothing is synced any more.
      await this.#visit.during(
        () => session.run(signal),
        () => this.#tellRest(),
      );
      this.#keep(session);
      this.#retry.forget();
    } catch (error) {
      this.#trouble = this.#retry.meet(error, this.#record.path);
    } finally {
      if (this.#session !== undefined) this.#since = environment.clock.now();
      this.#session = undefined;
    }
    if (!signal.aborted && mayWait(this.#course)) await this.#waitAfterTrouble(signal);
  }

  async #waitAfterTrouble(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.environment;
    this.#reach("waiting");
    this.#changed();
    const retryAt = this.#trouble?.told.retryAt ?? clock.now();
    try {
      await clock.sleep(Math.max(0, retryAt - clock.now()), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #reach(place: Place): void {
    this.#course = reached(this.#course, place);
  }

  /** What a session knew stays to be told after its end. */
  #keep(session: LiveSession): void {
    try {
      this.#facts = session.facts();
      this.#watch = session.watch();
    } catch (error) {
      // An index that cannot be read ends the session by itself.
      if (!isSnapError(error)) throw error;
    }
  }

  #rest(): Promise<void> {
    if (this.#course.place === "away" || this.#isEnding) return Promise.resolve();
    return new Promise((resolve) => this.#awaitsRest.push(resolve));
  }

  #tellRest(): void {
    for (const resolve of this.#awaitsRest.splice(0)) resolve();
  }

  /** What to tell where no session does. */
  #absent(): LiveStatus {
    return absentStatus(this.#facts, {
      isLent: this.#loan !== undefined,
      isPaused: this.#record.paused !== undefined,
      trouble: this.#trouble,
      since: this.#since,
    });
  }
}
