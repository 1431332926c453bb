import { expect, test } from "vitest";
import {
  speedOf,
  windowMs,
  withMark,
  type Mark,
  type Whole,
} from "../../../src/core/transfer/speed.ts";

const whole = { total: 100, bytesTotal: 10_000 };

/** The marks after one a second from 0 on, and the last of them. */
function told(...marks: readonly { done: number; bytes: number }[]): {
  marks: readonly Mark[];
  now: Mark;
} {
  const all = marks.map((mark, second) => ({ ...mark, at: second * 1_000 }));
  return { marks: all.reduce<readonly Mark[]>(withMark, []), now: all.at(-1) ?? none };
}

const none: Mark = { at: 0, done: 0, bytes: 0 };
const unknown = { bytesPerSecond: undefined, secondsLeft: undefined };

test("the rate is that of the last seconds, not the mean of the step", () => {
  const slow = Array.from({ length: 21 }, (_, second) => ({ done: 0, bytes: second * 10 }));
  const fast = Array.from({ length: 10 }, (_, second) => ({
    done: 1,
    bytes: 200 + (second + 1) * 400,
  }));
  const { marks, now } = told(...slow, ...fast);
  expect(speedOf(marks, now, whole)).toEqual({
    bytesPerSecond: 400,
    secondsLeft: 5_800 / 400 + 0.5,
  });
});

test("a standstill counts, however long it was", () => {
  const marks = withMark(withMark([], none), { at: 50_000, done: 1, bytes: 500 });
  const now = { at: 50_000, done: 1, bytes: 500 };
  expect(speedOf(marks, now, whole)).toEqual({ bytesPerSecond: 10, secondsLeft: 950 });
});

type Left = { goesBy: string; reached: Omit<Mark, "at">; of: Whole; seconds: number | undefined };

const noBytes = { ...whole, bytesTotal: undefined };
const neither = { total: undefined, bytesTotal: undefined };

test.each<Left>([
  {
    goesBy: "bytes, where some are to come",
    reached: { done: 90, bytes: 5_000 },
    of: whole,
    seconds: 5,
  },
  {
    goesBy: "items, where all bytes have come",
    reached: { done: 50, bytes: 10_000 },
    of: whole,
    seconds: 5,
  },
  {
    goesBy: "items, where no bytes are known",
    reached: { done: 20, bytes: 0 },
    of: noBytes,
    seconds: 20,
  },
  {
    goesBy: "nothing, where neither is known",
    reached: { done: 20, bytes: 5 },
    of: neither,
    seconds: undefined,
  },
  {
    goesBy: "nothing, where bytes stand still",
    reached: { done: 20, bytes: 0 },
    of: whole,
    seconds: undefined,
  },
  {
    goesBy: "nothing, where all is done",
    reached: { done: 100, bytes: 10_000 },
    of: whole,
    seconds: undefined,
  },
])("the time left goes by $goesBy", ({ reached, of, seconds }) => {
  const now = { ...reached, at: 5_000 };
  expect(speedOf(withMark([none], now), now, of).secondsLeft).toBe(seconds);
});

test("less than a second tells no rate", () => {
  const now = { at: 999, done: 5, bytes: 500 };
  expect(speedOf(withMark([none], now), now, whole)).toEqual(unknown);
  expect(speedOf([], now, whole)).toEqual(unknown);
});

test("work that goes back has begun anew", () => {
  const again = { at: 5_000, done: 0, bytes: 0 };
  expect(withMark([none, { at: 4_000, done: 9, bytes: 900 }], again)).toEqual([again]);
});

test("the marks of a window are few, however often is told", () => {
  let marks: readonly Mark[] = [];
  for (let at = 0; at < 60_000; at += 1) marks = withMark(marks, { at, done: at, bytes: at });
  expect(marks.length).toBeLessThanOrEqual(42);
  expect(59_999 - (marks[0]?.at ?? 0)).toBeGreaterThanOrEqual(windowMs);
});
