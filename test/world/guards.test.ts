import fs from "node:fs";
import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";

test("D7: a new rule removes nothing, and its end brings only what changed (S91)", async () => {
  const logs = Array.from({ length: 20 }, (_, file) => `logs/${file}: log ${file}`).join("\n");
  await using world = await World.synced(`keep: k\n${logs}`);
  world.local.write(".mignore", "logs/\n");
  await world.sync();
  expect(world.wire.calls("/delete_v2")).toBe(0);
  expect([...(await world.remote.tree()).keys()]).toContain("logs/7");
  expect([...world.local.tree().keys()]).toContain("logs/7");
  world.local.write("logs/1", "x");
  world.wire.forget();
  await world.sync();
  expect(world.wire.writes()).toEqual([]);
  world.local.write(".mignore", "");
  world.wire.forget();
  await world.sync();
  expect(world.wire.calls("/delete_v2")).toBe(0);
  const both = await world.both();
  expect(both).toContain("logs/7: log 7");
  await world.assertAlways();
});

test("S90: rules that come from the server apply before anything else comes down or goes up", async () => {
  await using world = await World.synced("a: 1");
  await world.remote.write(".mignore", "*.secret\n");
  world.local.write("my.secret", "s");
  await world.remote.write("their.secret", "t");
  await world.sync();
  expect([...(await world.remote.tree()).keys()]).not.toContain("my.secret");
  expect([...world.local.tree().keys()]).not.toContain("their.secret");
  await world.assertAlways();
});

test("D12: another account is refused before anything is written (S35, S79)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  world.logInAsAnother();
  world.wire.forget();
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "account-changed", exit: 7 });
  expect(world.wire.writes()).toEqual([]);
  expect(world.localText()).toBe("f: 1");
});

test("D13: a linked folder that is gone leaves the disk untouched (S35, S79)", async () => {
  await using world = await World.synced("f: 0\nd/g: 1");
  const before = world.local.picture();
  await world.remote.remove("");
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "remote-missing", exit: 7 });
  expect(world.local.picture()).toBe(before);
});

test("S22: a workspace without its root marker is not synced (S79)", async () => {
  await using world = await World.synced("f: 0");
  fs.renameSync(world.local.at(".snap/root.json"), world.local.at(".snap/root.away"));
  world.local.remove("f");
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "workspace-missing", exit: 7 });
  expect(await world.remoteText()).toBe("f: 0");
});

test("S118: a workspace that was put back from outside is held", async () => {
  await using world = await World.synced("f: 0");
  const marker = fs.readFileSync(world.local.at(".snap/root.json"));
  world.local.write("f", "1");
  await world.sync();
  world.local.write("f", "0");
  fs.writeFileSync(world.local.at(".snap/root.json"), marker);
  world.restart();
  world.wire.forget();
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  expect(world.wire.writes()).toEqual([]);
  expect(await world.remoteText()).toBe("f: 1");
});

test("S79: when the rules change, removals wait for a cycle, and are done in the same sync", async () => {
  await using world = await World.synced("a: 1\nb: 2\nlogs/x: 3");
  world.local.write(".mignore", "logs/\n");
  await world.remote.remove("a");
  world.local.remove("b");
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 0, counts: { removedLocal: 1, removedRemote: 1 } });
  expect(await world.both()).toBe(".mignore: logs/\n\nlogs/x: 3");
  await world.assertAlways();
});

test("S90: while new rules cannot come down, nothing else moves", async () => {
  await using world = await World.synced("a: 1");
  await world.remote.write(".mignore", "*.secret\n");
  world.local.write("my.secret", "s");
  world.hooks.before("local.stage", () => {
    throw new SnapError("permission-denied", "May not be written");
  });
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(await world.remoteText()).not.toContain("my.secret");
});
