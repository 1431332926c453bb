/** The engine that is always on: marks, news and the clock only make it look (S2). */
import { expect, test } from "vitest";
import { fullScanIntervalMs, quietMs, unwatchedIntervalMs } from "../../src/core/live/schedule.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";
import { LiveWorld } from "./live-world.ts";

const offline = new SnapError("offline", "The server cannot be reached");

test("S23: it begins with a look at everything, and makes both sides equal", async () => {
  const world = await World.synced("a: 0\nd/b: 1");
  world.local.write("d/c", "2");
  await world.remote.write("e", "3");
  await using live = new LiveWorld(world);
  expect(live.engine.status().state).toBe("starting");
  live.start();
  await live.rest();
  expect(await world.both()).toBe("a: 0\nd/b: 1\nd/c: 2\ne: 3");
  expect(live.activity.toSorted()).toEqual(["L.put e", "R.put d/c"]);
  expect(live.engine.status()).toMatchObject({ state: "idle", pending: 0, left: [] });
  await live.stop();
  await world.assertAlways();
});

test("S5, S23: a saved file costs one folder, one hash and one upload", async () => {
  await using live = await LiveWorld.resting("a: 0\nd/b: 1\nd/e/f: 2\ng/h: 3");
  live.world.local.write("d/b", "4");
  live.world.wire.forget();
  await live.changed("d/b");
  expect(live.activity).toEqual(["R.put d/b"]);
  expect(live.calls.filter((call) => call.startsWith("local.list"))).toEqual(["local.list d"]);
  expect(live.count("local.hash")).toBe(1);
  expect(live.world.wire.transfers()).toEqual({ uploads: 1, downloads: 0 });
  expect(await live.world.both()).toBe("a: 0\nd/b: 4\nd/e/f: 2\ng/h: 3");
});

test("S5: an engine that nobody tells of anything reads no folders and no rows", async () => {
  await using live = await LiveWorld.resting("a: 0\nd/b: 1");
  for (let minute = 0; minute < 30; minute += 1) await live.pass(60_000);
  expect(live.calls).toEqual([]);
  expect(live.waits).toBe(1);
});

test("marks wait for a quiet moment, and what is ours wakes nobody", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.marks.changed([".snap/root.json", ".snap-tmp-1", "d/~$x.docx"].map(parseRelPath));
  expect(live.marks.times).toBeUndefined();
  live.world.local.write("a", "1");
  live.marks.changed([parseRelPath("a")]);
  expect(await live.rest()).toBe(quietMs);
  live.clock.advance(quietMs - 1);
  live.marks.changed([parseRelPath("a")]);
  expect(await live.rest()).toBe(quietMs);
  expect(live.reports).toHaveLength(1);
  await live.pass(quietMs);
  expect(live.reports).toHaveLength(2);
});

test("S2: news of the server are asked for, and come down", async () => {
  await using live = await LiveWorld.resting("d/a: 0\ne/x: 1");
  await live.world.remote.write("d/a", "2");
  await live.world.remote.write("d/n", "3");
  await live.news();
  expect(await live.world.both()).toBe("d/a: 2\nd/n: 3\ne/x: 1");
  const listed = live.calls.filter((call) => call.startsWith("local.list"));
  expect([...new Set(listed)]).toEqual(["local.list d"]);
});

test("S23: what nobody told of is found an hour later, or in five minutes where nothing watches", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.local.write("a", "1");
  for (let minute = 1; minute < fullScanIntervalMs / 60_000; minute += 1) await live.pass(60_000);
  expect(live.reports).toHaveLength(1);
  await live.pass(60_000);
  expect(live.activity).toEqual(["R.put a"]);
  live.isWatched = false;
  live.world.local.write("a", "2");
  for (let minute = 1; minute <= unwatchedIntervalMs / 60_000; minute += 1) await live.pass(60_000);
  expect(live.activity).toEqual(["R.put a", "R.put a"]);
});

