import { expect, test } from "vitest";
import { givesWayMax, scheduleSettings } from "../../src/app/schedule.ts";
import { restBeforeMs } from "../../src/core/snapshot/schedule.ts";
import { parseScheduleNote } from "../../src/core/snapshot/schedule-note.ts";
import { SnapError } from "../../src/std/error.ts";
import { fired } from "../../src/std/fired.ts";
import { Scene } from "./schedule-scene.ts";

const dayMs = 86_400_000;

test("N47: the first snapshot comes when the sync is at rest, the next a day later, and both are followed by upkeep", async () => {
  await using scene = new Scene();
  scene.state = "starting";
  await scene.start();
  await scene.turn("looking");
  await scene.turn("idle");
  expect(scene.done).toEqual([]);
  await scene.pass(restBeforeMs);
  expect(scene.done).toEqual(["capture", "after"]);
  for (let hour = 0; hour < 11; hour += 1) await scene.pass(dayMs / 24);
  expect(scene.captures).toBe(1);
  await scene.pass(dayMs / 24);
  expect(scene.captures, "midnight").toBe(2);
});

test("N47: missed times are made up once, and many starts within the hour make no more snapshots", async () => {
  await using scene = new Scene();
  await scene.start();
  expect(scene.captures).toBe(1);
  await scene.stop();
  scene.clock.advance(9 * dayMs);
  for (let starts = 0; starts < 5; starts += 1) {
    await scene.start();
    await scene.pass(60_000);
    await scene.stop();
  }
  expect(scene.captures).toBe(2);
  // What the index knew is lost, and the store remembers.
  scene.meta = undefined;
  scene.newest = scene.clock.now() - 1_000;
  await scene.start();
  expect(scene.captures).toBe(2);
});

test("N47: where nothing changed nothing is looked after, and the time counts as done", async () => {
  await using scene = new Scene();
  scene.onCapture = () => Promise.resolve(false);
  await scene.start("hourly");
  await scene.pass(60_000);
  expect([scene.captures, scene.done.includes("after")]).toEqual([1, false]);
  expect(parseScheduleNote(scene.meta)).toEqual({ lookedAt: expect.any(Number) });
});

test("N45: what has a torn repository is captured again some times until the next time, or until it is whole", async () => {
  await using scene = new Scene();
  scene.isTorn = true;
  await scene.start();
  expect(scene.captures).toBe(1);
  // Nothing changed: no snapshot is made, and it is torn all the same.
  scene.onCapture = () => Promise.resolve(false);
  for (let minutes = 1; minutes <= 120; minutes += 1) {
    await scene.pass(60_000);
    const due = [0, 5, 15, 35].filter((at) => at <= minutes);
    expect(scene.captures, `after ${minutes} min`).toBe(due.length);
  }
  expect(scene.done.filter((what) => what === "after")).toHaveLength(1);

  scene.isTorn = false;
  await scene.pass(dayMs);
  expect(scene.captures, "the next day it is tried again").toBe(5);
  await scene.pass(3_600_000);
  expect(scene.captures).toBe(5);
  expect(parseScheduleNote(scene.meta).torn).toBeUndefined();
});

test("N47: what the sync wants to write ends a capture, which lets the sync wait when that happens again and again", async () => {
  await using scene = new Scene();
  let ended = 0;
  const walk = Promise.withResolvers<boolean>();
  scene.onCapture = async (signal) => {
    if (scene.captures > givesWayMax) return await walk.promise;
    await fired(signal);
    ended += 1;
    return true;
  };
  await scene.start();
  for (let times = 1; times <= givesWayMax; times += 1) {
    expect([scene.captures, ended]).toEqual([times, times - 1]);
    scene.state = "syncing";
    const write = await scene.stand.enter();
    await scene.settle();
    expect(ended).toBe(times);
    write[Symbol.dispose]();
    await scene.turn("idle");
    await scene.pass(restBeforeMs);
  }
  let entered = false;
  const waiting = scene.stand.enter().then((write) => {
    entered = true;
    return write;
  });
  await scene.settle();
  expect(entered, "a file that is moved during the walk would be in no snapshot").toBe(false);
  walk.resolve(true);
  (await waiting)[Symbol.dispose]();
  await scene.settle();
  expect(scene.done.slice(-2)).toEqual(["capture", "after"]);
  expect(parseScheduleNote(scene.meta).failure, "giving way is no failure").toBeUndefined();
});

