import { expect, test } from "vitest";
import {
  changesMax,
  Pace,
  pacedFilesMax,
  pacedIntervalMs,
  paceWindowMs,
} from "../../../src/core/live/pace.ts";

const start = 1_000_000_000;

function changedTimes(pace: Pace, times: number): number {
  let now = start;
  for (let count = 0; count < times; count += 1) {
    now += 1_000;
    pace.seen(1, String(now), now);
  }
  return now;
}

test("S26: six changes in five minutes go up at once", () => {
  const pace = new Pace();
  const now = changedTimes(pace, changesMax);
  pace.sent(1, now);
  expect(pace.dueAt(1, now)).toBe(now);
});

test("S26: the seventh waits until a minute after the last upload, and no longer", () => {
  const pace = new Pace();
  const now = changedTimes(pace, changesMax);
  pace.sent(1, now);
  pace.seen(1, String(now + 1), now + 1);
  expect(pace.dueAt(1, now + 1)).toBe(now + pacedIntervalMs);
  pace.seen(1, String(now + pacedIntervalMs), now + pacedIntervalMs);
  expect(pace.dueAt(1, now + pacedIntervalMs)).toBe(now + pacedIntervalMs);
});

test("S26: a file that never went up does not wait", () => {
  const pace = new Pace();
  const now = changedTimes(pace, 20);
  expect(pace.dueAt(1, now)).toBe(now);
});

test("S26: after five quiet minutes it is a file like any other", () => {
  const pace = new Pace();
  const now = changedTimes(pace, 20);
  pace.sent(1, now);
  expect(pace.dueAt(1, now)).toBe(now + pacedIntervalMs);
  expect(pace.dueAt(1, now + paceWindowMs)).toBe(now + paceWindowMs);
});

test("a clock that was put back makes nobody wait", () => {
  const pace = new Pace();
  const now = changedTimes(pace, 20);
  pace.sent(1, now);
  expect(pace.dueAt(1, start - 86_400_000)).toBe(start - 86_400_000);
});

test("S107: the file that changed longest ago is forgotten first", () => {
  const pace = new Pace();
  const now = changedTimes(pace, 20);
  pace.sent(1, now);
  for (let node = 2; node <= pacedFilesMax; node += 1) pace.seen(node, String(now), now);
  expect(pace.dueAt(1, now)).toBe(now + pacedIntervalMs);
  pace.seen(pacedFilesMax + 1, String(now), now);
  expect(pace.dueAt(1, now)).toBe(now);
});

test("S26: a file that was looked at again as it was did not change", () => {
  const pace = new Pace();
  for (let look = 0; look < 20; look += 1) pace.seen(1, "one state", start + look);
  pace.sent(1, start + 20);
  expect(pace.dueAt(1, start + 20)).toBe(start + 20);
});
