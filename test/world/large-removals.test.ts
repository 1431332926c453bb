/** Removed folders with more in them than the server moves at once (S63). */
import { expect, test } from "vitest";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

const limits = { operationNodesMax: 10 };

/** A folder with 24 folders in it, three in each other, and a few files; enough beside it that nobody is asked. */
async function withLargeFolder(): Promise<World> {
  const world = await World.open({ limits });
  for (let file = 0; file < 20; file += 1) world.local.write(`keep/${file}`, "k");
  for (let folder = 0; folder < 8; folder += 1) {
    world.local.write(`big/${folder}/sub/deep/f`, `content ${folder}`);
  }
  await world.sync();
  world.local.remove("big");
  world.wire.forget();
  return world;
}

/** What both sides hold besides. */
async function left(world: World): Promise<readonly string[]> {
  const lines = (await world.both()).split("\n");
  return lines.filter((line) => !line.startsWith("keep/"));
}

test("S63: a folder with more folders in it than the server moves at once goes in pieces", async () => {
  await using world = await withLargeFolder();
  await world.sync(0);
  expect(await left(world)).toEqual([]);
  await world.assertAlways();
});

test("S63: what comes into such a folder meanwhile goes back to its place", async () => {
  await using world = await withLargeFolder();
  world.wire.before("/move_batch_v2", async () => {
    await world.remote.write("big/0/sub/late", "z");
    await world.remote.write("big/7/late", "y");
  });
  await world.sync();
  expect(await left(world)).toEqual(["big/0/sub/late: z", "big/7/late: y"]);
  await world.assertAlways();
});

test.each(["before", "after"] as const)(
  "S63: killed %s each call of such a removal, it is gone in the end",
  async (when) => {
    for (const method of [
      "remote.makeFolder",
      "remote.relocate",
      "remote.move",
      "remote.deleteFolder",
    ]) {
      await using world = await withLargeFolder();
      world.hooks[when](method, () => world.hooks.kill());
      await world.syncOnce().catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      world.restart();
      await world.sync(0);
      expect(await left(world)).toEqual([]);
      await world.assertAlways();
    }
  },
);
