import { expect, test } from "vitest";
import { World } from "../support/world.ts";
import { fill, writes } from "./many-files.ts";

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

test("S58: folders that the server does not make together are made one by one", async () => {
  await using world = await World.open({ limits: { operationNodesMax: 3 } });
  fill(world, 6, 1);
  await world.sync(0);
  expect(writes(world)["create_folder_v2"]).toBe(7);
  expect((await world.both()).split("\n")).toHaveLength(6);
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

test("S15, S66: names of any form and case come down as one folder, each with its own content", async () => {
  await using world = await World.open();
  const names = [
    "cafe\u0301",
    "CAF\u00c8",
    "stra\u00dfe",
    "STRASSE",
    "\u0130stanbul",
    "\uac00",
    "Z",
  ];
  for (const [number, name] of names.entries()) {
    await world.remote.write(`Re\u0301sume\u0301/${name}`, `content ${number}`);
  }
  world.wire.forget();
  await world.sync(0);
  expect(world.wire.calls("/download_zip")).toBe(1);
  expect(world.wire.transfers().downloads).toBe(1);
  const both = await world.both();
  for (const [number, name] of names.entries()) {
    expect(both.normalize("NFC")).toContain(`${name.normalize("NFC")}: content ${number}`);
  }
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

test("S58: folders, removals and moves that are refused together are done one by one", async () => {
  await using world = await World.open();
  fill(world, 8, 3);
  const refuse = (): void => {
    for (const route of ["/create_folder_batch", "/delete_batch", "/move_batch_v2"]) {
      world.wire.answer(route, async () => new Response("Error: no such thing", { status: 400 }));
    }
  };
  refuse();
  await world.sync(0);
  for (let folder = 0; folder < 4; folder += 1) world.local.remove(`top/d${folder}/0`);
  for (let file = 1; file < 3; file += 1) world.local.remove(`top/d5/${file}`);
  for (let file = 0; file < 3; file += 1) world.local.move(`top/d6/${file}`, `top/d7/m${file}`);
  refuse();
  await world.sync(0);
  await world.both();
  await world.assertAlways();
});
