import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { realWorlds, shown as named } from "../support/scenario.ts";
import { isChange, watchedDisk } from "../support/watched-disk.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

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

/** Ends the run before or after the nth call that changes the disk; from then on no call is done. */
function killAtChange(world: World, at: number, when: "before" | "after"): { changes: number } {
  const counter = { changes: 0 };
  let isDead = false;
  const die = (): never => {
    isDead = true;
    return world.hooks.kill();
  };
  world.disk = watchedDisk(quickDisk, {
    before: (call) => {
      if (isDead) die();
      if (isChange(call)) counter.changes += 1;
      if (isChange(call) && when === "before" && counter.changes === at) die();
    },
    after: (call) => {
      if (isChange(call) && when === "after" && counter.changes === at) die();
    },
  });
  world.restart();
  return counter;
}

test.each(["before", "after"] as const)(
  "F1: killed %s each change of the disk while a file is replaced, it is old or new, never a part (S64, S74)",
  async (when) => {
    await using world = await World.synced("f: revision 0");
    let isOver = false;
    for (let at = 1; !isOver; at += 1) {
      expect(at).toBeLessThan(200);
      await world.remote.write("f", `revision ${at}`);
      const counter = killAtChange(world, at, when);
      const whole = [`f: revision ${at - 1}`, `f: revision ${at}`, ""];
      const end = await world.syncOnce().catch((error: unknown) => error);
      if (counter.changes < at) expect(end).toMatchObject({ exit: 0 });
      expect(whole, `killed at change ${at}`).toContain(world.localText());
      isOver = counter.changes < at;
      world.disk = quickDisk;
      world.restart();
      await world.sync(0);
      expect(await world.both()).toBe(`f: revision ${at}`);
      expect([...world.local.own("staging").keys()]).toEqual([]);
      if (isOver) expect(at).toBeGreaterThan(10);
    }
    await world.assertAlways();
  },
);

test.each(realWorlds)(
  "F3: killed twenty times at random while 100 files go up, each goes up once (S54, S76) [$name]",
  async ({ options }) => {
    await using world = await World.open(options());
    for (let file = 0; file < 100; file += 1) world.local.write(`${file}`, `content ${file}`);
    const chance = seededRng(3);
    world.wire.forget();
    const routes = ["/start_batch", "/append_batch", "/finish_batch_v2"];
    let lostBodies = 0;
    for (let kill = 0; kill < 20; kill += 1) {
      const method = (chance.bytes(1)[0] ?? 0) % 2 === 0 ? "before" : "after";
      const route = routes[(chance.bytes(1)[0] ?? 0) % routes.length] ?? "";
      const stop = new AbortController();
      let isMet = false;
      world.wire[method](route, () => {
        isMet = true;
        stop.abort();
        world.hooks.kill();
      });
      const end = await world.syncOnce(stop.signal).catch((error: unknown) => error);
      if (isMet) expect(end).toBeInstanceOf(Error);
      if (isMet && route === "/append_batch") lostBodies += 1;
      world.restart();
      world.wire.disarm();
    }
    await world.sync(0);
    const both = await world.both();
    expect(both.split("\n")).toHaveLength(100);
    expect(both).not.toContain("conflicted");
    expect(world.wire.transfers().uploads).toBe(100 * (1 + lostBodies));
    await world.assertAlways();
  },
);

test.each(realWorlds)(
  "F12: an index that is cut in half is put aside, and nothing is removed or doubled (S77) [$name]",
  async ({ options }) => {
    const tree = Array.from({ length: 40 }, (_, file) => `d${file % 3}/${file}: ${file}`).join(
      "\n",
    );
    await using world = await World.synced(tree, options());
    const before = await world.both();
    world.whileStopped(() => {
      const { size } = fs.statSync(world.indexFile);
      fs.truncateSync(world.indexFile, Math.floor(size / 2));
    });
    await world.remote.remove("d0/0");
    world.wire.forget();
    await world.sync(0);
    expect(world.wire.calls("/delete_v2") + world.wire.calls("/delete_batch")).toBe(0);
    expect(await world.both()).toBe(before);
    expect(before).not.toContain("conflicted");
    expect(fs.readdirSync(path.dirname(world.indexFile)).join("\n")).toContain("damaged");
    await world.assertAlways();
  },
);

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
      "a: 2\nb: 1\nboth CC: mine\nboth: theirs\ne/f: 4\ne/g: 5\nnew/deep/file: new\ntheirs/file: other",
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
  const files = Array.from({ length: 30 }, (_, file) => `${file}`);
  await using world = await World.synced(files.map((file) => `${file}: ${file}`).join("\n"));
  for (const file of files) world.local.move(file, `moved ${file}`);
  world.wire.forget();
  const stop = new AbortController();
  world.hooks.after("remote.move", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({
    code: "interrupted",
    exit: 130,
  });
  expect(world.wire.calls("/move_v2")).toBe(1);
  await world.sync();
  expect((await world.both()).split("\n")).toHaveLength(30);
  expect(world.wire.calls("/move_v2")).toBe(30);
  await world.assertAlways();
});

test("S75: an aside that was not committed does not become a second copy (S72)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  await world.remote.write("f", "2");
  await killed(world, { when: "after", method: "local.perform" });
  await world.sync();
  expect(named(await world.both())).toBe("f CC: 1\nf: 2");
  await world.assertAlways();
});
