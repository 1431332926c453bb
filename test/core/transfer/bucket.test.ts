import { expect, test } from "vitest";
import {
  emptyBucket,
  filled,
  pacedBytes,
  spent,
  waitOf,
} from "../../../src/core/transfer/bucket.ts";
import { randomFraction, seededRng } from "../../../src/std/random.ts";

/** What goes out where somebody always has more, and rests now and then. */
function sentIn(seconds: number, rate: number, seed: number): readonly number[] {
  const rng = seededRng(seed);
  const sent: number[] = [];
  let now = 0;
  let bucket = emptyBucket(now);
  while (now < seconds * 1_000) {
    if (randomFraction(rng) < 0.05) now += Math.floor(randomFraction(rng) * 900);
    bucket = filled(bucket, rate, now);
    const waitMs = waitOf(bucket, rate);
    now += waitMs;
    if (waitMs > 0) continue;
    const bytes = Math.ceil(randomFraction(rng) * pacedBytes(rate));
    bucket = spent(bucket, bytes);
    for (let second = Math.floor(now / 1_000); sent.length <= second;) sent.push(0);
    sent[sent.length - 1] = (sent.at(-1) ?? 0) + bytes;
  }
  return sent;
}

test.each([1, 2, 3, 4, 5])(
  "no second carries more than the rate, a rest and a piece (seed %i)",
  (seed) => {
    for (const rate of [1_024, 50_000, 3_000_000]) {
      const most = Math.max(...sentIn(30, rate, seed));
      expect(most).toBeLessThanOrEqual(rate * 1.1 + pacedBytes(rate) + 1);
    }
  },
);

test("a line that is always asked carries its rate", () => {
  const rate = 100_000;
  let bucket = emptyBucket(0);
  let sent = 0;
  for (let now = 0; now < 10_000; now += 1) {
    bucket = filled(bucket, rate, now);
    if (waitOf(bucket, rate) > 0) continue;
    bucket = spent(bucket, 5_000);
    sent += 5_000;
  }
  expect(sent).toBeGreaterThanOrEqual(rate * 10 * 0.99);
  expect(sent).toBeLessThanOrEqual(rate * 10 * 1.02);
});

test("what is owed is waited for, and a clock that was put back brings nothing", () => {
  const owing = spent(emptyBucket(5_000), 2_000);
  expect(waitOf(owing, 1_000)).toBe(2_000);
  expect(waitOf(filled(owing, 1_000, 6_000), 1_000)).toBe(1_000);
  const back = filled(owing, 1_000, 0);
  expect(waitOf(back, 1_000)).toBe(2_000);
  expect(waitOf(filled(back, 1_000, 500), 1_000)).toBe(1_500);
});

test("a clock that was put ahead saves no more up than a rest does", () => {
  const rate = 10_000;
  expect(filled(emptyBucket(0), rate, 86_400_000).level).toBe(1_000);
});