test("S23: a watcher that lost events, and a clock that jumps, make it look at everything", async () => {
  await using live = await LiveWorld.resting("a: 0\nb: 1");
  live.world.local.write("a", "2");
  live.marks.lost("overflow");
  await live.pass(await live.rest());
  expect(live.activity).toEqual(["R.put a"]);
  live.world.local.write("b", "3");
  await live.pass(86_400_000);
  expect(live.activity).toEqual(["R.put a", "R.put b"]);
  live.world.local.write("b", "4");
  live.clock.advance(-2 * 86_400_000);
  live.engine.nudge();
  await live.cycle();
  expect(live.activity).toEqual(["R.put a", "R.put b", "R.put b"]);
});

test("S84: trouble is waited for, told, and over by itself", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.local.write("a", "1");
  const { hooks } = live.world;
  for (let times = 0; times < 3; times += 1) {
    hooks.instead("remote.folderId", () => {
      throw offline;
    });
  }
  await live.changed("a");
  const delays: number[] = [];
  for (let times = 0; times < 3; times += 1) {
    const { state, trouble } = live.engine.status();
    expect([state, trouble?.code]).toEqual(["waiting", "offline"]);
    delays.push((trouble?.retryAt ?? 0) - live.clock.now());
    await live.pass(await live.rest());
  }
  expect(delays.every((delay) => delay >= 1_000 && delay <= 8_000)).toBe(true);
  expect(live.engine.status().state).toBe("idle");
  expect(live.engine.status().trouble).toBeUndefined();
  expect(await live.world.both()).toBe("a: 1");
});

test("S84: it waits as long as the server says, and a nudge ends the wait", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.hooks.instead("remote.folderId", () => {
    throw new SnapError("throttled", "Too many calls", { retryAfterSeconds: 42 });
  });
  live.world.local.write("a", "1");
  await live.changed("a");
  expect(await live.rest()).toBe(42_000);
  live.engine.nudge();
  await live.cycle();
  expect(await live.world.both()).toBe("a: 1");
});

test("S84: a wait after trouble becomes no longer when the clock is set back", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.hooks.instead("remote.folderId", () => {
    throw new SnapError("throttled", "Too many calls", { retryAfterSeconds: 300 });
  });
  live.world.local.write("a", "1");
  await live.changed("a");
  for (let minutes = 0; minutes < 3; minutes += 1) await live.pass(60_000);
  expect(live.engine.status().trouble?.code).toBe("throttled");
  live.clock.jump(-120_000);
  live.clock.advance(60_000);
  await live.cycle();
  expect(await live.world.both()).toBe("a: 1");
});

test("S79: what the user has to settle ends it, with its reason", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.world.hooks.instead("remote.quietSince", () => {
    throw new SnapError("login-revoked", "The login was revoked");
  });
  live.engine.nudge();
  expect(await live.ended()).toMatchObject({ code: "login-revoked" });
  expect(live.engine.status()).toMatchObject({
    state: "waiting",
    trouble: { code: "login-revoked" },
  });
});

test("a wait for the server that fails makes it ask, and then wait again", async () => {
  await using live = await LiveWorld.resting("a: 0");
  await live.world.remote.write("b", "1");
  live.fail(new SnapError("server-error", "The server failed"));
  while (live.reports.length < 2) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    live.clock.advance(await live.rest());
  }
  await live.rest();
  expect(await live.world.both()).toBe("a: 0\nb: 1");
  expect(live.waits).toBe(2);
});

test("§11: what failed is tried again in its time, later and later, or when it changes", async () => {
  await using live = await LiveWorld.resting("a: 0");
  const refuse = (): void =>
    live.world.hooks.instead("remote.upload", () => {
      throw new SnapError("quota-exceeded", "The account is full");
    });
  refuse();
  live.world.local.write("n", "1");
  await live.changed("n");
  expect(live.engine.status().left).toMatchObject([{ path: "n", kind: "parked" }]);
  live.calls.length = 0;
  live.world.local.write("a", "2");
  await live.changed("a");
  expect(live.count("remote.upload")).toBe(1);
  expect(live.engine.status().left).toMatchObject([{ path: "n", kind: "parked" }]);
  refuse();
  live.world.local.write("n", "3");
  await live.changed("n");
  expect(live.count("remote.upload")).toBe(2);
  for (let minute = 0; minute < 5; minute += 1) await live.pass(60_000);
  expect(live.engine.status().left).toEqual([]);
  expect(await live.world.both()).toBe("a: 2\nn: 3");
});

