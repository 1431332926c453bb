import { expect, test } from "vitest";
import {
  afterCall,
  afterThrottle,
  firstPace,
  partBytes,
  pieceBytes,
  type CallEnd,
  type Pace,
} from "../../../src/core/transfer/pace.ts";

/** A line that carries `rate(parallel)` bytes in a ms in total: calls end one after the other, evenly. */
function travel(pace: Pace, calls: number, rate: (parallel: number) => number): readonly Pace[] {
  const paces = [pace];
  let now = (pace.window?.since ?? 0) + 1_000;
  for (let call = 0; call < calls; call += 1) {
    const last = paces.at(-1) ?? pace;
    const bytes = 100_000;
    const begunAt = now;
    now += bytes / rate(last.parallel);
    paces.push(afterCall(last, { begunAt, endedAt: now, bytes, isBusy: true }));
  }
  return paces;
}

const last = (paces: readonly Pace[]): number => paces.at(-1)?.parallel ?? 0;
const most = (paces: readonly Pace[]): number => Math.max(...paces.map(({ parallel }) => parallel));

const mebi = 1024 * 1024;

const call: CallEnd = { begunAt: 0, endedAt: 1_000, bytes: 1_000_000, isBusy: true };

test("S107: calls grow one by one while each brings more, up to the cap", () => {
  const paces = travel(firstPace, 2_000, (parallel) => parallel * 100);
  const steps = new Set(
    paces.slice(1).map(({ parallel }, at) => parallel - (paces[at]?.parallel ?? 0)),
  );
  expect([steps, last(paces)]).toEqual([new Set([0, 1]), 16]);
});

test("S107: on a line that is full one more call is tried, given up, and tried again after a rest", () => {
  const paces = travel(firstPace, 800, () => 400);
  expect([most(paces), last(paces.slice(0, 80))]).toEqual([9, 8]);
  const tries = paces.filter(({ parallel }, at) => parallel === 9 && paces[at - 1]?.parallel === 8);
  expect(tries.length).toBeGreaterThan(1);
});

test("S107: a line that widens is found", () => {
  const narrow = travel(firstPace, 200, () => 400).at(-1) ?? firstPace;
  expect(last(travel(narrow, 2_000, (parallel) => parallel * 100))).toBe(16);
});

test("S107: calls that did not fill the lanes measure nothing, nor does a clock that stands still", () => {
  let pace = firstPace;
  for (let count = 0; count < 100; count += 1) pace = afterCall(pace, { ...call, isBusy: false });
  expect(pace.parallel).toBe(8);
  for (let count = 0; count < 100; count += 1) pace = afterCall(pace, { ...call, endedAt: 0 });
  expect(pace.parallel).toBe(8);
});

test("S84: a 429 halves once for all that was under way, down to one, and nothing grows for a while", () => {
  const wide = travel(firstPace, 2_000, (parallel) => parallel * 100).at(-1) ?? firstPace;
  const half = afterThrottle(wide, { begunAt: 500, endedAt: 600 });
  const echo = afterThrottle(half, { begunAt: 550, endedAt: 700 });
  const again = afterThrottle(echo, { begunAt: 650, endedAt: 800 });
  expect([wide, half, echo, again].map(({ parallel }) => parallel)).toEqual([16, 8, 8, 4]);
  expect(most(travel(again, 8 * 8, (parallel) => parallel * 100))).toBe(4);
  expect(most(travel(again, 8 * 10, (parallel) => parallel * 100))).toBeGreaterThan(4);
  let least = again;
  for (let at = 1_000; at < 1_010; at += 1)
    least = afterThrottle(least, { begunAt: at, endedAt: at });
  expect(least.parallel).toBe(1);
});

test("S66: a call fetches 4 MiB where that takes no second, else less", () => {
  const after = (bytes: number): number =>
    pieceBytes(afterCall(firstPace, { ...call, bytes })) / mebi;
  expect([pieceBytes(firstPace) / mebi, after(20 * mebi), after(3 * mebi), after(mebi)]).toEqual([
    4, 4, 2, 1,
  ]);
  const slower = Array<CallEnd>(20)
    .fill(call)
    .reduce(afterCall, {
      ...firstPace,
      callRate: 20_000,
    });
  expect(pieceBytes(slower)).toBe(mebi);
});

test("S57: a call carries up what takes a second, in whole blocks", () => {
  const after = (mebibytes: number): number =>
    partBytes(afterCall(firstPace, { ...call, bytes: mebibytes * mebi })) / mebi;
  expect([1, 4, 15, 16, 32, 100].map(after)).toEqual([4, 4, 12, 16, 32, 32]);
  expect(partBytes(firstPace)).toBe(4 * mebi);
});
