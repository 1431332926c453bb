import fs from "node:fs";
import { expect, test } from "vitest";
import { scenario, shown, realWorlds } from "../support/scenario.ts";
import { World } from "../support/world.ts";

const noTransfers = { uploads: 0, downloads: 0 };

scenario("S1: what is made on either side comes to the other", {
  base: "a: 1\nd/b: 2",
  acts: async ({ L, R }) => {
    await R.write("d/c", "3");
    await R.mkdir("e");
    await L.write("f/g", "4");
  },
  both: "a: 1\nd/b: 2\nd/c: 3\ne/\nf/g: 4",
  mirrored: "a: 1\nd/b: 2\nd/c: 3\ne/\nf/g: 4",
});

scenario("A1: an edit on each side keeps both (S38, S43)", {
  base: "f: 0",
  acts: async ({ L, R }) => {
    await L.write("f", "1");
    await R.write("f", "2");
  },
  both: "f: 2\nf CC: 1",
  mirrored: "f: 1\nf CC: 2",
  also: (_scene, report) => {
    expect(report.conflicts).toHaveLength(1);
    expect(report.counts).toMatchObject({ conflicts: 1, downloaded: 1, uploaded: 1 });
  },
});

scenario("A2: the same edit on both sides is no conflict and travels nowhere (S38)", {
  base: "f: 0",
  acts: async ({ L, R }) => {
    await L.write("f", "1");
    await R.write("f", "1");
  },
  both: "f: 1",
  mirrored: "f: 1",
  also: ({ world }) => expect(world.wire.transfers()).toEqual(noTransfers),
});

scenario("A3: a new file of one name on each side keeps both (S38, S42)", {
  acts: async ({ L, R }) => {
    await L.write("f", "1");
    await R.write("f", "2");
  },
  both: "f: 2\nf CC: 1",
  mirrored: "f: 1\nf CC: 2",
});

test.each([
  { ...realWorlds[0], count: 1_000 },
  { ...realWorlds[1], count: 60 },
])(
  "A4: $count equal files without an index are adopted without a transfer (S36, S44) [$name]",
  async ({ count, options }) => {
    await using world = await World.open(options?.());
    for (let file = 1; file <= count; file += 1) {
      world.local.write(`d${file % 7}/${file}`, `content ${file}`);
      fs.utimesSync(world.local.at(`d${file % 7}/${file}`), file, file);
    }
    await world.sync(0);
    world.restart({ withoutIndex: true });
    world.wire.forget();
    const before = await world.both();
    const report = await world.sync(0);
    expect(world.wire.transfers()).toEqual(noTransfers);
    expect(world.wire.writes()).toEqual([]);
    expect(report).toMatchObject({ conflicts: [], counts: { removedLocal: 0, removedRemote: 0 } });
    expect(await world.both()).toBe(before);
    expect(before.split("\n")).toHaveLength(count);
    await world.assertAlways();
  },
);

scenario("A6: a removal here and an edit there keeps the edit (S37)", {
  base: "f: 0",
  acts: async ({ L, R }) => {
    await L.remove("f");
    await R.write("f", "2");
  },
  both: "f: 2",
  mirrored: "f: 2",
});

test.each([
  { ...realWorlds[0], count: 400 },
  { ...realWorlds[1], count: 40 },
])(
  "A8: an index lost with $count files costs nothing but a copy of what differs (S44, S77) [$name]",
  async ({ count, options }) => {
    const tree = Array.from({ length: count }, (_, file) => `${file}: content ${file}`).join("\n");
    await using world = await World.synced(tree, options?.());
    world.restart({ withoutIndex: true });
    world.local.write("1", "x");
    world.wire.forget();
    await world.sync(0);
    const lines = shown(await world.both()).split("\n");
    expect(lines).toHaveLength(count + 1);
    expect(lines).toContain("1: content 1");
    expect(lines).toContain("1 CC: x");
    expect(world.wire.calls("/delete_v2") + world.wire.calls("/delete_batch")).toBe(0);
    const { uploads, downloads } = world.wire.transfers();
    expect(uploads + downloads).toBeLessThanOrEqual(2);
    await world.assertAlways();
  },
);

const mebibyte = 1024 * 1024;
const sizes = [0, 1, 4 * mebibyte - 1, 4 * mebibyte, 4 * mebibyte + 1, 8 * mebibyte];

/** No two blocks of it are equal. */
function patterned(size: number): Buffer {
  const bytes = Buffer.alloc(size, 7);
  for (let at = 0; at + 4 <= size; at += 65_537) bytes.writeUInt32LE(at, at);
  return bytes;
}

test.each([
  ...sizes.flatMap((size) => realWorlds.map((kind) => ({ size, ...kind }))),
  { size: 151 * mebibyte, ...realWorlds[0] },
])(
  "A15: a file of $size bytes travels up and down unchanged (S57, S66) [$name]",
  async ({ size, options }) => {
    await using world = await World.open(options?.());
    // Old enough to be believed, so that not each look reads it all.
    world.clock.advance(2 * 24 * 3_600_000);
    const bytes = patterned(size);
    world.local.write("up", bytes);
    await world.sync(0);
    expect((await world.remote.bytes("up")).equals(bytes)).toBe(true);
    await world.remote.copy("up", "down");
    await world.sync(0);
    expect(fs.readFileSync(world.local.at("down")).equals(bytes)).toBe(true);
    await world.both();
    await world.assertAlways();
  },
);
