import { expect, test } from "vitest";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

const named = (tree: string): string =>
  tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC");

/** A `SIGKILL` before or after the nth call of a method, then a new process. */
async function killed(
  world: World,
  at: { when: "before" | "after"; method: string; skip?: number },
): Promise<void> {
  const arm = (skip: number): void =>
    world.hooks[at.when](at.method, () => (skip === 0 ? world.hooks.kill() : arm(skip - 1)));
  arm(at.skip ?? 0);
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
}

test("F4: what was placed but not committed is not fetched again (S74, S76)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.write("f", "2");
  await world.remote.write("g", "3");
  await killed(world, { when: "after", method: "local.perform", skip: 1 });
  world.wire.forget();
  await world.sync();
  expect(await world.both()).toBe("f: 2\ng: 3");
  expect(world.wire.transfers().downloads).toBe(0);
  await world.assertAlways();
});

const points = [
  { when: "before", method: "local.stage" },
  { when: "after", method: "local.stage" },
  { when: "before", method: "local.perform" },
  { when: "after", method: "local.perform" },
  { when: "before", method: "remote.move" },
  { when: "after", method: "remote.move" },
  { when: "before", method: "remote.upload" },
  { when: "after", method: "remote.upload" },
  { when: "before", method: "remote.makeFolder" },
  { when: "after", method: "remote.makeFolder" },
  { when: "before", method: "local.makeFolder" },
  { when: "after", method: "local.makeFolder" },
  { when: "before", method: "remote.deleteFile" },
  { when: "after", method: "remote.deleteFile" },
  { when: "before", method: "remote.deleteFolder" },
  { when: "after", method: "remote.deleteFolder" },
  { when: "before", method: "local.writeMarker" },
  { when: "after", method: "local.writeMarker" },
  { when: "before", method: "remote.writeDocument" },
  { when: "after", method: "remote.writeDocument" },
] as const;

test.each(points)(
  "S74: killed $when the first $method, the next run ends in the same trees",
  async (point) => {
    await using world = await World.synced(
      "a: 1\nb: 2\nc: 3\nd/f: 4\nd/g: 5\nold/x: 6\nold/sub/y: 7\ngone/z: 8\nboth: 9",
    );
    world.local.move("a", "spare");
    world.local.move("b", "a");
    world.local.move("spare", "b");
    world.local.remove("old");
    world.local.remove("c");
    world.local.write("new/deep/file", "new");
    world.local.write("both", "mine");
    await world.remote.write("both", "theirs");
    await world.remote.move("d", "e");
    await world.remote.remove("gone");
    await world.remote.write("theirs/file", "other");
    await killed(world, point);
    await world.sync();
    expect(named(await world.both())).toBe(
      "a: 2\nb: 1\nboth: theirs\nboth CC: mine\ne/f: 4\ne/g: 5\nnew/deep/file: new\ntheirs/file: other",
    );
    await world.assertAlways();
  },
);

test.each(["before", "after"] as const)(
  "S49: killed %s any step of a rotation on the disk, the next run ends in the same tree",
  async (when) => {
    for (let skip = 0; skip < 4; skip += 1) {
      await using world = await World.synced("a: 1\nb: 2\nc/x: 3\nd/y: 4");
      await world.remote.move("a", "spare");
      await world.remote.move("b", "a");
      await world.remote.move("spare", "b");
      await world.remote.move("c", "spare");
      await world.remote.move("d", "c");
      await world.remote.move("spare", "d");
      await killed(world, { when, method: "local.perform", skip });
      await world.sync();
      expect(await world.both()).toBe("a: 2\nb: 1\nc/y: 4\nd/x: 3");
      await world.assertAlways();
    }
  },
);

test.each(["before", "after"] as const)(
  "S49, S63: killed %s any move on the server, the next run ends in the same tree",
  async (when) => {
    for (let skip = 0; skip < 5; skip += 1) {
      await using world = await World.synced("a: 1\nb: 2\nd/x: 3\nd/sub/y: 4\nf.txt: 5");
      world.local.move("a", "spare");
      world.local.move("b", "a");
      world.local.move("spare", "b");
      world.local.move("f.txt", "F.txt");
      world.local.remove("d");
      await killed(world, { when, method: "remote.move", skip });
      await world.sync();
      expect(await world.both()).toBe("F.txt: 5\na: 2\nb: 1");
      await world.assertAlways();
    }
  },
);

test("S1: a signal ends the sync between two ops, and the next one goes on", async () => {
  await using world = await World.open();
  for (let file = 0; file < 30; file += 1) world.local.write(`${file}`, `content ${file}`);
  const stop = new AbortController();
  world.hooks.after("remote.upload", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({
    code: "interrupted",
    exit: 130,
  });
  const uploaded = world.wire.transfers().uploads;
  expect(uploaded).toBeLessThan(30);
  expect(uploaded).toBeGreaterThan(0);
  await world.sync();
  expect((await world.both()).split("\n")).toHaveLength(30);
  expect(world.wire.transfers().uploads).toBeLessThanOrEqual(30 + 8);
  await world.assertAlways();
});

test("S75: an aside that was not committed does not become a second copy (S72)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  await world.remote.write("f", "2");
  await killed(world, { when: "after", method: "local.perform" });
  await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  await world.assertAlways();
});

test("S57: a large upload that was interrupted goes on where the server has it", async () => {
  await using world = await World.open();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 7));
  const stop = new AbortController();
  world.wire.after("/upload_session/append_v2", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  world.restart();
  world.wire.forget();
  await world.sync();
  await world.both();
  expect(world.wire.calls("/upload_session/start")).toBe(0);
  expect(world.wire.calls("/upload_session/append_v2")).toBeLessThan(3);
  await world.assertAlways();
});

test("S57: a session of a file that changed since is not gone on with", async () => {
  await using world = await World.open();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 7));
  const stop = new AbortController();
  world.wire.after("/upload_session/append_v2", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  world.restart();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 8));
  await world.sync();
  await world.both();
  await world.assertAlways();
});
