import fs from "node:fs";
import { expect, test } from "vitest";
import { compareBytes } from "../../src/core/path/rel-path.ts";
import { realWorlds, scenario } from "../support/scenario.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { World } from "../support/world.ts";

scenario("C1: a removed folder with a new file inside is kept for it (S37, S40)", {
  base: "d/1: a",
  acts: async ({ L, R }) => {
    await R.remove("d");
    await L.write("d/new", "n");
  },
  both: "d/new: n",
  mirrored: "d/new: n",
});

scenario("C3: a removed folder with an edited file inside is kept for it (S37, S40)", {
  base: "d/f: 0\nd/g: g",
  acts: async ({ L, R }) => {
    await R.remove("d");
    await L.write("d/f", "1");
  },
  both: "d/f: 1",
  mirrored: "d/f: 1",
});

scenario("C5: a file that comes into a folder while it is being removed stays (S70)", {
  base: "d/1: a",
  acts: async ({ world, L, R }) => {
    await R.remove("d");
    world.hooks.before("local.perform", () => L.write("d/late", "z"));
  },
  both: "d/late: z",
});

test("S63: a file that comes into a folder of the server meanwhile stays", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b");
  world.local.remove("d");
  world.wire.before("/move_v2", async () => void (await world.remote.write("d/sub/late", "z")));
  await world.sync();
  expect(await world.both()).toBe("d/sub/late: z");
  await world.assertAlways();
});

test("S63: a folder with something new in it is not even moved away", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b");
  world.local.remove("d");
  world.hooks.after("remote.deleteFile", () => {
    world.hooks.after("remote.deleteFile", () => world.remote.write("d/sub/late", "z"));
  });
  await world.sync();
  expect(await world.both()).toBe("d/sub/late: z");
  expect(world.wire.calls("/move_v2")).toBe(0);
  await world.assertAlways();
});

test("S63: content of a folder is deleted file by file, the empty rest at once", async () => {
  await using world = await World.synced("d/1: a\nd/sub/2: b\nd/sub/deep/3: c");
  world.local.remove("d");
  await world.sync();
  expect(await world.both()).toBe("");
  expect(world.wire.calls("/delete_v2")).toBe(4);
  await world.assertAlways();
});

test("S63: a file that was edited there while its folder was removed here stays (S37)", async () => {
  await using world = await World.synced("d/1: a\nd/2: b");
  world.local.remove("d");
  world.wire.before("/delete_v2", async () => void (await world.remote.write("d/2", "edited")));
  await world.sync();
  expect(await world.both()).toBe("d/2: edited");
  await world.assertAlways();
});

test("S63: a file that was edited there since the last look stays, with its revision unseen", async () => {
  await using world = await World.synced("d/1: a\nd/2: b");
  world.local.remove("d");
  world.wire.before("/list_folder", async () => void (await world.remote.write("d/2", "edited")));
  await world.sync();
  expect(await world.both()).toBe("d/2: edited");
  await world.assertAlways();
});

scenario("C7: a folder replaced there by a file keeps what was edited in it here (§6.1)", {
  base: "x/c: 0",
  acts: async ({ L, R }) => {
    await R.remove("x");
    await R.write("x", "2");
    await L.write("x/c", "1");
  },
  both: "x: 2\nx CC/c: 1",
  mirrored: "x/c: 1\nx CC: 2",
});

scenario("C8: a file is replaced by a folder that takes another file in (S49)", {
  base: "x: 0\ny: Y",
  acts: async ({ L }) => {
    await L.remove("x");
    await L.mkdir("x");
    await L.mkdir("x/sub");
    await L.move("y", "x/sub/y");
  },
  both: "x/sub/y: Y",
  mirrored: "x/sub/y: Y",
  also: ({ world }) => expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 }),
});

scenario("C10: empty folders are synced, and their removal is (S37, S67)", {
  acts: async ({ world, L, R }) => {
    await L.mkdir("a");
    await L.mkdir("a/b");
    await L.mkdir("a/b/c");
    await world.sync(0);
    expect(await world.both()).toBe("a/b/c/");
    await R.remove("a/b/c");
  },
  both: "a/b/",
  mirrored: "a/b/",
});

test.each(realWorlds)(
  "C13: a folder replaced by a symlink is unknown, not removed (S29) [$name]",
  async ({ options }) => {
    await using world = await World.synced(
      "d/1: a\nd/2: b\nd/3: c\nd/4: d\nd/5: e\ne: 0",
      options(),
    );
    const whole = await world.both();
    fs.renameSync(world.local.at("d"), world.local.at("../elsewhere"));
    fs.symlinkSync("../elsewhere", world.local.at("d"));
    world.local.write("e", "1");
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    const left = report.left.find(({ path }) => path === "d");
    expect(left).toMatchObject({ kind: "unknown", reason: expect.stringMatching(/link/) });
    expect(await world.remoteText()).toBe(whole.replace("e: 0", "e: 1"));
    expect(fs.readdirSync(world.local.at("../elsewhere"))).toHaveLength(5);
    fs.unlinkSync(world.local.at("d"));
    fs.renameSync(world.local.at("../elsewhere"), world.local.at("d"));
    await world.sync(0);
    expect(await world.both()).toBe(whole.replace("e: 0", "e: 1"));
    await world.assertAlways();
  },
);

