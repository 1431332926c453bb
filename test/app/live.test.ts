import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import type { LinkedRecord } from "../../src/app/find-workspace.ts";
import { userRetryMs } from "../../src/app/live-retry.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { HeldClock } from "../support/held-clock.ts";
import { Stage } from "./live-stage.ts";

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

const staged = (...openings: readonly (Error | undefined)[]): Stage =>
  new Stage({ environment, record }, ...openings);

const offline = new SnapError("offline", "no network");
const rolledBack = new SnapError("rolled-back", "put back");
const none = new AbortController().signal;

test("S12: lending closes the workspace first, and it is opened again when it comes back", async () => {
  await using stage = staged();
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
  await using stage = staged();
  await expect(stage.live.still("capture", none), "not open yet").rejects.toMatchObject({
    code: "not-found",
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

test("N34: a pause beside a capture has begun at once, and the workspace stays held until the capture ends", async () => {
  await using stage = staged();
  await stage.until("run");
  const held = await stage.live.still("capture", none);
  await stage.live.reload({ ...record, paused: { at: 9 } }, true);
  expect(stage.done).toEqual(["open", "run"]);
  expect(held.ended.aborted).toBe(false);
  await expect(stage.live.lend("sync", none)).rejects.toMatchObject({ code: "busy" });
  held[Symbol.dispose]();
  await stage.live.reload({ ...record, paused: { at: 9 } }, false);
  expect(stage.done).toEqual(["open", "run", "close"]);
  expect(stage.live.status()).toMatchObject({ live: { state: "paused" } });
});

test("N34: trouble that ends the sync lets nobody else in while a capture walks", async () => {
  await using stage = staged();
  await stage.until("run");
  const held = await stage.live.still("capture", none);
  stage.fail(offline);
  await new Promise((resolve) => setImmediate(resolve));
  expect(stage.done).toEqual(["open", "run"]);
  held[Symbol.dispose]();
  await stage.until("close");
});

test("N34: the end of the background sync waits for no capture, which is told", async () => {
  const stage = staged();
  await stage.until("run");
  const held = await stage.live.still("capture", none);
  await stage[Symbol.asyncDispose]();
  expect(stage.done).toEqual(["open", "run", "close"]);
  expect(held.ended.aborted).toBe(true);
});

test("S12: who has gone while it waited for a loan holds nothing up", async () => {
  await using stage = staged();
  await stage.until("run");
  const gone = AbortSignal.abort();
  await expect(stage.live.lend("capture", gone)).rejects.toMatchObject({ code: "interrupted" });
  await stage.until("run");
});

test("a pause closes it, and the end of the pause opens it", async () => {
  await using stage = staged();
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
  await using stage = staged(offline, offline, offline);
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
  await using stage = staged(undefined, missing, missing);
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
  await using stage = staged();
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
  await using stage = staged(rolledBack);
  await clock.sleeper(userRetryMs);
  const loan = await stage.live.lend("rollback", none);
  await loan[Symbol.asyncDispose]();
  await stage.until("run");
});

test("a change of the settings, or a nudge, tries again at once", async () => {
  await using stage = staged(rolledBack, rolledBack);
  await clock.sleeper(userRetryMs);
  await stage.live.reload(record, false);
  await clock.sleeper(userRetryMs);
  stage.live.nudge();
  await stage.until("run");
  stage.live.nudge();
  expect(stage.done.at(-1)).toBe("nudge");
});

test("a nudge while it is opened anew changes nothing", async () => {
  await using stage = staged();
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
  await using stage = staged(undefined, rolledBack);
  await stage.until("run");
  stage.onClose = () => stage.live.nudge();
  stage.fail(rolledBack);
  await stage.until("fail");
  await clock.sleeper(userRetryMs);
  expect(stage.done).toEqual(["open", "run", "nudge", "close", "fail"]);
});

test("so is one that comes while it is opened, and settings that are read anew meanwhile", async () => {
  await using stage = staged(rolledBack, undefined);
  stage.live.nudge();
  await stage.until("run");
  stage.onClose = () => stage.live.reload(record, false);
  stage.fail(rolledBack);
  await stage.until("close");
  await stage.until("run");
  expect(stage.done).toEqual(["fail", "open", "run", "close", "open", "run"]);
});

test("other settings open it anew, the same ones leave it alone", async () => {
  await using stage = staged();
  await stage.until("run");
  await stage.live.reload(record, false);
  expect(stage.done).toEqual(["open", "run"]);
  await stage.live.reload({ ...record, remote: "/other" }, true);
  await stage.until("close");
  await stage.until("run");
  expect(stage.done).toEqual(["open", "run", "close", "open", "run"]);
});

test("a mistake of ours ends this workspace's turn, and nothing else", async () => {
  await using stage = staged(new TypeError("oops"));
  await clock.sleeper(userRetryMs);
  expect(stage.live.status()).toMatchObject({ exit: 1, live: { trouble: { code: "unexpected" } } });
});

test("the end closes what is open, and waits for it", async () => {
  const stage = staged();
  await stage.until("run");
  await stage[Symbol.asyncDispose]();
  expect(stage.done.at(-1)).toBe("close");
});
