import { expect, test } from "vitest";
import { World } from "../support/world.ts";

/** `CC(name)` of a tree: the copies are named for a day that the test does not know. */
const named = (tree: string): string =>
  tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC");

test("S1: what is made on either side comes to the other", async () => {
  await using world = await World.synced("a: 1\nd/b: 2");
  await world.remote.write("d/c", "3");
  await world.remote.mkdir("e");
  world.local.write("f/g", "4");
  await world.sync();
  expect(await world.both()).toBe("a: 1\nd/b: 2\nd/c: 3\ne/\nf/g: 4");
  await world.assertAlways();
});

test("A1: an edit on each side keeps both (S38, S43)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  await world.remote.write("f", "2");
  const report = await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  expect(report.conflicts).toHaveLength(1);
  expect(report.counts).toMatchObject({ conflicts: 1, downloaded: 1, uploaded: 1 });
  expect(report.exit).toBe(0);
  await world.assertAlways();
});

test("A2: the same edit on both sides is no conflict and travels nowhere (S38)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  await world.remote.write("f", "1");
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("A3: a new file of one name on each side keeps both (S38, S42)", async () => {
  await using world = await World.open();
  world.local.write("f", "1");
  await world.remote.write("f", "2");
  await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  await world.assertAlways();
});

test("A4: equal sides without an index are adopted without a transfer (S36, S44)", async () => {
  await using world = await World.open();
  for (let file = 1; file <= 60; file += 1) {
    world.local.write(`d${file % 5}/${file}`, `content ${file}`);
    await world.remote.write(`d${file % 5}/${file}`, `content ${file}`);
  }
  world.wire.forget();
  await world.sync();
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  expect(world.wire.writes()).toEqual([]);
  expect((await world.both()).split("\n")).toHaveLength(60);
  await world.assertAlways();
});

test("A6: a removal here and an edit there keeps the edit (S37)", async () => {
  await using world = await World.synced("f: 0");
  world.local.remove("f");
  await world.remote.write("f", "2");
  await world.sync();
  expect(await world.both()).toBe("f: 2");
  await world.assertAlways();
});

test("A6 mirrored: an edit here and a removal there keeps the edit (S37)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.remove("f");
  world.local.write("f", "2");
  await world.sync();
  expect(await world.both()).toBe("f: 2");
  await world.assertAlways();
});

test("A8: a lost index costs nothing but a copy of what differs (S44, S77)", async () => {
  const tree = Array.from({ length: 40 }, (_, file) => `${file}: content ${file}`).join("\n");
  await using world = await World.synced(tree);
  world.restart({ withoutIndex: true });
  world.local.write("1", "x");
  world.wire.forget();
  await world.sync();
  const lines = named(await world.both()).split("\n");
  expect(lines).toHaveLength(41);
  expect(lines).toContain("1: content 1");
  expect(lines).toContain("1 CC: x");
  expect(world.wire.calls("/delete_v2")).toBe(0);
  const { uploads, downloads } = world.wire.transfers();
  expect(uploads + downloads).toBeLessThanOrEqual(2);
  await world.assertAlways();
});

const mebibyte = 1024 * 1024;
const sizes = [0, 1, 4 * mebibyte - 1, 4 * mebibyte, 4 * mebibyte + 1, 8 * mebibyte, 17 * mebibyte];

test.each(sizes)(
  "A15: a file of %i bytes travels up and down unchanged (S57, S66)",
  async (size) => {
    await using world = await World.open();
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 65_537) bytes.writeUInt8(at % 251, at);
    world.local.write("up", bytes);
    await world.remote.write("down", Buffer.concat([Buffer.from("x"), bytes]));
    await world.sync();
    await world.both();
    expect((await world.remote.bytes("up")).equals(bytes)).toBe(true);
    await world.assertAlways();
  },
);
