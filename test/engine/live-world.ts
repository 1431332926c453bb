import type { RemoteWait } from "../../src/core/live/waiting.ts";
import type { Activity } from "../../src/core/live/live-status.ts";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { settleMs } from "../../src/engine/disk/second-look.ts";
import { LiveEngine, type LiveOptions } from "../../src/engine/live/live-engine.ts";
import { LiveMarks } from "../../src/engine/live/live-marks.ts";
import { SnapError } from "../../src/std/error.ts";
import type { Clock } from "../../src/std/time.ts";
import { World } from "../support/world.ts";

type Sleeper = { readonly at: number; readonly delay: number; readonly wake: () => void };

/** Stands still until a test moves it on. The wait for a second look (S27) is over at once. */
export class StillClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];
  #onSleep: () => void = () => {};

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (delayMs === settleMs) {
      this.#now += delayMs;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const sleeper = { at: this.#now + delayMs, delay: delayMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the contract of `Clock`: the signal's reason
        reject(signal.reason);
      });
      this.#onSleep();
    });
  }

  /** How long somebody sleeps who does nothing until then. */
  async resting(): Promise<number> {
    while (this.#sleepers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onSleep = resolve;
      });
    }
    return this.#sleepers[0]?.delay ?? 0;
  }

  /** Somebody sets the clock; who sleeps wakes after as long as before. */
  jump(byMs: number): void {
    this.#now += byMs;
    this.#sleepers = this.#sleepers.map((one) => ({ ...one, at: one.at + byMs }));
  }

  /** Let time pass; whoever slept for it wakes. */
  advance(delayMs: number): void {
    this.#now += delayMs;
    const awake = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of awake) wake();
  }
}

/** A world whose engine is always on, on a clock that a test moves. */
export class LiveWorld implements AsyncDisposable {
  readonly world: World;
  readonly clock: StillClock;
  readonly marks: LiveMarks;
  readonly engine: LiveEngine;
  readonly activity: string[] = [];
  readonly reports: SyncReport[] = [];
  /** Calls of the engine: `local.list a`, `remote.upload`, `index.local`. */
  readonly calls: string[] = [];
  isWatched = true;
  /** The server tells that something changed. */
  tell: (wait: RemoteWait) => void = () => {};
  /** Waiting for the server fails. */
  fail: (error: SnapError) => void = () => {};
  waits = 0;
  #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(world: World, options: Partial<LiveOptions> = {}) {
    this.world = world;
    // All that is on the disk is old enough to be believed.
    world.clock.advance(2 * 86_400_000);
    this.clock = new StillClock(world.clock.now());
    this.marks = new LiveMarks(this.clock);
    const { deps } = world;
    const counted = {
      ...deps,
      clock: this.clock,
      local: this.#counted("local", deps.local),
      remote: this.#counted("remote", deps.remote),
      index: this.#counted("index", deps.index),
    };
    this.engine = new LiveEngine(counted, {
      marks: this.marks,
      isWatched: () => this.isWatched,
      onActivity: ({ kind, path }: Activity) => void this.activity.push(`${kind} ${path}`),
      onReport: (report) => void this.reports.push(report),
      ...options,
    });
  }

  /** A world that is synced, with an engine that has looked at everything and rests. */
  static async resting(tree: string, options: Partial<LiveOptions> = {}): Promise<LiveWorld> {
    const live = new LiveWorld(await World.synced(tree), options);
    live.start();
    await live.rest();
    live.calls.length = 0;
    return live;
  }

  start(): void {
    this.#stop = new AbortController();
    this.#running = this.engine.run(this.#stop.signal);
    // Whoever waits for its end sees what it failed with.
    this.#running.catch(() => {});
  }

  /** The engine ends. @throws what it ended with */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** What the engine ended with by itself. */
  async ended(): Promise<unknown> {
    return await this.#running?.catch((error: unknown) => error);
  }

  /** Until the engine has nothing to do; how long it sleeps, ms. */
  async rest(): Promise<number> {
    return await Promise.race([
      this.clock.resting(),
      (this.#running ?? Promise.resolve()).then(() => {
        throw new Error("The engine has ended");
      }),
    ]);
  }

  /** A watcher tells of paths, and time passes until they are looked at. */
  async changed(...paths: readonly string[]): Promise<void> {
    this.marks.changed(paths.map(parseRelPath));
    await this.pass(await this.rest());
  }

  /** Let time pass, and the engine come to rest again. */
  async pass(delayMs: number): Promise<void> {
    this.clock.advance(delayMs);
    await this.rest();
  }

  /** The server tells of a change, and the engine does what follows. */
  async news(): Promise<void> {
    const tell = this.tell;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.calls.length = 0;
    tell({ changed: true, backoffMs: 0 });
    await this.cycle();
  }

  /** Until one more run of cycles has come to its end, and the engine rests. */
  async cycle(): Promise<void> {
    const { length } = this.reports;
    while (this.reports.length === length) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    await this.rest();
  }

  /** Names of calls, without their arguments, of one kind. */
  count(call: string): number {
    return this.calls.filter((made) => made === call || made.startsWith(`${call} `)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
    await this.world[Symbol.asyncDispose]();
  }

  #counted<P extends object>(side: string, port: P): P {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (side === "remote" && name === "waitForChange") return this.#wait;
        if (typeof member !== "function") {
          this.calls.push(`${side}.${String(name)}`);
          return member;
        }
        return (...input: unknown[]): unknown => {
          const argument = typeof input[0] === "string" ? ` ${input[0]}` : "";
          this.calls.push(`${side}.${String(name)}${argument}`);
          return Reflect.apply(member, target, input);
        };
      },
    });
  }

  readonly #wait = async (
    _cursor: string,
    signal: AbortSignal | undefined,
  ): Promise<RemoteWait> => {
    this.waits += 1;
    return await new Promise<RemoteWait>((resolve, reject) => {
      this.tell = resolve;
      this.fail = reject;
      signal?.addEventListener("abort", () => reject(new SnapError("interrupted", "Interrupted")));
    });
  };
}
