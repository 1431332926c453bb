import { expect, test } from "vitest";
import type { Disk } from "../../src/local/disk.ts";
import { SnapError } from "../../src/std/error.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { shown as named } from "../support/scenario.ts";
import { World } from "../support/world.ts";

const lost = (): never => {
  throw new TypeError("fetch failed");
};

test("S33: a rename that the server takes back is not carried out", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.move("f", "g");
  world.hooks.before("remote.get", () => world.remote.move("g", "f"));
  const report = await world.syncOnce();
  expect(await world.both()).toBe("f: 0");
  expect(report.counts.movedLocal).toBe(0);
  await world.assertAlways();
});

test("S64, S19: a file that is moved on in the moment it comes down is that file, and no older state of it is removed", async () => {
  const race = { act: (): void => {} };
  const disk: Disk = {
    ...quickDisk,
    unlink: (path) => {
      quickDisk.unlink(path);
      race.act();
    },
  };
  await using world = await World.synced("f: 0\ng: 1", { disk });
  await world.remote.write("f", "22");
  race.act = () => {
    race.act = () => {};
    world.local.move("f", "moved on");
  };
  await world.sync(0);
  expect(await world.both()).toBe("g: 1\nmoved on: 22");
  await world.assertAlways();
});

/** What is remembered of `f` is what an older page said, and no page will ever tell of the edit again. */
async function believedOlder(): Promise<World> {
  const world = await World.synced("f: 0\nkeep: k");
  const { index } = world;
  const node = [...index.remote.all()].find(({ name }) => name === "f")?.node ?? 0;
  const [there, agreed] = [index.remote.get(node), index.synced.get(node)];
  await world.remote.write("f", "theirs");
  await world.sync();
  index.transaction(() => {
    if (there !== undefined) index.remote.put(there);
    if (agreed !== undefined) index.synced.put(agreed);
  });
  return world;
}

test("S57: what the server refuses to replace is looked at, though no listing tells of it", async () => {
  await using world = await believedOlder();
  world.local.write("f", "ours");
  await world.sync(0);
  expect(named(await world.both())).toBe("f CC: ours\nf: theirs\nkeep: k");
  await world.assertAlways();
});

test("S62: what the server refuses to remove is looked at, though no listing tells of it", async () => {
  await using world = await believedOlder();
  world.local.remove("f");
  await world.sync(0);
  expect(await world.both()).toBe("f: theirs\nkeep: k");
  await world.assertAlways();
});

test("S57, S61: what is not there any more where it was to be moved from is made again", async () => {
  await using world = await World.synced("f: 0\nkeep: k");
  const { index } = world;
  const there = [...index.remote.all()].find(({ name }) => name === "f");
  await world.remote.remove("f");
  world.local.move("f", "g");
  let cursor = index.meta("cursor");
  for await (const page of world.deps.remote.pages(cursor)) cursor = page.cursor;
  index.transaction(() => index.setMeta("cursor", cursor));
  expect(index.remote.get(there?.node ?? 0)).toEqual(there);
  await world.sync(0);
  expect(await world.both()).toBe("g: 0\nkeep: k");
  await world.assertAlways();
});

test("S33: of many removals in one folder the folder is asked once, and each is confirmed", async () => {
  const tree = Array.from({ length: 12 }, (_, file) => `d/${file}: content ${file}`).join("\n");
  await using world = await World.synced(tree);
  const inode = world.local.inode("d/3");
  for (let file = 0; file < 10; file += 1) await world.remote.takeOut(`d/${file}`);
  world.wire.before("/list_folder", () => world.remote.bringBack("d/3"));
  world.wire.forget();
  await world.sync();
  expect(await world.both()).toBe("d/10: content 10\nd/11: content 11\nd/3: content 3");
  expect(world.local.inode("d/3")).toBe(inode);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  expect(world.wire.calls("/list_folder")).toBe(1);
  await world.assertAlways();
});

test("S53: an edit here right after the look at the disk is a conflict, not a loss (S64)", async () => {
  await using world = await World.synced("f: 0\ng: 1\nd/h: 2");
  await world.remote.write("f", "theirs");
  await world.remote.remove("g");
  await world.remote.remove("d");
  world.hooks.before("local.writeMarker", () => {
    world.local.write("f", "mine");
    world.local.write("g", "kept");
    world.local.write("d/h", "kept too");
  });
  await world.sync();
  expect(named(await world.both())).toBe("d/h: kept too\nf CC: mine\nf: theirs\ng: kept");
  await world.assertAlways();
});

test("S57: an edit here right after the look at the disk is what goes up, in the same sync", async () => {
  await using world = await World.open();
  world.local.write("f", "first");
  world.hooks.before("local.writeMarker", () => world.local.write("f", "later"));
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 0, counts: { uploaded: 1 } });
  expect(await world.both()).toBe("f: later");
  expect(await world.remote.revisions("f")).toBe(1);
  await world.assertAlways();
});

test("S53: an edit here between plan and replacement is a conflict, not a loss (S64)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.write("f", "2");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(named(await world.both())).toBe("f CC: 1\nf: 2");
  await world.assertAlways();
});

test("S53: an edit here while a removal from there is under way stays (S69)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.remove("f");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  await world.assertAlways();
});

test("S53: a file that is saved here where one is about to come down is kept (S64)", async () => {
  await using world = await World.open();
  await world.remote.write("f", "2");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(named(await world.both())).toBe("f CC: 1\nf: 2");
  await world.assertAlways();
});

test("S84: without a line the sync ends with 7, and the next one goes on", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  world.local.write("g", "2");
  let isDown = true;
  const down = (): void => {
    if (!isDown) return;
    world.wire.before("", down);
    lost();
  };
  world.wire.before("", down);
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "offline", exit: 7 });
  isDown = false;
  await world.sync();
  expect(await world.both()).toBe("f: 1\ng: 2");
  await world.assertAlways();
});

test("P9: one file that cannot come down is parked, and the others come (S85, S86)", async () => {
  await using world = await World.open();
  for (const name of ["a", "b", "c"]) await world.remote.write(name, name);
  world.hooks.before("local.stage", () => {
    throw new SnapError("permission-denied", "May not be written");
  });
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 4, upToDate: false, counts: { downloaded: 2 } });
  expect(report.left).toMatchObject([{ kind: "parked", reason: "May not be written" }]);
  expect(world.index.parked()).toMatchObject([{ kind: "L.put", attempts: 1 }]);
  expect((await world.syncOnce()).exit).toBe(0);
  expect(await world.both()).toBe("a: a\nb: b\nc: c");
  expect(world.index.parked()).toEqual([]);
  await world.assertAlways();
});
