import fs from "node:fs";
import { expect, test } from "vitest";
import { World } from "../support/world.ts";

const named = (tree: string): string =>
  tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC");

test("C1: a removed folder with a new file inside here is kept for it (S37, S40)", async () => {
  await using world = await World.synced("d/1: a");
  await world.remote.remove("d");
  world.local.write("d/new", "n");
  await world.sync();
  expect(await world.both()).toBe("d/new: n");
  await world.assertAlways();
});

test("C1 mirrored: a removed folder with a new file inside there is kept for it (S37, S40)", async () => {
  await using world = await World.synced("d/1: a");
  world.local.remove("d");
  await world.remote.write("d/new", "n");
  await world.sync();
  expect(await world.both()).toBe("d/new: n");
  await world.assertAlways();
});

test("C3: a removed folder with an edited file inside is kept for it (S37, S40)", async () => {
  await using world = await World.synced("d/f: 0\nd/g: g");
  await world.remote.remove("d");
  world.local.write("d/f", "1");
  await world.sync();
  expect(await world.both()).toBe("d/f: 1");
  await world.assertAlways();
});

test("C5: a file that comes into a folder while it is being removed stays (S70)", async () => {
  await using world = await World.synced("d/1: a");
  await world.remote.remove("d");
  world.hooks.before("local.perform", () => world.local.write("d/late", "z"));
  await world.sync();
  expect(await world.both()).toBe("d/late: z");
  await world.assertAlways();
});

test("C5 mirrored: a file that comes into a folder of the server meanwhile stays (S63)", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b");
  world.local.remove("d");
  world.wire.before("/move_v2", async () => void (await world.remote.write("d/sub/late", "z")));
  await world.sync();
  expect(await world.both()).toBe("d/sub/late: z");
  await world.assertAlways();
});

test("S63: a folder with something new in it is not even moved away", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b");
  world.local.remove("d");
  world.hooks.after("remote.deleteFile", () => {
    world.hooks.after("remote.deleteFile", () => world.remote.write("d/sub/late", "z"));
  });
  await world.sync();
  expect(await world.both()).toBe("d/sub/late: z");
  expect(world.wire.calls("/move_v2")).toBe(0);
  await world.assertAlways();
});

test("S63: content of a folder is deleted file by file, the empty rest at once", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b\nd/sub/deep/3: c");
  world.local.remove("d");
  await world.sync();
  expect(await world.both()).toBe("");
  expect(world.wire.calls("/delete_v2")).toBe(4);
  await world.assertAlways();
});

test("S63: a file that was edited there while its folder was removed here stays (S37)", async () => {
  await using world = await World.synced("d/1: a\nd/2: b");
  world.local.remove("d");
  world.wire.before("/delete_v2", async () => void (await world.remote.write("d/2", "edited")));
  await world.sync();
  expect(await world.both()).toBe("d/2: edited");
  await world.assertAlways();
});

test("S63: a file that was edited there since the last look stays, with its revision unseen", async () => {
  await using world = await World.synced("d/1: a\nd/2: b");
  world.local.remove("d");
  world.wire.before("/list_folder", async () => void (await world.remote.write("d/2", "edited")));
  await world.sync();
  expect(await world.both()).toBe("d/2: edited");
  await world.assertAlways();
});

test("C7: a folder replaced there by a file keeps what was edited in it here", async () => {
  await using world = await World.synced("x/c: 0");
  await world.remote.remove("x");
  await world.remote.write("x", "2");
  world.local.write("x/c", "1");
  await world.sync();
  expect(named(await world.both())).toBe("x: 2\nx CC/c: 1");
  await world.assertAlways();
});

test("C8: a file is replaced by a folder that takes another file in (S49)", async () => {
  await using world = await World.synced("x: 0\ny: Y");
  world.local.remove("x");
  world.local.mkdir("x/sub");
  world.local.move("y", "x/sub/y");
  await world.sync();
  expect(await world.both()).toBe("x/sub/y: Y");
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("C10: empty folders are synced, and their removal is (S37, S67)", async () => {
  await using world = await World.open();
  world.local.mkdir("a/b/c");
  await world.sync();
  expect(await world.both()).toBe("a/b/c/");
  await world.remote.remove("a/b/c");
  await world.sync();
  expect(await world.both()).toBe("a/b/");
  await world.assertAlways();
});

test("C13: a folder replaced by a symlink is unknown, not removed (S29)", async () => {
  await using world = await World.synced("d/1: a\nd/2: b\ne: 0");
  fs.renameSync(world.local.at("d"), world.local.at("../elsewhere"));
  fs.symlinkSync("../elsewhere", world.local.at("d"));
  world.local.write("e", "1");
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(report.left.map(({ path, kind }) => `${kind} ${path}`)).toContain("unknown d");
  expect(await world.remoteText()).toBe("d/1: a\nd/2: b\ne: 1");
  fs.unlinkSync(world.local.at("d"));
  fs.renameSync(world.local.at("../elsewhere"), world.local.at("d"));
  expect((await world.syncOnce()).exit).toBe(0);
  expect(await world.both()).toBe("d/1: a\nd/2: b\ne: 1");
  await world.assertAlways();
});

test("S70: what the rules leave out stays when its folder is removed there", async () => {
  await using world = await World.synced(".mignore: *.log\nd/1: a");
  world.local.write("d/x.log", "private");
  await world.sync();
  await world.remote.remove("d");
  await world.sync();
  expect(await world.remoteText()).toBe(".mignore: *.log");
  expect(world.localText()).toBe(".mignore: *.log\nd/x.log: private");
  expect([...world.local.own("trash").keys()].some((name) => name.endsWith("d/1"))).toBe(true);
  await world.assertAlways();
});
