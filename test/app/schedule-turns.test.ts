import { expect, test } from "vitest";
import { parseScheduleNote } from "../../src/core/snapshot/schedule-note.ts";
import { SnapError } from "../../src/std/error.ts";
import { Scene } from "./schedule-scene.ts";

test("N47: of two workspaces that are due at once, the second is captured right after the first", async () => {
  await using first = new Scene();
  await using second = new Scene();
  const taken = Promise.withResolvers<boolean>();
  let isHeld = true;
  first.onCapture = () => taken.promise;
  second.onCapture = () =>
    isHeld ? Promise.reject(new SnapError("busy", "It is written")) : Promise.resolve(true);
  await first.start();
  await second.start();
  for (let minute = 0; minute < 20; minute += 1) await second.pass(60_000);
  expect(second.captures).toBeGreaterThan(10);
  expect(second.stand.isStill, "the sync goes on while it waits").toBe(false);
  expect(parseScheduleNote(second.meta).failure).toBeUndefined();
  expect(second.done).not.toContain("after");
  isHeld = false;
  taken.resolve(true);
  await first.settle();
  await second.pass(5_000);
  expect(second.done.filter((what) => what !== "meanwhile").slice(-2)).toEqual([
    "capture",
    "after",
  ]);
});

test("N47: a store that another writer keeps for an hour is a failure that is told, and no longer asked for every few seconds", async () => {
  await using scene = new Scene();
  scene.onCapture = () => Promise.reject(new SnapError("busy", "It is written"));
  await scene.start();
  for (let minute = 0; minute < 60; minute += 1) await scene.pass(60_000);
  expect(parseScheduleNote(scene.meta).failure).toMatchObject({ code: "busy", attempts: 1 });
  const { captures } = scene;
  await scene.pass(60_000);
  expect(scene.captures).toBe(captures);
  scene.onCapture = () => Promise.resolve(true);
  await scene.pass(4 * 60_000);
  expect(parseScheduleNote(scene.meta).failure).toBeUndefined();
});
