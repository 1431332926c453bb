import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import type { LinkedRecord } from "../../src/app/find-workspace.ts";
import { LiveWorkspace, type LiveSession } from "../../src/app/live.ts";
import { userRetryMs } from "../../src/app/live-retry.ts";
import { noFacts } from "../../src/app/live-status.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { HeldClock } from "../support/held-clock.ts";

let top: string;
let clock: HeldClock;
let environment: Environment;
let record: LinkedRecord;
beforeEach(async () => {
  top = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-live-")));
  clock = new HeldClock();
  environment = await openEnvironment({
    variables: { SNAP_HOME: path.join(top, "home") },
    cwd: top,
    clock,
    rng: seededRng(7),
  });
  record = {
    id: "w1",
    path: top,
    linkId: "l1",
    account: "a1",
    remote: "/w",
    repos: "refuse",
    madeAt: 0,
  };
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** Sessions that go on until they are told to end, or to fail. */
class Stage implements AsyncDisposable {
  readonly done: string[] = [];
  readonly live: LiveWorkspace;
  /** What happens while a session closes. */
  onClose: () => Promise<void> | void = () => {};
  #fail: (error: Error) => void = () => {};
  #openings: (Error | undefined)[] = [];
  #waiting: (() => void)[] = [];

  constructor(...openings: readonly (Error | undefined)[]) {
    this.#openings = [...openings];
    this.live = new LiveWorkspace({
      environment,
      record,
      openSession: () => this.#open(),
      onStatus: () => {},
      onActivity: () => {},
    });
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  /** Waits until this was done as the last thing. */
  async until(what: string): Promise<void> {
    while (this.done.at(-1) !== what) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.live[Symbol.asyncDispose]();
  }

  async #open(): Promise<LiveSession> {
    const error = this.#openings.shift();
    if (error !== undefined) {
      this.#note("fail");
      throw error;
    }
    this.#note("open");
    return {
      run: (signal) =>
        new Promise((resolve, reject) => {
          this.#fail = reject;
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
          this.#note("run");
        }),
      nudge: () => this.#note("nudge"),
      live: () => ({ state: "idle", since: 1, left: [], held: 0, pending: 0 }),
      facts: () => ({ ...noFacts, lastSyncedAt: 5 }),
      watch: () => ({ coverage: "whole", folders: 3 }),
      [Symbol.asyncDispose]: async () => {
        await this.onClose();
        this.#note("close");
      },
    };
  }

  #note(what: string): void {
    this.done.push(what);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const offline = new SnapError("offline", "no network");
const rolledBack = new SnapError("rolled-back", "put back");
const none = new AbortController().signal;

test("S12: lending closes the workspace first, and it is opened again when it comes back", async () => {
  await using stage = new Stage();
  await stage.until("run");
  const loan = await stage.live.lend("capture", none);
  expect(stage.done).toEqual(["open", "run", "close"]);
  expect(stage.live.status()).toMatchObject({
    state: "busy",
    live: { state: "lent" },
    lastSyncedAt: 5,
  });
  await expect(stage.live.lend("restore", none)).rejects.toMatchObject({
    code: "busy",
    message: expect.stringContaining("capture"),
  });
  await loan[Symbol.asyncDispose]();
  await stage.until("run");
  expect(stage.done).toEqual(["open", "run", "close", "open", "run"]);
  expect(stage.live.status()).toMatchObject({ state: "up-to-date", live: { state: "idle" } });
});

test("N34: who reads beside the sync leaves it open; one at a time, and nobody has it lent meanwhile", async () => {
  await using stage = new Stage();
  await expect(stage.live.still("capture", none), "not open yet").rejects.toMatchObject({
    code: "busy",
  });
  await stage.until("run");
  const held = await stage.live.still("capture", none);
  const busy = { code: "busy", message: expect.stringContaining("capture") };
  await expect(stage.live.still("capture", none)).rejects.toMatchObject(busy);
  await expect(stage.live.lend("sync", none)).rejects.toMatchObject(busy);
  held[Symbol.dispose]();
  expect(stage.done).toEqual(["open", "run"]);
  const loan = await stage.live.lend("sync", none);
  await expect(stage.live.still("capture", none)).rejects.toMatchObject({ code: "busy" });
  await loan[Symbol.asyncDispose]();
});

test("S12: who has gone while it waited for a loan holds nothing up", async () => {
  await using stage = new Stage();
  await stage.until("run");
  const gone = AbortSignal.abort();
  await expect(stage.live.lend("capture", gone)).rejects.toMatchObject({ code: "interrupted" });
  await stage.until("run");
});

test("a pause closes it, and the end of the pause opens it", async () => {
  await using stage = new Stage();
  await stage.until("run");
  await stage.live.reload({ ...record, paused: { at: 9, reason: "holiday" } }, true);
  expect(stage.done.at(-1)).toBe("close");
  expect(stage.live.status()).toMatchObject({
    live: { state: "paused" },
    paused: { at: 9, reason: "holiday" },
  });
  const loan = await stage.live.lend("sync", none);
  await loan[Symbol.asyncDispose]();
  expect(stage.done.at(-1)).toBe("close");
  await stage.live.reload(record, true);
  await stage.until("run");
});

test("what may pass is tried again soon, and then less and less often", async () => {
  await using stage = new Stage(offline, offline, offline);
  for (let tries = 0; tries < 3; tries += 1) {
    const delayMs = await clock.sleeper();
    const { trouble } = stage.live.status().live;
    expect(trouble).toMatchObject({ code: "offline", message: "no network" });
    expect(trouble?.retryAt).toBe(clock.now() + delayMs);
    expect(delayMs).toBeLessThanOrEqual(1000 * 2 ** tries);
    clock.advance(delayMs);
  }
  await stage.until("run");
  expect(stage.live.status()).toMatchObject({ exit: 0, live: { state: "idle" } });
});

test("S22: a workspace that is not there is closed, and opened anew as soon as it is back", async () => {
  const missing = new SnapError("workspace-missing", "not there");
  await using stage = new Stage(undefined, missing, missing);
  await stage.until("run");
  stage.fail(missing);
  for (let tries = 0; tries < 3; tries += 1) {
    const delayMs = await clock.sleeper();
    expect(delayMs).toBeGreaterThanOrEqual(1_000);
    expect(delayMs).toBeLessThanOrEqual(1_000 * 2 ** tries);
    expect(stage.live.status()).toMatchObject({
      exit: 7,
      live: { state: "waiting", trouble: { code: "workspace-missing" } },
    });
    clock.advance(delayMs);
  }
  await stage.until("run");
  expect(stage.done).toEqual(["open", "run", "close", "fail", "fail", "open", "run"]);
  // Long after that it begins with a short wait again.
  clock.advance(3_600_000);
  stage.fail(missing);
  expect(await clock.sleeper()).toBe(1_000);
});

test("what waits for the user is shown, and tried again every five minutes", async () => {
  await using stage = new Stage();
  await stage.until("run");
  stage.fail(rolledBack);
  await clock.sleeper(userRetryMs);
  expect(stage.live.status()).toMatchObject({
    state: "rolled-back",
    exit: 3,
    live: { state: "waiting", trouble: { code: "rolled-back" } },
  });
  clock.advance(userRetryMs);
  await stage.until("run");
});

test("S12: while it waits after trouble it is not held, and a loan is given at once", async () => {
  await using stage = new Stage(rolledBack);
  await clock.sleeper(userRetryMs);
  const loan = await stage.live.lend("rollback", none);
  await loan[Symbol.asyncDispose]();
  await stage.until("run");
});

test("a change of the settings, or a nudge, tries again at once", async () => {
  await using stage = new Stage(rolledBack, rolledBack);
  await clock.sleeper(userRetryMs);
  await stage.live.reload(record, false);
  await clock.sleeper(userRetryMs);
  stage.live.nudge();
  await stage.until("run");
  stage.live.nudge();
  expect(stage.done.at(-1)).toBe("nudge");
});

test("a nudge while it is opened anew changes nothing", async () => {
  await using stage = new Stage();
  stage.live.nudge();
  await stage.until("run");
  const loan = await stage.live.lend("capture", none);
  stage.live.nudge();
  await loan[Symbol.asyncDispose]();
  stage.live.nudge();
  await stage.until("run");
  expect(stage.done).toEqual(["open", "run", "close", "open", "run"]);
});

test("a nudge in the moment in which a session ends in trouble is not lost, and is good for one try", async () => {
  await using stage = new Stage(undefined, rolledBack);
  await stage.until("run");
  stage.onClose = () => stage.live.nudge();
  stage.fail(rolledBack);
  await stage.until("fail");
  await clock.sleeper(userRetryMs);
  expect(stage.done).toEqual(["open", "run", "nudge", "close", "fail"]);
});

test("so is one that comes while it is opened, and settings that are read anew meanwhile", async () => {
  await using stage = new Stage(rolledBack, undefined);
  stage.live.nudge();
  await stage.until("run");
  stage.onClose = () => stage.live.reload(record, false);
  stage.fail(rolledBack);
  await stage.until("close");
  await stage.until("run");
  expect(stage.done).toEqual(["fail", "open", "run", "close", "open", "run"]);
});

test("other settings open it anew, the same ones leave it alone", async () => {
  await using stage = new Stage();
  await stage.until("run");
  await stage.live.reload(record, false);
  expect(stage.done).toEqual(["open", "run"]);
  await stage.live.reload({ ...record, remote: "/other" }, true);
  await stage.until("close");
  await stage.until("run");
  expect(stage.done).toEqual(["open", "run", "close", "open", "run"]);
});

test("a mistake of ours ends this workspace's turn, and nothing else", async () => {
  await using stage = new Stage(new TypeError("oops"));
  await clock.sleeper(userRetryMs);
  expect(stage.live.status()).toMatchObject({ exit: 1, live: { trouble: { code: "unexpected" } } });
});

test("the end closes what is open, and waits for it", async () => {
  const stage = new Stage();
  await stage.until("run");
  await stage[Symbol.asyncDispose]();
  expect(stage.done.at(-1)).toBe("close");
});