test("N47: the end of a session ends a capture, and is no failure", async () => {
  await using scene = new Scene();
  scene.onCapture = async (signal) => {
    await fired(signal);
    return true;
  };
  await scene.start();
  await scene.stop();
  expect([scene.meta, scene.done]).toEqual([undefined, ["capture"]]);
});

test("N47: what fails is tried again after growing pauses, told once, and forgotten when it goes well", async () => {
  await using scene = new Scene();
  scene.onCapture = () => Promise.reject(new SnapError("disk-full", "The disk is full"));
  await scene.start();
  const minutes: number[] = [];
  for (let minute = 0; minute <= 40; minute += 1) {
    const before = scene.captures;
    if (minute > 0) await scene.pass(60_000);
    if (scene.captures > before) minutes.push(minute);
  }
  expect(minutes).toEqual([5, 15, 35]);
  expect(scene.done.filter((what) => what.startsWith("error"))).toHaveLength(1);
  expect(parseScheduleNote(scene.meta).failure).toMatchObject({
    attempts: 4,
    code: "disk-full",
    message: "The disk is full",
  });
  // A restart does not begin anew.
  await scene.stop();
  await scene.start();
  expect(scene.captures).toBe(4);
  scene.onCapture = () => Promise.resolve(true);
  for (let minute = 0; minute < 40; minute += 1) await scene.pass(60_000);
  expect(scene.captures).toBe(5);
  expect(parseScheduleNote(scene.meta)).toMatchObject({ taken: { id: "1a2b" } });
  expect(parseScheduleNote(scene.meta).failure).toBeUndefined();
});

test("N49: upkeep that fails does not undo the snapshot, and is noted by itself", async () => {
  await using scene = new Scene();
  scene.onAfter = () => Promise.reject(new Error("a mistake"));
  await scene.start();
  expect(parseScheduleNote(scene.meta)).toMatchObject({
    taken: { id: "1a2b" },
    upkeepFailure: { code: "unexpected", attempts: 1 },
  });
  scene.onAfter = () => Promise.resolve();
  for (let hour = 0; hour < 13; hour += 1) await scene.pass(dayMs / 24);
  expect(parseScheduleNote(scene.meta).upkeepFailure).toBeUndefined();
});

test("N51: other work is done only where the sync has been at rest for a minute, and none is due", async () => {
  await using scene = new Scene();
  scene.since = scene.clock.now();
  scene.meta = JSON.stringify({ lookedAt: scene.clock.now() });
  await scene.start();
  expect(scene.done).toEqual([]);
  await scene.turn("syncing");
  await scene.pass(120_000);
  expect(scene.done).toEqual([]);
  await scene.turn("idle");
  await scene.pass(60_000);
  expect(scene.done).toEqual(["meanwhile"]);
});

test("N47: off takes none", async () => {
  await using scene = new Scene();
  await scene.start("off");
  await scene.pass(dayMs);
  expect(scene.captures).toBe(0);
  expect(scheduleSettings({ "snapshot.schedule": "off" }).schedule).toEqual({ kind: "off" });
  expect(scheduleSettings({}).keep).toEqual({
    newestOf: { hourly: 24, daily: 14, weekly: 8, monthly: 12 },
    evenLastCopy: true,
  });
});

test("N49: where another writer goes first, that is no failure", async () => {
  await using scene = new Scene();
  scene.onAfter = () => Promise.reject(new SnapError("busy", "The store is being written"));
  await scene.start();
  expect(scene.done).toContain("after");
  expect(parseScheduleNote(scene.meta).upkeepFailure).toBeUndefined();
});
