import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";

test("P10: a folder that was removed on the server and holds ignored content is not logged as gone", async () => {
  await using world = await World.synced("d/f: 1\nd/e/g: 2\nd/e/h/i: 3\nx: 4");
  world.local.write(".mignore", "skip*\n");
  world.local.write("d/e/skip", "mine");
  await world.sync(0);
  await world.remote.remove("d");
  world.isExplained = true;
  await world.syncOnce();
  expect([...world.local.tree().keys()].toSorted()).toEqual([
    ".mignore",
    "d",
    "d/e",
    "d/e/skip",
    "x",
  ]);
  const lines = world.index.logged(20).filter(({ kind }) => kind === "L.trash");
  expect(lines.map(({ path, outcome }) => `${path} ${outcome}`).toSorted()).toEqual([
    "d stays: what is in it is not synced",
    "d/e/g done",
    "d/e/h/i done",
    "d/f done",
  ]);
});

test.each(["local", "remote"] as const)(
  "P10: what a ring of renames could not bring to its place goes back, and the log says so, on the %s side",
  async (side) => {
    await using world = await World.synced("a: 1\nb: 2");
    if (side === "local") {
      await world.remote.move("a", "m");
      await world.remote.move("b", "a");
      await world.remote.move("m", "b");
    } else {
      world.local.move("a", "m");
      world.local.move("b", "a");
      world.local.move("m", "b");
    }
    const method = side === "local" ? "local.perform" : "remote.move";
    world.hooks.before(method, () => {
      world.hooks.before(method, () => {
        throw new SnapError("permission-denied", "not now");
      });
    });
    world.isExplained = true;
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    const homes = world.index
      .logged(50)
      .filter(({ before }) => before.includes(side === "local" ? ".snap/trash" : ".snap-tmp-"));
    expect(homes.map(({ outcome }) => outcome)).toContain("done");
    world.restart();
    await world.sync(0);
    expect(await world.both()).toBe("a: 2\nb: 1");
    await world.assertAlways();
  },
);

test("P10: an act that was cut off after it was done has its line when the next run finishes it", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await world.remote.move("a", "c");
  world.hooks.after("local.perform", world.hooks.kill);
  await expect(world.syncOnce()).rejects.toThrow("killed");
  world.restart();
  await world.sync(0);
  const moves = world.index.logged(20).filter(({ kind }) => kind === "L.move");
  expect(moves.map(({ path, outcome }) => `${path} ${outcome}`)).toEqual(["c done"]);
});

test("S49, S74: what waits in the trash for its place in a ring waits until its folder may be written to", async () => {
  await using world = await World.synced("d/a: 1\nd/b: 2");
  await world.remote.move("d/a", "m");
  await world.remote.move("d/b", "d/a");
  await world.remote.move("m", "d/b");
  const refuse = (): void =>
    world.hooks.before("local.perform", () => {
      refuse();
      throw new SnapError("permission-denied", "not now");
    });
  world.hooks.before("local.perform", refuse);
  await world.syncOnce();
  expect(world.index.intents().map(({ kind }) => kind)).toEqual(["ring"]);
  world.restart();
  world.clock.advance(40 * 24 * 3_600_000);
  await world.sync(0);
  expect(await world.both()).toBe("d/a: 2\nd/b: 1");
  await world.assertAlways();
});
