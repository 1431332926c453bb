import { expect, test } from "vitest";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

/** Routes of the calls that wrote, with how often each was called. */
function writes(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { route } of world.wire.writes()) {
    const name = route.replace("/2/files/", "");
    if (name.includes("/check")) continue;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function fill(world: World, folders: number, files: number): void {
  for (let folder = 0; folder < folders; folder += 1) {
    for (let file = 0; file < files; file += 1) {
      world.local.write(`top/d${folder}/${file}`, `content ${folder} ${file}`);
    }
  }
}

test("S58: many small files and their folders go up with a handful of calls", async () => {
  await using world = await World.open();
  fill(world, 20, 30);
  expect(await world.syncOnce()).toMatchObject({
    exit: 0,
    counts: { uploaded: 600, foldersRemote: 21 },
  });
  expect(writes(world)).toEqual({
    create_folder_v2: 1,
    create_folder_batch: 1,
    "upload_session/start_batch": 1,
    "upload_session/append_batch": 1,
    "upload_session/finish_batch_v2": 1,
  });
  await world.sync();
  await world.both();
  await world.assertAlways();
});

test("S58: many edited files go up with three calls, each over its revision alone", async () => {
  await using world = await World.open();
  fill(world, 4, 30);
  await world.sync();
  for (let file = 0; file < 30; file += 1) world.local.write(`top/d1/${file}`, `edited ${file}`);
  world.wire.forget();
  world.wire.before(
    "/finish_batch_v2",
    async () => void (await world.remote.write("top/d1/7", "theirs")),
  );
  await world.sync();
  expect(writes(world)["upload_session/finish_batch_v2"]).toBe(1);
  const both = await world.both();
  expect(both).toContain("top/d1/7: theirs");
  expect(both).toMatch(/top\/d1\/7 \(.*conflicted.*\): edited 7/u);
  expect(both).toContain("top/d1/8: edited 8");
  await world.assertAlways();
});

test("S25, S58: what is saved while it is sent is left out, and goes up as it is then", async () => {
  await using world = await World.open();
  fill(world, 1, 10);
  world.wire.after("/append_batch", () => world.local.write("top/d0/3", "saved meanwhile"));
  await world.sync();
  expect(await world.both()).toContain("top/d0/3: saved meanwhile");
  expect(await world.remote.revisionHashes("top/d0/3")).toHaveLength(1);
  await world.assertAlways();
});

test("S58: files of some size go together, too, and a larger one by itself", async () => {
  await using world = await World.open();
  const sizes = [0, 1, 300_000, 300_001, 2_000_000, 5_000_000];
  for (const size of sizes) world.local.write(`f${size}`, Buffer.alloc(size, size % 251));
  world.local.write("large", Buffer.alloc(9 * 1024 * 1024, 1));
  await world.sync(0);
  expect(world.wire.calls("/append_batch")).toBe(1);
  expect(world.wire.calls("/upload_session/append_v2")).toBeGreaterThan(0);
  await world.both();
  await world.assertAlways();
});

test("S58, S62: many removals go together, and an edit there stays", async () => {
  await using world = await World.open();
  fill(world, 3, 40);
  await world.sync();
  for (let file = 0; file < 30; file += 1) world.local.remove(`top/d1/${file}`);
  world.wire.forget();
  world.wire.before(
    "/delete_batch",
    async () => void (await world.remote.write("top/d1/7", "edited")),
  );
  await world.sync();
  expect(writes(world)).toEqual({ delete_batch: 1 });
  expect(await world.both()).toContain("top/d1/7: edited");
  await world.assertAlways();
});

test("S63: of a folder with many files these go with one call", async () => {
  await using world = await World.open();
  fill(world, 2, 40);
  await world.sync();
  world.local.remove("top/d1");
  world.wire.forget();
  await world.sync();
  expect(writes(world)).toEqual({ delete_batch: 1, move_v2: 1, delete_v2: 1 });
  expect((await world.both()).split("\n")).toHaveLength(40);
  await world.assertAlways();
});

test("S66: a folder with many small files comes down with one call", async () => {
  await using world = await World.open();
  for (let file = 0; file < 40; file += 1)
    await world.remote.write(`d/e${file % 4}/${file}`, `${file}`);
  await world.remote.write("d/large", Buffer.alloc(9 * 1024 * 1024, 3));
  world.wire.forget();
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { downloaded: 41 } });
  // The large one, which comes by three ranges, makes the folder above too large.
  expect([world.wire.calls("/download_zip"), world.wire.transfers().downloads]).toEqual([4, 7]);
  await world.both();
  await world.assertAlways();
});

test("S66: what changed since it was listed is fetched by its revision, and then as it is", async () => {
  await using world = await World.open();
  for (let file = 0; file < 20; file += 1) await world.remote.write(`d/${file}`, `content ${file}`);
  world.wire.forget();
  world.wire.before("/download_zip", async () => {
    await world.remote.write("d/3", "CONTENT 3");
    await world.remote.remove("d/4");
    await world.remote.write("d/new", "new");
  });
  await world.sync();
  expect(world.wire.calls("/download_zip")).toBe(1);
  const both = await world.both();
  expect(both).toContain("d/3: CONTENT 3");
  expect(both).toContain("d/new: new");
  expect(both).not.toContain("d/4:");
  await world.assertAlways();
});

test("S66: of a folder of which little is wanted only that comes down", async () => {
  await using world = await World.open();
  for (let file = 0; file < 20; file += 1) await world.remote.write(`d/${file}`, `content ${file}`);
  await world.sync();
  for (let file = 0; file < 5; file += 1) await world.remote.write(`d/${file}`, `edited ${file}`);
  world.wire.forget();
  await world.sync();
  expect([world.wire.calls("/download_zip"), world.wire.transfers().downloads]).toEqual([0, 5]);
  await world.both();
  await world.assertAlways();
});

test("S66: an archive that never arrives whole is no reason to wait for its files", async () => {
  await using world = await World.open();
  for (let file = 0; file < 20; file += 1) await world.remote.write(`d/${file}`, `content ${file}`);
  world.faults = [
    { match: { route: "files/download_zip" }, fault: { kind: "corrupt", bytes: 40 } },
  ];
  await world.sync(0);
  expect((await world.both()).split("\n")).toHaveLength(20);
  await world.assertAlways();
});

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
  expect([...(await world.remote.tree()).keys()]).toEqual(["again", "one"]);
  await world.both();
  await world.assertAlways();
});

test("S58: a copy whose answer was lost is found there, and nothing is there twice", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
  await world.sync();
  world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
  world.wire.after("/copy_batch_v2", () => {
    throw new TypeError("fetch failed");
  });
  await world.sync(0);
  expect([...(await world.remote.tree()).keys()]).toEqual(["again", "one"]);
  expect(await world.remote.revisionHashes("again")).toHaveLength(1);
  await world.both();
  await world.assertAlways();
});
