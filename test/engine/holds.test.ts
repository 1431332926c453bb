import { expect, test } from "vitest";
import type { HoldRow } from "../../src/core/tree/index-rows.ts";
import { dryRunOf } from "../support/dry-run.ts";
import { World } from "../support/world.ts";

function many(folder: string, count: number): string {
  return Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join(
    "\n",
  );
}

function removeHere(world: World, folder: string, [from, to]: readonly [number, number]): void {
  for (let file = from; file < to; file += 1) world.local.remove(`${folder}/${file}`);
}

function confirmAll({ deps }: World): void {
  for (const row of deps.holds.holds()) deps.holds.putHold({ ...row, state: "confirmed" });
}

const holdsOf = ({ deps }: World): readonly HoldRow[] => deps.holds.holds();

test("S79: what is not removed or replaced goes on beside a hold", async () => {
  await using world = await World.synced(`${many("d", 100)}\nold: o\nx/y: m`);
  removeHere(world, "d", [0, 60]);
  world.local.write("new", "n");
  world.local.write("old", "edited");
  world.local.move("x", "z");
  await world.remote.write("theirs", "t");
  const report = await world.syncOnce();
  expect(report).toMatchObject({
    exit: 3,
    counts: { uploaded: 2, downloaded: 1, movedRemote: 1, removedRemote: 0 },
  });
  expect(await world.remoteText()).toContain("d/7: d 7");
  confirmAll(world);
  await world.sync();
  expect(await world.both()).not.toContain("d/7:");
  await world.assertAlways();
});

test("S80: a set that grew after it was confirmed is another set: held again, the old digest is gone", async () => {
  await using world = await World.synced(many("d", 200));
  removeHere(world, "d", [0, 100]);
  await world.syncOnce();
  const [first] = holdsOf(world);
  confirmAll(world);
  removeHere(world, "d", [100, 101]);
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, counts: { removedRemote: 0 } });
  expect(holdsOf(world)).toMatchObject([{ state: "open", madeAt: first?.madeAt }]);
  expect(holdsOf(world)[0]?.digest).not.toBe(first?.digest);
  expect(holdsOf(world)[0]?.items).toHaveLength(101);
});

test("S80: what a crash left of a confirmed set passes without being asked again", async () => {
  await using world = await World.synced(many("d", 200));
  removeHere(world, "d", [0, 150]);
  await world.syncOnce();
  confirmAll(world);
  const some = Array.from({ length: 20 }, (_, file) => `d/${file}`);
  world.hooks.before("remote.deleteEach", async () => {
    // The server had done a part of it when the process ended.
    for (const path of some) await world.remote.remove(path);
    world.hooks.kill();
  });
  await expect(world.syncOnce()).rejects.toThrow("killed");
  world.restart();
  expect(holdsOf(world)).toMatchObject([{ state: "confirmed" }]);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 130 } });
  expect(holdsOf(world)).toEqual([]);
  await world.assertAlways();
});

test("S80: a confirmation is for once: the same files removed again are held again", async () => {
  await using world = await World.synced(many("d", 200));
  removeHere(world, "d", [0, 150]);
  await world.syncOnce();
  const [first] = holdsOf(world);
  confirmAll(world);
  await world.sync();
  for (let file = 0; file < 150; file += 1) world.local.write(`d/${file}`, `d ${file}`);
  await world.sync();
  removeHere(world, "d", [0, 150]);
  expect((await world.syncOnce()).exit).toBe(3);
  expect(holdsOf(world)).toMatchObject([{ digest: first?.digest, state: "open" }]);
});

test("S82: a hold is gone when nothing of it is planned any more", async () => {
  await using world = await World.synced(many("d", 100));
  removeHere(world, "d", [0, 60]);
  expect((await world.syncOnce()).exit).toBe(3);
  for (let file = 0; file < 60; file += 1) world.local.write(`d/${file}`, `d ${file}`);
  expect((await world.syncOnce()).exit).toBe(0);
  expect(holdsOf(world)).toEqual([]);
  await world.assertAlways();
});

