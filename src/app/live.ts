import type { Activity, LiveStatus, LiveTrouble } from "../core/live/live-status.ts";
import { isPassing, waitMs } from "../engine/live/live-trouble.ts";
import { delayMaxMs } from "../std/back-off.ts";
import { describeError, isSnapError, SnapError } from "../std/error.ts";
import type { Listener } from "../std/events.ts";
import { fired } from "../std/fired.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import {
  lookAtFacts,
  troubleOf,
  workspaceStatus,
  type IndexFacts,
  type WatchStatus,
  type WorkspaceStatus,
} from "./live-status.ts";

/** How often something is tried that waits for the user, ms; a change of the settings tries it at once. */
export const userRetryMs = 300_000;

/** What is told while a workspace is kept in sync. */
export type LiveEvents = {
  /** Something in the status is another. */
  readonly onStatus: () => void;
  readonly onActivity: Listener<Activity>;
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
export type LiveOptions = LiveEvents & {
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
  #trouble: { readonly told: LiveTrouble; readonly since: number } | undefined;
  /** Of the state that no session tells of. */
  #since: number;
  #attempts = 0;
  #openedAt = Number.POSITIVE_INFINITY;
  #loan: { readonly what: string } | undefined;
  #isEnding = false;
  /** After trouble. */
  #isWaiting = false;
  /** Ends what is under way: a session, or a wait. */
  #stage = new AbortController();
  #awaitsRest: (() => void)[] = [];
  #isAtRest = false;
  readonly #life: Promise<void>;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#record = options.record;
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
    return workspaceStatus(this.#options.environment, {
      record: this.#record,
      facts: this.#facts,
      live: this.#session?.live() ?? this.#absent(),
      watch: this.#watch,
    });
  }

  /** Look now; what waits after trouble is tried again. */
  nudge(): void {
    this.#attempts = 0;
    if (this.#session !== undefined) this.#session.nudge();
    else if (this.#isWaiting) this.#endStage();
  }

  /**
   * The settings were read anew, and are others or not. Where they are, or something is in the way, it begins anew. Resolves when a
   * pause has begun.
   */
  async reload(record: LinkedRecord, isOther: boolean): Promise<void> {
    this.#record = record;
    this.#attempts = 0;
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
    if (this.#loan !== undefined) {
      throw new SnapError("busy", `"snap ${this.#loan.what}" is at work here`, {
        path: this.#record.path,
        hint: "Wait until it has ended, then try again.",
      });
    }
    this.#loan = { what };
    this.#endStage();
    const loan = { [Symbol.asyncDispose]: async () => this.#takeBack() };
    await this.#rest();
    if (!signal.aborted) return loan;
    this.#takeBack();
    throw new SnapError("interrupted", "Interrupted");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#endStage();
    await this.#life;
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
    this.#isAtRest = true;
    this.#tellRest();
    this.#changed();
    await fired(signal);
    this.#isAtRest = false;
    this.#since = clock.now();
  }

  /** Open it, keep it in sync, and wait after trouble. */
  async #stay(signal: AbortSignal): Promise<void> {
    const { environment, openSession, onStatus, onActivity } = this.#options;
    this.#openedAt = Number.POSITIVE_INFINITY;
    try {
      await using session = await openSession(environment, this.#record, { onStatus, onActivity });
      this.#session = session;
      this.#openedAt = environment.clock.now();
      this.#trouble = undefined;
      environment.logger.info("a workspace is open", { path: this.#record.path });
      this.#changed();
      await session.run(signal);
      this.#keep(session);
      this.#attempts = 0;
    } catch (error) {
      this.#note(error);
    } finally {
      if (this.#session !== undefined) this.#since = environment.clock.now();
      this.#session = undefined;
    }
    if (!signal.aborted) await this.#waitAfterTrouble(signal);
  }

  #note(error: unknown): void {
    const { clock, logger } = this.#options.environment;
    const { path } = this.#record;
    const trouble = isSnapError(error) ? error : mistake(error);
    logger.error("a workspace is not in sync", {
      path,
      code: trouble.code,
      reason: trouble.message,
      trace: isSnapError(error) || !(error instanceof Error) ? undefined : error.stack,
    });
    const retryAt = clock.now() + this.#retryMs(trouble);
    this.#trouble = { told: troubleOf(trouble, retryAt), since: clock.now() };
  }

  /** What may pass by itself is tried again soon, and then less and less often; what the user has to settle, now and then. */
  #retryMs(trouble: SnapError): number {
    const { clock, rng } = this.#options.environment;
    // What comes after a long time without trouble is the first of its kind.
    if (clock.now() - this.#openedAt > delayMaxMs) this.#attempts = 0;
    this.#attempts += 1;
    const mayPass = trouble.code === "busy" || isPassing(trouble);
    return mayPass ? waitMs(trouble, this.#attempts, rng) : userRetryMs;
  }

  async #waitAfterTrouble(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.environment;
    this.#changed();
    const retryAt = this.#trouble?.told.retryAt ?? clock.now();
    this.#isWaiting = true;
    try {
      await clock.sleep(Math.max(0, retryAt - clock.now()), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isWaiting = false;
    }
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
    if (this.#isAtRest || this.#isEnding) return Promise.resolve();
    return new Promise((resolve) => this.#awaitsRest.push(resolve));
  }

  #tellRest(): void {
    for (const resolve of this.#awaitsRest.splice(0)) resolve();
  }

  /** What to tell where no session does. */
  #absent(): LiveStatus {
    const { left, lastSyncedAt } = this.#facts;
    const known = {
      left,
      held: left.filter(({ kind }) => kind === "hold").length,
      pending: 0,
      since: this.#trouble?.since ?? this.#since,
      ...(lastSyncedAt === undefined ? {} : { lastSyncedAt }),
    };
    if (this.#loan !== undefined) return { ...known, state: "lent" };
    if (this.#record.paused !== undefined) return { ...known, state: "paused" };
    if (this.#trouble === undefined) return { ...known, state: "starting" };
    return { ...known, state: "waiting", trouble: this.#trouble.told };
  }
}

function mistake(cause: unknown): SnapError {
  return new SnapError("unexpected", `Unexpected error: ${describeError(cause)}`, {
    cause,
    hint: "This is a mistake of the program. Nothing was lost by it; `snap log` tells more.",
  });
}
