import fs from "node:fs";
import { expect, test } from "vitest";
import { quickDisk } from "../local/stopping-disk.ts";
import { manyFiles, realWorlds } from "../support/scenario.ts";
import { pathOfCall, watchedDisk, whereIs } from "../support/watched-disk.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { World } from "../support/world.ts";

test.each(realWorlds)(
  "D2: a folder that cannot be read, or is an empty one of another disk, loses nothing there (S29) [$name]",
  async ({ options }) => {
    await using world = await World.synced(`${manyFiles("m", 50)}\nx: 0`, options());
    const before = await world.both();
    world.disk = watchedDisk(quickDisk, {
      before: (call) => {
        if (call.name !== "readNames" || !whereIs(pathOfCall(call)).endsWith("/m")) return;
        throw Object.assign(new Error("EACCES"), { code: "EACCES" });
      },
    });
    world.restart();
    world.local.write("x", "1");
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    expect(report.left).toMatchObject([{ path: "m", kind: "unknown" }]);
    expect(await world.remoteText()).toBe(before.replace("x: 0", "x: 1"));
    world.disk = quickDisk;
    world.restart();
    world.wire.forget();
    await world.sync(0);
    expect(world.wire.writes()).toEqual([]);
    await world.assertAlways();
  },
);

test("S29: an empty folder of another device in place of a full one removes nothing there", async () => {
  const memory = memoryWorld();
  await using world = await World.synced(`${manyFiles("m", 50)}\nx: 0`, memory);
  const before = await world.both();
  world.local.move("m", "../m");
  memory.mount(world.local.at("m"), 77);
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(report.left).toMatchObject([{ path: "m", kind: "unknown" }]);
  expect(await world.remoteText()).toBe(before);
  memory.files.remove(world.local.at("m"));
  world.local.move("../m", "m");
  world.wire.forget();
  await world.sync(0);
  expect(world.wire.writes()).toEqual([]);
  expect(await world.both()).toBe(before);
  await world.assertAlways();
});

test("S22: an empty folder in place of the whole workspace is no workspace (S79)", async () => {
  await using world = await World.synced("a: 1\nd/b: 2");
  fs.renameSync(world.local.top, `${world.local.top}-away`);
  fs.mkdirSync(world.local.top);
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "workspace-missing", exit: 7 });
  expect(await world.remoteText()).toBe("a: 1\nd/b: 2");
  fs.rmdirSync(world.local.top);
  fs.renameSync(`${world.local.top}-away`, world.local.top);
  await world.sync(0);
  await world.assertAlways();
});
