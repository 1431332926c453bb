import fs from "node:fs";
import { expect, test } from "vitest";
import { compareBytes } from "../../src/core/path/rel-path.ts";
import { detailOf } from "../../src/engine/execute/intents.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { present } from "../../src/std/assert.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

/** Where the one node waits that was taken out of a ring. */
function stagedIn({ index }: World): string {
  const details = index.intents().map(detailOf);
  const staged = details.flatMap((detail) => (detail.step === "ring" ? [detail.staged] : []));
  return present(staged[0], "the staged name");
}

/** Two names of the disk change places, and the run ends after so many acts of it. */
async function cutOffInRing(acts: number): Promise<{ world: World; staged: string }> {
  const world = await World.synced("a: 1\nb: 2");
  await world.remote.move("a", "t");
  await world.remote.move("b", "a");
  await world.remote.move("t", "b");
  const killAfter = (skip: number): void =>
    world.hooks.after("local.perform", () =>
      skip === 0 ? world.hooks.kill() : killAfter(skip - 1),
    );
  killAfter(acts - 1);
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  return { world, staged: stagedIn(world) };
}

test("S49, S74: a ring of the disk that was cut off in its middle makes no copy of anything", async () => {
  const { world } = await cutOffInRing(2);
  await using _world = world;
  // One file stands at its new place, and under its old name still.
  const [now, old] = world.localText() === "a: 2" ? ["a", "b"] : ["b", "a"];
  fs.linkSync(world.local.at(now), world.local.at(old));
  await recover(world.deps);
  expect(world.localText()).toBe("a: 2\nb: 1");
  await world.sync();
  expect(await world.both()).toBe("a: 2\nb: 1");
  await world.assertAlways();
});

test("S49, S74: a ring of the disk that was cut off in its very last move makes no copy of it", async () => {
  const { world, staged } = await cutOffInRing(3);
  await using _world = world;
  // It has both names still.
  const [home = ""] = ["a", "b"].filter((name) => world.localText().includes(`${name}: `));
  const moved = world.local.read("a") === "2" ? "b" : home;
  fs.linkSync(world.local.at(moved), world.local.at(staged));
  await recover(world.deps);
  expect(world.localText()).toBe("a: 2\nb: 1");
  await world.sync();
  expect(await world.both()).toBe("a: 2\nb: 1");
  await world.assertAlways();
});

/** The last move of a ring was cut off in its middle: the file has its new name and the staged one. */
async function arrivedTwice(): Promise<{ world: World; home: string }> {
  const { world, staged } = await cutOffInRing(3);
  const home = world.local.read("a") === "2" ? "b" : "a";
  fs.linkSync(world.local.at(home), world.local.at(staged));
  return { world, home };
}

test("S49, S74: what arrived from a ring and was moved on by its user before the next sync is not copied", async () => {
  const { world, home } = await arrivedTwice();
  await using _world = world;
  world.local.move(home, "moved on");
  await world.sync(0);
  expect(world.index.intents()).toEqual([]);
  // Both sides moved it: the place that the server has for it holds (S39).
  expect(await world.both()).toBe("a: 2\nb: 1");
  await world.assertAlways();
});

test("S49, S74: of what arrived from a ring only the staged name is taken away, though its act is on record no more", async () => {
  const { world } = await arrivedTwice();
  await using _world = world;
  const { index } = world;
  index.transaction(() => {
    for (const { op, kind } of index.intents()) if (kind === "act") index.removeIntent(op);
  });
  await recover(world.deps);
  expect(index.intents()).toEqual([]);
  expect(world.localText()).toBe("a: 2\nb: 1");
  await world.sync(0);
  expect(await world.both()).toBe("a: 2\nb: 1");
  await world.assertAlways();
});

test("S49, S74: what has another name of its user's, and no way home, goes beside", async () => {
  await using world = await World.synced("d/a: 1\nd/b: 2\nd/p/c: 3");
  await world.remote.move("d/a", "d/t");
  await world.remote.move("d/b", "d/a");
  await world.remote.move("d/t", "d/b");
  world.hooks.after("local.perform", () => world.hooks.kill());
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  const taken = !fs.existsSync(world.local.at("d/a")) ? "1" : "2";
  world.local.move("d", "e");
  world.local.write("d", "a file");
  fs.linkSync(world.local.at(stagedIn(world)), world.local.at("linked"));
  await recover(world.deps);
  expect(world.index.intents()).toEqual([]);
  await world.sync(0);
  const texts = [...(await world.both()).matchAll(/: (.*)/gu)].map(([, text = ""]) => text);
  const expected = ["1", "2", "3", "a file", taken];
  expect(texts.toSorted(compareBytes)).toEqual(expected.toSorted(compareBytes));
  await world.assertAlways();
});
