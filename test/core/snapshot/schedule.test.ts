import { expect, test } from "vitest";
import {
  automaticPolicy,
  parseKeepPolicy,
  textOfKeepPolicy,
} from "../../../src/core/snapshot/keep-policy.ts";
import {
  nextSnapshot,
  parseSchedule,
  restBeforeMs,
  retryAt,
  slotsAround,
  stuckBeforeMs,
  type Schedule,
  type ScheduleMoment,
} from "../../../src/core/snapshot/schedule.ts";

/** Central Europe in 2026: summer time from 29 March to 25 October, 01:00 UTC. */
const berlin = (at: number): number =>
  at >= Date.UTC(2026, 2, 29, 1) && at < Date.UTC(2026, 9, 25, 1) ? 120 : 60;
/** Half an hour beside the others. */
const india = (): number => 330;

function schedule(text: string): Schedule {
  const parsed = parseSchedule(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const iso = (at: number): string => new Date(at).toISOString().slice(0, 16);

test.each([
  // [schedule, zone, now, last, next], all but the zone in UTC
  ["daily", berlin, "2026-11-22T12:00", "2026-11-21T23:00", "2026-11-22T23:00"],
  ["daily", berlin, "2026-11-21T23:00", "2026-11-21T23:00", "2026-11-22T23:00"],
  ["daily", berlin, "2026-11-21T22:59", "2026-11-20T23:00", "2026-11-21T23:00"],
  // the day of 23 hours, seen from the evening before, and the day of 25
  ["daily", berlin, "2026-03-28T22:30", "2026-03-27T23:00", "2026-03-28T23:00"],
  ["daily", berlin, "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"],
  ["daily", berlin, "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"],
  // 02:30 is left out in spring: it comes an hour later; in autumn it comes twice and counts once
  ["02:30", berlin, "2026-03-29T00:59", "2026-03-28T01:30", "2026-03-29T01:30"],
  ["02:30", berlin, "2026-03-29T01:30", "2026-03-29T01:30", "2026-03-30T00:30"],
  ["02:30", berlin, "2026-10-25T00:29", "2026-10-24T00:30", "2026-10-25T00:30"],
  ["02:30", berlin, "2026-10-25T01:30", "2026-10-25T00:30", "2026-10-26T01:30"],
  ["09:00,18:30", berlin, "2026-11-22T12:00", "2026-11-22T08:00", "2026-11-22T17:30"],
  ["18:30,9:00", berlin, "2026-11-22T18:00", "2026-11-22T17:30", "2026-11-23T08:00"],
  ["hourly", india, "2026-11-22T12:00", "2026-11-22T11:30", "2026-11-22T12:30"],
  ["hourly", berlin, "2026-10-25T01:10", "2026-10-25T01:00", "2026-10-25T02:00"],
] as const)("N47: %s at %s: the times around %s", (...[text, zone, now, last, next]) => {
  const slots = slotsAround(schedule(text), Date.parse(`${now}Z`), zone);
  expect(slots && { last: iso(slots.last), next: iso(slots.next) }).toEqual({ last, next });
});

test.each(["", "never", "24:00", "9", "09:00,", "09:60", "daily,09:00", "-1:00"])(
  "N47: %s is no schedule",
  (text) => expect(parseSchedule(text)).toBeUndefined(),
);

const noon = Date.UTC(2026, 10, 22, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const midnight = noon - 13 * hourMs;

function moment(other: Partial<ScheduleMoment>): ScheduleMoment {
  const idle = { state: "idle", since: noon - hourMs } as const;
  return {
    now: noon,
    offset: berlin,
    schedule: schedule("daily"),
    lookedAt: undefined,
    failure: undefined,
    torn: undefined,
    sync: idle,
    ...other,
  };
}

const capture = { kind: "capture", why: "time" };
const tomorrow = { kind: "wait", until: midnight + dayMs, why: "time" };

test.each([
  ["off", { schedule: schedule("off") }, { kind: "off" }],
  ["there was none yet", {}, capture],
  ["one was taken since", { lookedAt: midnight }, tomorrow],
  ["right before the time", { lookedAt: midnight - 1 }, capture],
  ["a week was missed", { lookedAt: noon - 7 * dayMs }, capture],
  ["... which is made up once", { lookedAt: noon }, tomorrow],
  ["seconds ahead is now", { lookedAt: noon + 2_000 }, tomorrow],
  ["the clock was set back: what is ahead says nothing", { lookedAt: noon + dayMs }, capture],
  [
    "the sync is at work",
    { sync: { state: "working", since: noon - dayMs } },
    { kind: "wait", until: Number.POSITIVE_INFINITY, why: "sync" },
  ],
  [
    "the sync has just ended",
    { sync: { state: "idle", since: noon - 1 } },
    { kind: "wait", until: noon - 1 + restBeforeMs, why: "sync" },
  ],
  [
    "idle since a time that is ahead",
    { sync: { state: "idle", since: noon + dayMs } },
    { kind: "wait", until: noon + restBeforeMs, why: "sync" },
  ],
  [
    "there is no line for a while",
    { sync: { state: "stuck", since: noon - 1 } },
    { kind: "wait", until: noon - 1 + stuckBeforeMs, why: "sync" },
  ],
  ["there is none for long", { sync: { state: "stuck", since: noon - stuckBeforeMs } }, capture],
  [
    "it failed just now",
    { failure: { at: noon, attempts: 1 } },
    { kind: "wait", until: noon + 300_000, why: "failure" },
  ],
  ["it failed a while ago", { failure: { at: noon - 300_000, attempts: 1 } }, capture],
  ["it failed in the future", { failure: { at: noon + 1, attempts: 9 } }, capture],
] as const)("N47: %s", (_, other, next) => {
  expect(nextSnapshot(moment(other))).toEqual(next);
});

const minuteMs = 60_000;
const until = (at: number): unknown => ({ kind: "wait", until: at, why: "time" });
const again = { kind: "capture", why: "torn" };

test.each([
  ["a moment ago", { torn: { at: noon, attempts: 1 } }, until(noon + 5 * minuteMs)],
  ["five minutes ago", { torn: { at: noon - 5 * minuteMs, attempts: 1 } }, again],
  ["twice", { torn: { at: noon - 5 * minuteMs, attempts: 2 } }, until(noon + 5 * minuteMs)],
  ["the third time, 20 minutes ago", { torn: { at: noon - 20 * minuteMs, attempts: 3 } }, again],
  [
    "four times: it will be tried at the next time",
    { torn: { at: midnight, attempts: 4 } },
    tomorrow,
  ],
  [
    "... and the sync is at work",
    { torn: { at: midnight, attempts: 1 }, sync: { state: "working", since: noon } },
    tomorrow,
  ],
  [
    "... and the sync has just ended",
    { torn: { at: midnight, attempts: 1 }, sync: { state: "idle", since: noon } },
    until(noon + restBeforeMs),
  ],
  [
    "... and the next attempt failed",
    { torn: { at: midnight, attempts: 1 }, failure: { at: noon, attempts: 1 } },
    until(noon + 5 * minuteMs),
  ],
  ["before the time, which comes first", { torn: { at: noon, attempts: 4 }, lookedAt: 0 }, capture],
] as const)("N45: a repository was torn %s", (_, other, next) => {
  expect(nextSnapshot(moment({ lookedAt: noon - 1, ...other }))).toEqual(next);
});

test("N47: failed attempts are made again after longer and longer waits, up to six hours", () => {
  const waits = [1, 2, 3, 7, 8, 1_000].map((attempts) => retryAt({ at: 0, attempts }, 0) / 60_000);
  expect(waits).toEqual([5, 10, 20, 320, 360, 360]);
});

test.each([
  [
    "24h 14d 8w 12m",
    { newestOf: { hourly: 24, daily: 14, weekly: 8, monthly: 12 }, evenLastCopy: false },
  ],
  ["3y, 7d even-last-copy", { newestOf: { daily: 7, yearly: 3 }, evenLastCopy: true }],
  ["all", "all"],
])("N49: %s says what stays", (text, policy) => {
  const parsed = parseKeepPolicy(text);
  expect(parsed).toEqual(policy);
  expect(parsed && parseKeepPolicy(textOfKeepPolicy(parsed))).toEqual(policy);
});

test.each([
  "",
  "0d",
  "7",
  "7d 8d",
  "d",
  "7x",
  "-1d",
  "all 7d",
  "even-last-copy",
  "even-last-copy 7d",
  "99999d",
])("N49: %s says nothing", (text) => expect(parseKeepPolicy(text)).toBeUndefined());

test("N49: all is no policy to forget by", () => {
  expect(automaticPolicy("all")).toBeUndefined();
  expect(automaticPolicy({ newestOf: { daily: 1 }, evenLastCopy: false })).toEqual({
    newestOf: { daily: 1 },
    automatic: true,
  });
});
