import { expect, test } from "vitest";
import { Breakers } from "../../src/remote/breaker.ts";
import { SnapError } from "../../src/std/error.ts";
import { TestClock } from "../support/test-clock.ts";
import { code, failing, noNetwork } from "./faulty.ts";
import { allOf, at, failure, linkedServer, uploadOf } from "./linked.ts";

const busy = new SnapError("server-error", "The server answered 500");

test("S84: five transient errors in a row close one class for 30 s, and no other", async () => {
  const clock = new TestClock();
  const breakers = new Breakers(clock);
  for (let errors = 1; errors <= 4; errors += 1) breakers.failed("upload", busy);
  await breakers.pass("upload", undefined);
  expect(clock.slept).toEqual([]);
  breakers.failed("upload", busy);
  await breakers.pass("list", undefined);
  await breakers.pass("download", undefined);
  expect(clock.slept).toEqual([]);
  await breakers.pass("upload", undefined);
  expect(clock.slept).toEqual([30_000]);
});

test("S84: a success, or an error that is not transient, ends the row", async () => {
  const clock = new TestClock();
  const breakers = new Breakers(clock);
  const refused = new SnapError("conflict", "Something is there");
  for (let errors = 1; errors <= 12; errors += 1) {
    breakers.failed("write", busy);
    if (errors % 4 === 0) breakers.failed("write", refused);
    if (errors % 8 === 0) breakers.succeeded("write");
  }
  await breakers.pass("write", undefined);
  expect(clock.slept).toEqual([]);
});

test("S84: failures that come half a minute apart are no row", async () => {
  const clock = new TestClock();
  const breakers = new Breakers(clock);
  for (let errors = 1; errors <= 12; errors += 1) {
    breakers.failed("notify", busy);
    clock.advance(30_000);
  }
  await breakers.pass("notify", undefined);
  expect(clock.slept).toEqual([]);
});

test("S84: the class stays closed for whoever comes until Retry-After; a longer one never shrinks", async () => {
  const clock = new TestClock();
  const breakers = new Breakers(clock);
  const asked = (seconds: number): SnapError =>
    new SnapError("throttled", "Too many requests", { retryAfterSeconds: seconds });
  breakers.failed("upload", asked(60));
  breakers.failed("upload", asked(5));
  clock.advance(10_000);
  await breakers.pass("upload", undefined);
  expect(clock.slept).toEqual([50_000]);
});

test("S84: a class that is closed for hours refuses at once, and says for how long", async () => {
  const breakers = new Breakers(new TestClock());
  const asked = new SnapError("throttled", "Too many requests", { retryAfterSeconds: 7_200 });
  breakers.failed("upload", asked);
  await expect(breakers.pass("upload", undefined)).rejects.toMatchObject({
    code: "throttled",
    retryAfterSeconds: 7_200,
  });
});

test("S84: an interruption ends the wait", async () => {
  const breakers = new Breakers(new TestClock());
  for (let errors = 1; errors <= 5; errors += 1) breakers.failed("list", busy);
  const stop = new AbortController();
  stop.abort();
  await expect(breakers.pass("list", stop.signal)).rejects.toThrow(code("interrupted"));
});

test("E8: 429 with Retry-After 30, then contention three times: no call of the class within 30 s, then done", async () => {
  await using linked = await linkedServer();
  const contention = { reason: { ".tag": "too_many_write_operations" } };
  const faults = failing("files/upload", [
    () => failure(429, { reason: { ".tag": "too_many_requests" } }, { "retry-after": "30" }),
    () => failure(429, contention),
    () => failure(429, contention),
    () => failure(429, contention),
  ]);
  const times: { readonly route: string; readonly at: number }[] = [];
  linked.intercept = (request, pass) => {
    times.push({ route: request.route, at: linked.clock.now() });
    return faults(request, pass);
  };
  const [first, second] = await Promise.all([
    linked.remote.upload(uploadOf("a", "1")),
    linked.remote.upload(uploadOf("b", "2")),
  ]);
  expect([first.path, second.path]).toEqual(["a", "b"]);
  const uploads = times.filter(({ route }) => route === "files/upload").map((call) => call.at);
  expect(uploads).toHaveLength(6);
  expect((uploads[1] ?? 0) - (uploads[0] ?? 0)).toBeGreaterThanOrEqual(30_000);
});

test("S84: while one class rests the others go on", async () => {
  await using linked = await linkedServer();
  await linked.remote.upload(uploadOf("a", "1"));
  linked.intercept = failing("files/list_folder", Array(6).fill(noNetwork));
  const before = linked.clock.now();
  await expect(allOf(linked.remote.list(at(""), { recursive: true }))).rejects.toThrow(
    code("offline"),
  );
  const after = linked.clock.now();
  expect(after - before, "the sixth attempt waited for its class").toBeGreaterThanOrEqual(30_000);
  await linked.remote.upload(uploadOf("b", "2"));
  expect(linked.clock.now(), "an upload did not").toBe(after);
  await allOf(linked.remote.list(at(""), { recursive: true }));
  expect(linked.clock.now(), "and the next listing did").toBeGreaterThan(after);
});
