import { expect, test } from "vitest";
import { manyFiles, scenario, realWorlds, type WorldUser } from "../support/scenario.ts";
import { World } from "../support/world.ts";

const noTransfers = { uploads: 0, downloads: 0 };

test.each([
  { ...realWorlds[0], count: 300 },
  { ...realWorlds[1], count: 50 },
])(
  "B1: a folder of $count files that was renamed here is one move there (S19, S61, S79) [$name]",
  async ({ count, options }) => {
    await using world = await World.synced(manyFiles("d", count), options?.());
    world.local.move("d", "e");
    const report = await world.sync(0);
    expect(await world.both()).toContain("e/7: d 7");
    expect((await world.both()).split("\n")).toHaveLength(count);
    expect(world.wire.calls("/move_v2")).toBe(1);
    expect(world.wire.transfers()).toEqual(noTransfers);
    expect(world.wire.calls("/delete_v2") + world.wire.calls("/delete_batch")).toBe(0);
    expect(report.left).toEqual([]);
    await world.assertAlways();
  },
);

test.each([
  { ...realWorlds[0], count: 300 },
  { ...realWorlds[1], count: 50 },
])(
  "B2: a folder of $count files that was renamed there keeps its files here (S21, S68) [$name]",
  async ({ count, options }) => {
    await using world = await World.synced(manyFiles("d", count), options?.());
    const inodes = Array.from({ length: count }, (_, file) => world.local.inode(`d/${file}`));
    await world.remote.move("d", "e");
    await world.sync(0);
    expect(await world.both()).toContain("e/7: d 7");
    expect(inodes.map((_, file) => world.local.inode(`e/${file}`))).toEqual(inodes);
    expect(world.wire.transfers()).toEqual(noTransfers);
    await world.assertAlways();
  },
);

scenario("B3: a rename here and an edit inside there come together (S39)", {
  base: "d/f: 0",
  acts: async ({ L, R }) => {
    await L.move("d", "e");
    await R.write("d/f", "2");
  },
  both: "e/f: 2",
  mirrored: "e/f: 2",
});

scenario("B6: a rename here and a new file inside there come together (S39)", {
  base: "d/f: 0",
  acts: async ({ L, R }) => {
    await L.move("d", "e");
    await R.write("d/g", "2");
  },
  both: "e/f: 0\ne/g: 2",
  mirrored: "e/f: 0\ne/g: 2",
});

scenario("B7: moved apart, a file is at the server's place, once (S39)", {
  base: "f: 0\nx/\ny/",
  acts: async ({ L, R }) => {
    await L.move("f", "x/f");
    await R.move("f", "y/f");
  },
  both: "x/\ny/f: 0",
  mirrored: "x/f: 0\ny/",
});

const rotate = async ({ move }: Pick<WorldUser, "move">): Promise<void> => {
  await move("c", "spare");
  await move("b", "c");
  await move("a", "b");
  await move("spare", "a");
};

const movesOf = (user: WorldUser): Pick<WorldUser, "move"> => ({
  move: (from, to) => user.move(from, to),
});

scenario("B9: a rotation on one side is one on the other (S49)", {
  base: "a: 1\nb: 2\nc: 3",
  acts: ({ L }) => rotate(movesOf(L)),
  both: "a: 3\nb: 1\nc: 2",
  mirrored: "a: 3\nb: 1\nc: 2",
  isExplained: false,
  also: ({ world }, report) => {
    expect(report.conflicts).toEqual([]);
    expect(world.wire.transfers()).toEqual(noTransfers);
  },
});

scenario("S49: two folders change places on either side", {
  base: "a/1: one\nb/2: two\nc/3: three\nd/4: four",
  acts: async ({ L, R }) => {
    await L.move("a", "spare");
    await L.move("b", "a");
    await L.move("spare", "b");
    await R.move("c", "spare");
    await R.move("d", "c");
    await R.move("spare", "d");
  },
  both: "a/2: two\nb/1: one\nc/4: four\nd/3: three",
  isExplained: false,
  also: ({ world }) => expect(world.wire.transfers()).toEqual(noTransfers),
});

scenario("B12: a rename here and a removal there keeps the renamed file (S37)", {
  base: "f: 0",
  acts: async ({ L, R }) => {
    await L.move("f", "g");
    await R.remove("f");
  },
  both: "g: 0",
  mirrored: "g: 0",
});

scenario("B13: what moved out of a folder that was removed there stays (S37, S40)", {
  base: "d/1: a\nd/2: b",
  acts: async ({ L, R }) => {
    await R.remove("d");
    await L.move("d/1", "1");
  },
  both: "1: a",
  mirrored: "1: a",
});

test.each(realWorlds)(
  "B19: a change of case here is a change of case there, of the same file (S16, S19) [$name]",
  async ({ options }) => {
    await using world = await World.synced("f.txt: 0", options());
    const id = await world.remote.id("f.txt");
    world.local.move("f.txt", "F.TXT");
    await world.sync(0);
    expect(await world.both()).toBe("F.TXT: 0");
    expect(await world.remote.id("F.TXT")).toBe(id);
    expect(world.wire.transfers()).toEqual(noTransfers);
    await world.assertAlways();
  },
);

scenario("B22: a rename and a new file at the old name are told apart (S19)", {
  base: "a: 1",
  acts: async ({ L }) => {
    await L.move("a", "b");
    await L.write("a", "9");
  },
  both: "a: 9\nb: 1",
  mirrored: "a: 9\nb: 1",
});

/** The ops of one kind in the log, oldest first, with how they ended. */
function logged(world: World, kind: string): readonly string[] {
  const lines = world.index.logged(100).filter((line) => line.kind === kind);
  return lines.map(({ path, outcome }) => `${path} ${outcome}`).toReversed();
}

test("P10, S49: each step of a rotation on the server is in the op log", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  world.local.move("a", "spare");
  world.local.move("b", "a");
  world.local.move("spare", "b");
  await world.sync(0);
  expect(await world.both()).toBe("a: 2\nb: 1");
  expect(logged(world, "R.move"), "out of the way, one, back in").toHaveLength(3);
});

test("P10, S49: each step of a rotation on the disk is in the op log, and is done", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await world.remote.move("a", "spare");
  await world.remote.move("b", "a");
  await world.remote.move("spare", "b");
  await world.sync(0);
  expect(await world.both()).toBe("a: 2\nb: 1");
  const steps = logged(world, "L.move");
  expect(steps.filter((step) => !step.endsWith(" done"))).toEqual([]);
  expect(steps).toHaveLength(3);
});
