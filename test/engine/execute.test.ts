import { expect, test } from "vitest";
import { transfersMax } from "../../src/core/settings/values.ts";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";

const many = (count: number): string =>
  Array.from({ length: count }, (_, file) => `${file}: content ${file}`).join("\n");

test("S107: no more transfers run at once than the bound", async () => {
  await using world = await World.open();
  for (let file = 0; file < 40; file += 1) await world.remote.write(`${file}`, `content ${file}`);
  let running = 0;
  let most = 0;
  const watch = (): void => {
    world.hooks.before("local.stage", () => {
      watch();
      running += 1;
      most = Math.max(most, running);
    });
    world.hooks.after("local.stage", () => void (running -= 1));
  };
  watch();
  await world.syncOnce();
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(transfersMax);
});

test("S84: transient errors in a row end the sync, and nothing is lost", async () => {
  await using world = await World.open();
  for (let file = 0; file < 40; file += 1) world.local.write(`${file}`, `content ${file}`);
  const fail = (): void =>
    world.hooks.before("remote.uploadEach", () => {
      fail();
      throw new SnapError("server-error", "The server is in trouble");
    });
  fail();
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "server-error", exit: 7 });
  expect(await world.remoteText()).toBe("");
  world.restart();
  await world.sync();
  expect((await world.both()).split("\n")).toHaveLength(40);
  await world.assertAlways();
});

test("S83: a systemic error ends the sync at once", async () => {
  await using world = await World.open();
  for (let file = 0; file < 40; file += 1) await world.remote.write(`${file}`, `content ${file}`);
  world.hooks.before("local.stage", () => {
    throw new SnapError("disk-full", "The disk is full");
  });
  world.wire.forget();
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "disk-full", exit: 7 });
  expect(world.wire.transfers().downloads).toBeLessThanOrEqual(transfersMax);
  await world.sync();
  expect((await world.both()).split("\n")).toHaveLength(40);
  await world.assertAlways();
});

test("S50: what depends on an op that failed is not run, and the next sync does both", async () => {
  await using world = await World.open();
  await world.remote.write("d/e/f", "1");
  await world.remote.write("g", "2");
  world.hooks.before("local.makeFolder", () => {
    throw new SnapError("permission-denied", "May not be accessed");
  });
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(world.localText()).toBe("g: 2");
  await world.sync();
  expect(await world.both()).toBe("d/e/f: 1\ng: 2");
  await world.assertAlways();
});

test("S50: a folder is not removed while something could not be moved out of it", async () => {
  await using world = await World.synced("d/f: 1\nd/g: 2");
  await world.remote.move("d/f", "f");
  await world.remote.remove("d");
  world.hooks.before("local.perform", () => {
    throw new SnapError("permission-denied", "May not be accessed");
  });
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(world.localText()).toContain("d/f: 1");
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  await world.assertAlways();
});

test("S79: a download that would fill the disk waits, and no removal follows from it", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.write("f", "1");
  world.hooks.instead("local.freeBytes", () => 1024n);
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(report.left).toMatchObject([{ path: "f", kind: "parked" }]);
  expect(world.localText()).toBe("f: 0");
  expect(await world.remoteText()).toBe("f: 1");
  expect((await world.syncOnce()).exit).toBe(0);
  expect(await world.both()).toBe("f: 1");
});

test("S54, P10: each op that ran is in the op log, with what it met and left", async () => {
  await using world = await World.synced("f: 0\ng: 1");
  world.local.write("f", "new");
  await world.remote.remove("g");
  await world.syncOnce();
  const lines = world.index.logged(10).map(({ kind, path, outcome }) => [kind, path, outcome]);
  expect(lines).toContainEqual(["R.put", "f", "done"]);
  expect(lines).toContainEqual(["L.trash", "g", "done"]);
});

test("S57: a file that changes while it is sent is sent again when it holds still", async () => {
  await using world = await World.open();
  world.local.write("f", "first");
  world.hooks.before("remote.upload", () => world.local.write("f", "second"));
  await world.sync();
  expect(await world.both()).toBe("f: second");
  expect(await world.remote.revisions("f")).toBe(1);
  await world.assertAlways();
});

test("S64: what is replaced keeps its mode, and rests in the trash", async () => {
  await using world = await World.synced(many(2));
  const { chmodSync, statSync } = await import("node:fs");
  chmodSync(world.local.at("1"), 0o750);
  await world.remote.write("1", "new");
  await world.sync();
  expect(statSync(world.local.at("1")).mode & 0o777).toBe(0o750);
  expect([...world.local.own("trash").keys()].some((name) => name.endsWith("/1"))).toBe(true);
});
