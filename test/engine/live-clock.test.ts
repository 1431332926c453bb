/** The engine that is always on, where the clock is set or the computer slept. */
import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";
import { LiveWorld } from "./live-world.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The clock is set, and goes on for a minute. */
async function jump(live: LiveWorld, byMs: number): Promise<void> {
  live.clock.jump(byMs);
  await live.pass(minute);
}

test.each([day, -hour, -day])(
  "S23: a clock that is set by %i ms brings a look at everything, and removes nothing that is there",
  async (byMs) => {
    await using live = await LiveWorld.resting("a: 0\nd/b: 1\ne/c: 2");
    live.world.local.write("d/new", "3");
    live.world.local.remove("e/c");
    await live.world.remote.write("a", "4");
    await jump(live, byMs);
    const listed = live.calls.filter((call) => call.startsWith("local.list"));
    expect([...new Set(listed)].toSorted()).toEqual([
      "local.list ",
      "local.list d",
      "local.list e",
    ]);
    expect(live.activity.toSorted()).toEqual(["L.put a", "R.delete e/c", "R.put d/new"]);
    expect(await live.world.both()).toBe("a: 4\nd/b: 1\nd/new: 3\ne/");
    await live.stop();
    await live.world.assertAlways();
  },
);

test.each([day, -hour, -day])(
  "S23: a computer that slept, or a clock that is set, by %i ms: nothing waits by the old time",
  async (byMs) => {
    await using live = await LiveWorld.resting("a: 0");
    await live.news();
    live.world.hooks.instead("remote.upload", () => {
      throw new SnapError("quota-exceeded", "The account is full");
    });
    live.world.local.write("n", "1");
    await live.changed("n");
    expect(live.engine.status().left).toMatchObject([{ path: "n", kind: "parked" }]);
    const { waits } = live;
    await jump(live, byMs);
    expect(live.activity, "what was parked is tried").toEqual(["R.put n"]);
    expect(live.waits, "news of the server are waited for").toBeGreaterThan(waits);
    await live.world.remote.write("b", "2");
    await live.news();
    expect(await live.world.both()).toBe("a: 0\nb: 2\nn: 1");
  },
);

test("S23: trouble is not waited for by the old time", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.hooks.instead("remote.folderId", () => {
    throw new SnapError("throttled", "Too many calls", { retryAfterSeconds: 240 });
  });
  live.world.local.write("a", "1");
  await live.changed("a");
  expect(live.engine.status().state).toBe("waiting");
  await jump(live, -hour);
  expect(live.activity).toEqual(["R.put a"]);
});

test("S23: a clock that goes back in the middle of a look brings another one at everything", async () => {
  const world = await World.synced("a: 0\nd/b: 1");
  await using live = new LiveWorld(world);
  world.hooks.after("local.list", () => live.clock.jump(-day));
  live.start();
  await live.rest();
  expect(live.reports.length).toBeGreaterThan(1);
  world.local.write("a", "2");
  await live.changed("a");
  expect(live.activity).toEqual(["R.put a"]);
});