test("S70: what the rules leave out stays when its folder is removed there", async () => {
  await using world = await World.synced(".mignore: *.log\nd/1: a");
  world.local.write("d/x.log", "private");
  await world.sync();
  await world.remote.remove("d");
  await world.sync();
  expect(await world.remoteText()).toBe(".mignore: *.log");
  expect(world.localText()).toBe(".mignore: *.log\nd/x.log: private");
  expect([...world.local.own("trash").keys()].some((name) => name.endsWith("d/1"))).toBe(true);
  await world.assertAlways();
});

test("S70: a leftover is uploaded when it holds something that is synced, and not before", async () => {
  await using world = await World.synced(".mignore: *.log\nd/s/1: a");
  world.local.write("d/s/x.log", "private");
  await world.sync();
  await world.remote.remove("d");
  await world.sync();
  await world.sync();
  expect(await world.remoteText()).toBe(".mignore: *.log");
  world.local.remove("d/s/x.log");
  await world.sync();
  expect(await world.remoteText()).toBe(".mignore: *.log");
  world.local.write("d/s/2", "b");
  await world.sync();
  expect(await world.remoteText()).toBe(".mignore: *.log\nd/s/2: b");
  await world.assertAlways();
});

test("S42, S70: a leftover becomes the folder that the server moves to its place", async () => {
  await using world = await World.synced("a/1: one\na/sub/2: two\nb/3: three\n.mignore: *.mine");
  world.local.write("b/only.mine", "private");
  await world.remote.remove("b");
  await world.sync();
  await world.remote.move("a", "b");
  await world.sync(0);
  expect(await world.remoteText()).toBe(".mignore: *.mine\nb/1: one\nb/sub/2: two");
  const kept = "b/only.mine: private\n";
  expect(world.localText()).toBe(`.mignore: *.mine\nb/1: one\n${kept}b/sub/2: two`);
  await world.assertAlways();
});

test("S42, S70: the same for what a folder inside it is moved to, and what was done in it meanwhile stays", async () => {
  await using world = await World.synced(
    "a/1: one\na/p/f: f\na/p/x/g: g\nb/p/3: three\n.mignore: *.mine",
  );
  for (const folder of ["b/p", "a/p/x"]) {
    world.local.write(`${folder}/only.mine`, "private");
    await world.remote.remove(folder);
  }
  await world.sync();
  await world.remote.move("a/p", "b/p");
  await world.remote.move("a", "b/p/x");
  world.local.write("a/1", "edited");
  world.local.write("a/new", "new");
  await world.sync(0);
  const texts = [...world.localText().matchAll(/: (.*)/gu)].map(([, text = ""]) => text);
  expect(texts.toSorted(compareBytes)).toEqual([
    "*.mine",
    "edited",
    "f",
    "new",
    "private",
    "private",
  ]);
  const shared = world
    .localText()
    .split("\n")
    .filter((line) => !line.includes(".mine: "));
  expect(await world.remoteText()).toBe(shared.join("\n"));
  await world.assertAlways();
});

test("S42, S70: a folder that holds only what the rules leave out gives way to a file of the server", async () => {
  await using world = await World.synced(".mignore: *.log\nd/1: a");
  world.local.write("d/x.log", "private");
  world.local.write("e/x.log", "private");
  await world.remote.remove("d");
  await world.sync();
  await world.remote.write("d", "other");
  await world.sync();
  expect(world.localText()).toContain("d: other");
  expect(world.localText()).toContain("private");
  await world.remote.remove("e");
  await world.sync();
  expect(world.localText()).toContain("e/x.log: private");
  await world.assertAlways();
});

test.each([
  { made: "é".normalize("NFD"), settings: { decomposes: true } },
  { made: "É", settings: { foldsCase: true } },
])(
  "S27: where the disk takes two names for one, a folder can be replaced by a file %o",
  async ({ made, settings }) => {
    await using world = await World.synced("é/1: a\nkeep: b", memoryWorld(settings));
    world.local.remove("é");
    world.local.write(made, "a file");
    await world.sync(0);
    expect((await world.remoteText()).normalize("NFC").toLowerCase()).toBe("keep: b\né: a file");
    await world.assertAlways();
  },
);