test("S26: a file that is written to all the time goes up once a minute", async () => {
  await using live = await LiveWorld.resting("db: 0\nf: 0");
  let sent = 0;
  for (let second = 1; second <= 120; second += 1) {
    live.world.local.write("db", `state ${second}`);
    const before = live.clock.now();
    await live.changed("db");
    const { left } = live.engine.status();
    for (const one of left) expect(one).toMatchObject({ path: "db", kind: "unsynced" });
    await live.pass(1_000 - (live.clock.now() - before));
    sent = live.activity.length;
    if (second === 30) expect(sent).toBe(6);
  }
  expect(sent).toBeLessThanOrEqual(8);
  await live.pass(60_000);
  expect(await live.world.both()).toBe("db: state 120\nf: 0");
});

test("S12: it ends at an op, and goes on where it was", async () => {
  const names = Array.from({ length: 40 }, (_, count) => `n${count}`);
  await using live = await LiveWorld.resting(names.map((name) => `${name}: ${name}`).join("\n"));
  for (const name of names) live.world.local.move(name, `moved-${name}`);
  live.world.hooks.after("remote.move", () => void live.stop());
  live.marks.lost("test");
  live.clock.advance(await live.rest());
  expect(await live.ended()).toBeUndefined();
  const done = live.activity.length;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(40);
  live.start();
  await live.rest();
  expect(live.activity.toSorted()).toEqual([...new Set(live.activity)].toSorted());
  expect(live.activity).toHaveLength(40);
  await live.stop();
  await live.world.assertAlways();
});

test("S27: what was moved to where nobody looks yet is not gone", async () => {
  await using live = await LiveWorld.resting("a/f: 0\nb/g: 1");
  live.world.local.move("a/f", "b/f");
  live.marks.changed([parseRelPath("a/f")]);
  live.world.hooks.after("local.list", () => live.marks.changed([parseRelPath("b/f")]));
  live.clock.advance(await live.rest());
  await live.rest();
  for (let look = 0; look < 3 && live.activity.length === 0; look += 1) {
    await live.pass(await live.rest());
  }
  expect(live.activity).toEqual(["R.move b/f"]);
  expect(await live.world.both()).toBe("a/\nb/f: 0\nb/g: 1");
});

test("S96: behind the fence of a restore nothing is looked at", async () => {
  await using live = await LiveWorld.resting("a: 0");
  const { index, journal } = live.world.deps;
  const kind = { kind: "restore", state: "planned", snapshot: undefined } as const;
  const row = { id: "r1", ...kind, options: "{}", digest: "", report: undefined, madeAt: 0 };
  index.transaction(() => journal.putRestore(row));
  index.transaction(() => journal.setFence("r1"));
  live.engine.nudge();
  expect(await live.ended()).toMatchObject({ code: "refused" });
  expect(live.count("local.list")).toBe(0);
});

test("S29: where something is to come down, the place is looked at first", async () => {
  await using live = await LiveWorld.resting(".mignore: build/\nd/a: 0");
  live.world.local.write("d/build/out", "not synced");
  live.world.contents.acted();
  await live.changed("d/build/out");
  await live.world.remote.write("d/build", "1");
  await live.news();
  const reason = "cannot come down: its place here is taken by something that is not synced";
  expect(live.engine.status().left).toEqual([{ path: "d/build", kind: "unknown", reason }]);
  const tried = live.world.index.logged(100).filter(({ path }) => path === "d/build");
  expect(tried).toEqual([]);
  live.world.local.remove("d/build");
  await live.changed("d/build");
  expect(live.activity).toEqual(["L.put d/build"]);
});

test("S2: what we change on the disk by ourselves is looked at in the same run, watched or not", async () => {
  await using live = await LiveWorld.resting("a/f: 0\nb/g: 1\nc/h: 2");
  await live.world.remote.write("a/n", "3");
  await live.world.remote.move("b/g", "c/g");
  await live.news();
  const listed = live.calls.filter((call) => call.startsWith("local.list"));
  expect([...new Set(listed)].toSorted()).toEqual(["local.list a", "local.list b", "local.list c"]);
  expect(live.marks.times).toBeUndefined();
  expect(await live.world.both()).toBe("a/f: 0\na/n: 3\nb/\nc/g: 1\nc/h: 2");
});
