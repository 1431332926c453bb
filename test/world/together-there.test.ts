import { expect, test } from "vitest";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";
import { fill, writes } from "./many-files.ts";

test("S58, S61: many files that go to another folder go with one call", async () => {
  await using world = await World.open();
  fill(world, 2, 40);
  await world.sync();
  for (let file = 0; file < 30; file += 1)
    world.local.move(`top/d0/${file}`, `top/d1/from-${file}`);
  world.wire.forget();
  await world.sync();
  expect(writes(world)).toEqual({ move_batch_v2: 1 });
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.both();
  await world.assertAlways();
});

test("S61: what takes the place of a moved file meanwhile goes back there, and both stay", async () => {
  await using world = await World.open();
  fill(world, 2, 10);
  await world.sync();
  for (let file = 0; file < 8; file += 1) world.local.move(`top/d0/${file}`, `top/d1/from-${file}`);
  world.wire.before("/move_batch_v2", async () => {
    await world.remote.move("top/d0/3", "theirs");
    await world.remote.write("top/d0/3", "another");
  });
  await world.sync();
  const both = await world.both();
  expect(both).toContain("top/d0/3: another");
  expect(both).toContain("content 0 3");
  await world.assertAlways();
});

test("S61: a folder with more in it than the server moves at once is moved in pieces", async () => {
  await using world = await World.open({ limits: { operationNodesMax: 50 } });
  for (let file = 0; file < 45; file += 1) world.local.write(`big/${file}`, `content ${file}`);
  for (let file = 0; file < 20; file += 1) world.local.write(`big/sub/${file}`, `other ${file}`);
  await world.sync();
  const ids = [await world.remote.id("big/7"), await world.remote.id("big/sub")];
  world.local.move("big", "moved");
  world.wire.forget();
  await world.sync(0);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  expect((await world.both()).split("\n").every((line) => line.startsWith("moved/"))).toBe(true);
  expect([await world.remote.id("moved/7"), await world.remote.id("moved/sub")]).toEqual(ids);
  await world.assertAlways();
});

test("S61: killed before or after each call of such a move, it ends where it was to end", async () => {
  for (const when of ["before", "after"] as const) {
    for (const method of [
      "remote.makeFolder",
      "remote.relocate",
      "remote.move",
      "remote.deleteFolder",
    ]) {
      await using world = await World.open({ limits: { operationNodesMax: 12 } });
      for (let file = 0; file < 10; file += 1) world.local.write(`big/${file}`, `content ${file}`);
      for (let file = 0; file < 5; file += 1) world.local.write(`big/sub/${file}`, `other ${file}`);
      await world.sync();
      world.local.move("big", "moved");
      world.hooks[when](method, () => world.hooks.kill());
      await world.syncOnce().catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      world.restart();
      await world.sync(0);
      const lines = (await world.both()).split("\n");
      expect(lines).toHaveLength(15);
      expect(lines.every((line) => line.startsWith("moved/"))).toBe(true);
      await world.assertAlways();
    }
  }
});

const mebibyte = 1024 * 1024;

test("S58: content that is there already is copied there, and no byte of it goes up", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(9 * mebibyte, 1));
  world.local.write("two", Buffer.alloc(2 * mebibyte, 2));
  world.local.write("small", "small");
  await world.sync();
  world.local.write("d/one again", Buffer.alloc(9 * mebibyte, 1));
  world.local.write("d/two again", Buffer.alloc(2 * mebibyte, 2));
  world.local.write("d/two once more", Buffer.alloc(2 * mebibyte, 2));
  world.local.write("d/small again", "small");
  world.wire.forget();
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 0, counts: { uploaded: 4, bytesUp: 5 } });
  expect(world.wire.transfers()).toEqual({ uploads: 1, downloads: 0 });
  await world.both();
  await world.assertAlways();
});

test("S58: a source that was edited since it was listed is not copied, and both contents stay", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
  await world.sync();
  world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
  world.wire.before("/copy_batch_v2", async () => void (await world.remote.write("one", "edited")));
  await world.sync(0);
  expect(world.local.read("one")).toBe("edited");
  expect(world.local.read("again")).toHaveLength(2 * mebibyte);
  expect([...(await world.remote.tree()).keys()].toSorted()).toEqual(["again", "one"]);
  await world.both();
  await world.assertAlways();
});

test("S58: what another device puts at the place of a copy stays, also where it is the edited source again", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
  await world.sync();
  world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
  world.wire.before("/copy_batch_v2", async () => {
    await world.remote.write("one", "edited");
    await world.remote.write("again", "edited");
  });
  world.wire.after("/copy_batch_v2", () => {
    throw new TypeError("fetch failed");
  });
  await world.sync();
  expect(world.local.read("again")).toBe("edited");
  expect(await world.remote.revisionHashes("again")).toHaveLength(1);
  const copy = [...(await world.remote.tree()).keys()].find((name) => name.includes("conflicted"));
  expect(world.local.read(copy ?? "")).toHaveLength(2 * mebibyte);
  await world.both();
  await world.assertAlways();
});

test.each([
  ["before", "remote.relocate", 1],
  ["after", "remote.relocate", 1],
  ["before", "remote.relocate", 2],
  ["after", "remote.relocate", 2],
] as const)(
  "S58, S74: killed %s %s (call %i) of a copy whose source is edited, each content is there once",
  async (...of) => {
    const [when, method, call] = of;
    for (const edit of ["/copy_batch_v2", "/move_batch_v2"]) {
      await using world = await World.open();
      world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
      await world.sync();
      world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
      world.wire.before(edit, async () => void (await world.remote.write("one", "edited")));
      const kill = (): void => world.hooks.kill();
      if (call === 1) world.hooks[when](method, kill);
      else world.hooks.after(method, () => world.hooks[when](method, kill));
      await world.syncOnce().catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      world.restart();
      await world.remote.write("one", "edited");
      await world.sync();
      expect([...(await world.remote.tree()).keys()].toSorted()).toEqual(["again", "one"]);
      expect(world.local.read("one")).toBe("edited");
      expect(world.local.read("again")).toHaveLength(2 * mebibyte);
      expect(world.index.intents()).toEqual([]);
      await world.both();
      await world.assertAlways();
    }
  },
);

test("S58: a copy whose answer was lost is found there, and nothing is there twice", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
  await world.sync();
  world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
  world.wire.after("/copy_batch_v2", () => {
    throw new TypeError("fetch failed");
  });
  await world.sync(0);
  expect([...(await world.remote.tree()).keys()].toSorted()).toEqual(["again", "one"]);
  expect(await world.remote.revisionHashes("again")).toHaveLength(1);
  await world.both();
  await world.assertAlways();
});
