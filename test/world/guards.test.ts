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
  const told = (): readonly unknown[] => [
    world.index.meta("last_synced_at"),
    world.index.meta("beacon"),
  ];
  const before = told();
  world.clock.advance(60_000);
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(await world.remoteText()).not.toContain("my.secret");
  expect(told(), "that is no sync").toEqual(before);
  await world.sync();
  expect(told()).not.toContain(before[0]);
  expect(told()).not.toContain(before[1]);
});

test("S90, S116: what was changed before everything waits for rules is told by the beacon", async () => {
  await using world = await World.synced("a: 1");
  world.local.write("b", "2");
  const before = world.index.meta("beacon");
  world.hooks.after("remote.upload", async () => {
    await world.remote.write(".mignore", "*.secret\n");
    world.hooks.before("local.stage", () => {
      throw new SnapError("permission-denied", "May not be written");
    });
  });
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 4, counts: { uploaded: 1 } });
  expect(report.left.map(({ reason }) => reason).join()).toContain("nothing else");
  expect(world.index.meta("beacon")).not.toBe(before);
});

/** `count` files in a folder, as text of a tree. */
function many(folder: string, count: number): string {
  return Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join(
    "\n",
  );
}

/** What `snap confirm` does, for everything that is held. */
function confirmAll({ deps }: World): void {
  for (const row of deps.holds.holds()) deps.holds.putHold({ ...row, state: "confirmed" });
}

test("D4: 150 of 200 files removed there stay here until they are confirmed (S79, S80)", async () => {
  await using world = await World.synced(many("d", 200));
  for (let file = 0; file < 150; file += 1) await world.remote.remove(`d/${file}`);
  const before = world.local.picture();
  const report = await world.syncOnce();
  const [hold] = world.deps.holds.holds();
  expect(report).toMatchObject({ exit: 3, upToDate: false, counts: { removedLocal: 0 } });
  expect(report.left).toEqual([
    {
      path: "d",
      kind: "hold",
      reason: "would move 150 items to the trash here (75 % of all)",
      hint: expect.stringContaining(`snap confirm ${hold?.digest}`),
      digest: hold?.digest,
    },
  ]);
  expect(hold).toMatchObject({ kind: "mass-delete", state: "open" });
  expect(hold?.items).toHaveLength(150);
  expect(world.local.picture()).toBe(before);
  world.restart();
  expect((await world.syncOnce()).exit).toBe(3);
  expect(world.deps.holds.holds()).toEqual([hold]);
  confirmAll(world);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedLocal: 150 } });
  expect(world.deps.holds.holds()).toEqual([]);
  const trash = [...world.local.own("trash").values()].filter((hash) => hash !== "");
  expect(trash).toHaveLength(150);
  await world.assertAlways();
});

test("D5: a folder with nine of ten files that is renamed here is no mass delete (S79)", async () => {
  const small = Array.from({ length: 9 }, (_, folder) => `s${folder}/f: ${folder}`).join("\n");
  await using world = await World.synced(`${small}\n${many("big", 81)}`);
  world.local.move("big", "big2");
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 0, counts: { movedRemote: 1, removedRemote: 0 } });
  expect(world.deps.holds.holds()).toEqual([]);
  await world.assertAlways();
});

test("X30: of 500 files that are rewritten at once none goes up before snap confirm (S79)", async () => {
  await using world = await World.synced(`${many("a", 250)}\n${many("b", 250)}\nkeep: k`);
  for (const folder of ["a", "b"]) {
    for (let file = 0; file < 250; file += 1)
      world.local.write(`${folder}/${file}`, `locked ${folder}${file}`);
  }
  world.local.write("RANSOM.txt", "pay");
  world.wire.forget();
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, counts: { uploaded: 1 } });
  expect(report.left).toMatchObject([
    { path: "/", kind: "hold", reason: "would replace 500 files in Dropbox" },
  ]);
  expect(await world.remoteText()).toContain("a/7: a 7");
  world.wire.forget();
  expect((await world.syncOnce()).exit).toBe(3);
  expect(world.wire.writes()).toEqual([]);
  confirmAll(world);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { uploaded: 500 } });
  expect(await world.both()).toContain("a/7: locked a7");
  await world.assertAlways();
});
