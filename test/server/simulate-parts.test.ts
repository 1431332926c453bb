/** The parts of the simulation (V74): arithmetic, locks, profiles as data. */
import { expect, test } from "vitest";
import { full, refill, spend, waitFor } from "../../src/server/control/bucket.ts";
import { Line } from "../../src/server/control/line.ts";
import { readProfile } from "../../src/server/control/profiles.ts";
import { WriteLocks } from "../../src/server/control/write-locks.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import { SetClock } from "../support/checked-server.ts";

const bucket = { perSecond: 10, burst: 5 };

test("V74: a bucket fills with time up to its burst, and what is owed takes time", () => {
  const rested = full(bucket, 1000);
  expect(spend(rested, 5)).toEqual({ tokens: 0, atMs: 1000 });
  const owing = spend(rested, 8);
  expect(owing.tokens).toBe(-3);
  expect(waitFor(bucket, owing, 0)).toBe(300);
  expect(waitFor(bucket, owing, 1)).toBe(400);
  expect(refill(bucket, owing, 1200)).toEqual({ tokens: -1, atMs: 1200 });
  expect(refill(bucket, owing, 99_000)).toEqual({ tokens: 5, atMs: 99_000 });
  expect(waitFor(bucket, rested, 1)).toBe(0);
});

test("V74: a clock that is put back gives nothing and takes nothing", () => {
  const level = { tokens: -2, atMs: 5000 };
  expect(refill(bucket, level, 1000)).toEqual({ tokens: -2, atMs: 1000 });
  expect(refill(bucket, refill(bucket, level, 1000), 1100)).toEqual({ tokens: -1, atMs: 1100 });
});

test("V74: pieces on one line queue, and a line that rested does not save up", () => {
  const clock = new SetClock();
  const line = new Line(1000, clock);
  expect([line.send(500), line.send(250)]).toEqual([500, 750]);
  clock.seconds += 0.5;
  expect(line.send(1000)).toBe(1250);
  clock.seconds += 1000;
  expect(line.send(100)).toBe(100);
});

test("V74: a lock that is handed to a client that has just left is handed on", async () => {
  const clock = new SetClock();
  const locks = new WriteLocks(clock);
  const staying = { waitMs: 1000, signal: new AbortController().signal };
  expect(await locks.take(1, staying)).toBe(true);
  const leaving = new AbortController();
  const left = locks.take(1, { waitMs: 1000, signal: leaving.signal });
  const next = locks.take(1, staying);
  leaving.abort(new Error("enough"));
  locks.release(1);
  await expect(left).rejects.toThrow("enough");
  expect(await next).toBe(true);
  locks.release(1);
  expect(locks.isTaken(1)).toBe(false);
  expect(clock.sleeping).toBe(0);
});

test("V74: a lock that comes at the last moment is taken", async () => {
  const clock = new SetClock();
  const locks = new WriteLocks(clock);
  const wait = { waitMs: 1000, signal: new AbortController().signal };
  await locks.take(1, wait);
  const next = locks.take(1, wait);
  clock.seconds += 1;
  locks.release(1);
  expect(await next).toBe(true);
  locks.release(1);
  expect(locks.isTaken(1)).toBe(false);
});

test("V74: a built-in profile may be changed in parts, another name starts from none", () => {
  expect(readProfile("none")).toMatchObject({ name: "none", roundTripMs: 0, commitMs: 0 });
  const home = readProfile("home");
  expect(readProfile({ name: "home", roundTripMs: 1 })).toEqual({ ...home, roundTripMs: 1 });
  expect(readProfile({ name: "mine", commitMs: 5 })).toEqual({
    ...readProfile("none"),
    name: "mine",
    commitMs: 5,
  });
});

test.each<[Json, string]>([
  ["house", 'There is no profile "house"; there are none, home, throttled'],
  [{}, "name: is missing"],
  [{ name: "x", roundTrip: 1 }, 'unknown member "roundTrip"'],
  [{ name: "x", roundTripMs: -1 }, "roundTripMs: expected integer from 0"],
  [{ name: "x", uploadBytesPerSecond: 0 }, "uploadBytesPerSecond: expected integer from 1"],
  [{ name: "x", requestsPerSecond: 0.5 }, "requestsPerSecond: expected integer from 1"],
  [null, "expected object, got null"],
])("V74: the profile %j is refused: %s", (profile, message) => {
  expect(() => readProfile(profile)).toThrow(message);
});
