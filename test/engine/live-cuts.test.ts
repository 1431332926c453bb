/** Waits for the server that something on the way cuts off. */
import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { LiveWorld } from "./live-world.ts";

const offline = new SnapError("offline", "The server cannot be reached");

test("S84: a wait that is cut off after a while costs one question and the next wait, and no pause", async () => {
  await using live = await LiveWorld.resting("a: 0");
  for (let cut = 1; cut <= 3; cut += 1) {
    await live.pass(60_000);
    const cutAt = live.clock.now();
    live.fail(offline);
    while (live.waits < 1 + cut) await new Promise((resolve) => setImmediate(resolve));
    await live.rest();
    expect(live.clock.now()).toBe(cutAt);
  }
  const asked = live.calls.filter((call) => call.startsWith("remote."));
  expect(asked.map((call) => call.split(" ")[0])).toEqual(Array(3).fill("remote.quietSince"));
  expect(live.engine.status().state).toBe("idle");
});

test("S84: a line on which nothing is reached is told, though it takes as long to find out as a cut does", async () => {
  await using live = await LiveWorld.resting("a: 0");
  await live.pass(60_000);
  live.world.hooks.instead("remote.quietSince", () => {
    throw offline;
  });
  live.fail(offline);
  await new Promise((resolve) => setImmediate(resolve));
  await live.rest();
  const { state, trouble } = live.engine.status();
  expect([state, trouble?.code]).toEqual(["waiting", "offline"]);
  expect(live.waits).toBe(1);
  await live.pass(await live.rest());
  expect(live.engine.status().state).toBe("idle");
  expect(live.waits).toBe(2);
});

test("S2: an edit elsewhere is on the disk right after the notice, without a pause", async () => {
  await using live = await LiveWorld.resting("a: 0");
  await live.world.remote.write("b", "1");
  const noticedAt = live.clock.now();
  await live.news();
  expect(await live.world.both()).toBe("a: 0\nb: 1");
  expect(live.clock.now()).toBe(noticedAt);
});

test("S84: a wait that fails at once is waited for, and then the server is asked", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.fail(offline);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await live.rest()).toBeGreaterThanOrEqual(1_000);
  expect(live.waits).toBe(1);
});