test("S82: what is left of a hold stays held, also where it is no mass any more", async () => {
  await using world = await World.synced(`${many("d", 100)}\nother: o`);
  removeHere(world, "d", [0, 60]);
  await world.syncOnce();
  for (let file = 5; file < 60; file += 1) world.local.write(`d/${file}`, `d ${file}`);
  world.local.remove("other");
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, counts: { removedRemote: 1 } });
  expect(holdsOf(world)[0]?.items.map(({ path }) => path)).toEqual([
    "d/0",
    "d/1",
    "d/2",
    "d/3",
    "d/4",
  ]);
  confirmAll(world);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 5 } });
});

test("S79: a rule that changes meanwhile does not end a confirmation", async () => {
  await using world = await World.synced(many("d", 100));
  removeHere(world, "d", [0, 60]);
  await world.syncOnce();
  confirmAll(world);
  world.local.write(".mignore", "*.bak\n");
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 60 } });
});

test("S50: nothing takes the place of a file whose removal is held, and nothing is lost there", async () => {
  await using world = await World.synced(`${many("d", 80)}\na: A`);
  removeHere(world, "d", [0, 80]);
  world.local.remove("d");
  world.local.write("d", "a file now");
  world.local.remove("a");
  world.local.write("a/in", "a folder now");
  world.wire.forget();
  const report = await world.syncOnce();
  expect(report.exit).toBe(3);
  expect(report.left.filter(({ kind }) => kind !== "hold")).toEqual([]);
  expect(world.wire.writes()).toEqual([]);
  expect(await world.remoteText()).toContain("d/7: d 7");
  confirmAll(world);
  await world.sync();
  expect(await world.both()).toBe("a/in: a folder now\nd: a file now");
  await world.assertAlways();
});

test("S79: a side of ten that would be emptied is held, one of nine is not", async () => {
  await using ten = await World.synced(many("d", 9));
  ten.local.remove("d");
  expect((await ten.syncOnce()).exit).toBe(3);
  expect(holdsOf(ten)[0]?.items).toHaveLength(10);
  await using nine = await World.synced(many("d", 8));
  nine.local.remove("d");
  expect((await nine.syncOnce()).exit).toBe(0);
});

test("S79: files that become what they were before are held as a rollback", async () => {
  await using world = await World.synced(`${many("d", 30)}\n${many("e", 30)}`);
  for (let file = 0; file < 25; file += 1) world.local.write(`d/${file}`, `newer ${file}`);
  await world.sync();
  for (let file = 0; file < 25; file += 1) world.local.write(`d/${file}`, `d ${file}`);
  world.local.write("e/1", "an edit");
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, counts: { uploaded: 1 } });
  expect(report.left).toMatchObject([
    { path: "d", reason: "would put 25 files in Dropbox back to an earlier state" },
  ]);
  expect(holdsOf(world)).toMatchObject([{ kind: "mass-rollback" }]);
  confirmAll(world);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { uploaded: 25 } });
  await world.assertAlways();
});

test("S79: more than a hundred conflicts are held, with nothing lost on either side", async () => {
  await using world = await World.synced(many("d", 101));
  for (let file = 0; file < 101; file += 1) {
    world.local.write(`d/${file}`, `mine ${file}`);
    await world.remote.write(`d/${file}`, `theirs ${file}`);
  }
  const before = world.local.picture();
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, conflicts: [] });
  expect(world.local.picture()).toBe(before);
  expect(await world.remoteText()).toContain("d/7: theirs 7");
  confirmAll(world);
  await world.sync();
  expect(await world.both()).toMatch(/d\/7 \(conflicted copy box \S+\): mine 7\n/);
  await world.assertAlways();
});

test("S52: a dry run tells what would be held, and writes no hold", async () => {
  await using world = await World.synced(many("d", 100));
  removeHere(world, "d", [0, 60]);
  const { ops, left } = await dryRunOf(world.engine);
  expect(ops).toEqual([]);
  expect(left).toMatchObject([{ kind: "hold", digest: expect.stringMatching(/^[0-9a-f]{12}$/) }]);
  expect(holdsOf(world)).toEqual([]);
});

test("S79: two guards that hold in one folder are both told", async () => {
  await using world = await World.synced(`${many("d", 60)}\n${many("e", 60)}`);
  world.local.remove("d");
  await world.remote.remove("e");
  const { left } = await world.engine.dryRun();
  expect(left).toMatchObject([
    { path: "e", reason: expect.stringContaining("to the trash here") },
    { path: "d", reason: expect.stringContaining("in Dropbox") },
  ]);
  expect((await world.syncOnce()).left).toHaveLength(2);
});
