import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { rootNode } from "../../src/core/tree/node.ts";
import { distrustOldAgreement } from "../../src/engine/recover/index-lost.ts";
import { present } from "../../src/std/assert.ts";
import { World } from "../support/world.ts";

const copyOf = (world: World): string =>
  path.join(path.dirname(world.indexFile), "copies", "index-1.db");

/** As `copyIndex` makes one, at the end of a sync. */
function keepCopy(world: World): void {
  world.whileStopped(() => {
    fs.mkdirSync(path.dirname(copyOf(world)), { recursive: true });
    fs.copyFileSync(world.indexFile, copyOf(world));
  });
}

function lose(world: World, how: "missing" | "cut" = "missing"): void {
  world.whileStopped(() => {
    if (how === "missing") fs.rmSync(world.indexFile);
    else fs.truncateSync(world.indexFile, Math.floor(fs.statSync(world.indexFile).size / 2));
  });
  world.wire.forget();
}

const named = (tree: string): string =>
  tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC");

const noTransfer = { uploads: 0, downloads: 0 };

test.each([
  ["missing", true],
  ["cut", true],
  ["missing", false],
  ["cut", false],
] as const)(
  "F12, S77: an index that is %s (a copy: %s) costs nothing where both sides are equal",
  async (how, hasCopy) => {
    await using world = await World.synced("a: 1\nb: 2\nd/c: 3\ne/");
    if (hasCopy) keepCopy(world);
    lose(world, how);
    expect(world.index.synced.count()).toBe(hasCopy ? 5 : 0);
    await world.sync();
    expect(await world.both()).toBe("a: 1\nb: 2\nd/c: 3\ne/");
    expect([world.wire.transfers(), world.wire.writes()]).toEqual([noTransfer, []]);
    expect(world.local.own("trash").size).toBe(0);
    expect(world.index.meta("removals_frozen")).toBeUndefined();
    await world.assertAlways();
  },
);

test.each([true, false])(
  "A8, S78: an edit made while the index was lost (a copy: %s)",
  async (hasCopy) => {
    await using world = await World.synced("f1: 1\nf2: 2\nf3: 3");
    if (hasCopy) keepCopy(world);
    lose(world);
    world.local.write("f1", "x");
    await world.sync();
    expect(named(await world.both())).toBe(
      hasCopy ? "f1: x\nf2: 2\nf3: 3" : "f1: 1\nf1 CC: x\nf2: 2\nf3: 3",
    );
    await world.assertAlways();
  },
);

type Step = (world: World) => unknown;

/** Each was synced since the copy was made, so both sides are equal: nothing may travel, and nothing may go. */
const synced: Readonly<Record<string, Step>> = {
  "edited here": ({ local }) => local.write("a", "new"),
  "edited there": ({ remote }) => remote.write("a", "new"),
  "removed here": ({ local }) => local.remove("a"),
  "removed there": ({ remote }) => remote.remove("a"),
  "moved here": ({ local }) => local.move("a", "d/moved"),
  "moved there": ({ remote }) => remote.move("a", "d/moved"),
  "folder moved here": ({ local }) => local.move("d", "e"),
  "folder moved there": ({ remote }) => remote.move("d", "e"),
  "folder removed here": ({ local }) => local.remove("d"),
  "folder removed there": ({ remote }) => remote.remove("d"),
  "new here": ({ local }) => local.write("n/f", "new"),
  "new there": ({ remote }) => remote.write("n/f", "new"),
  "renamed by case here": ({ local }) => local.move("a", "A"),
  "swapped here": ({ local }) => {
    local.move("a", "t");
    local.move("b", "a");
    local.move("t", "b");
  },
  "a folder where a file was": ({ local }) => {
    local.remove("a");
    local.write("a/in", "new");
  },
  "a file where a folder was": async ({ remote }) => {
    await remote.remove("d");
    await remote.write("d", "new");
  },
};

test.each(Object.entries(synced))("S78: %s, five syncs ago", async (_, step) => {
  await using world = await World.synced("a: 1\nb: 2\nd/c: 3\nd/s/f: 4");
  keepCopy(world);
  await step(world);
  await world.sync();
  for (const content of ["v", "w", "x", "y"]) {
    world.local.write("b", content);
    await world.sync();
  }
  const tree = await world.both();
  const trash = world.local.own("trash").size;
  lose(world);
  await world.sync();
  expect(await world.both()).toBe(tree);
  expect([world.wire.transfers(), world.wire.writes()]).toEqual([noTransfer, []]);
  expect(world.local.own("trash").size).toBe(trash);
  await world.assertAlways();
});

/** Done while the index was lost, on top of a change that the copy does not know; with what both sides hold then. */
const open: Readonly<Record<string, readonly [since: Step, lost: Step, tree: string]>> = {
  "edited here, known content there": [
    () => {},
    ({ local }) => local.write("a", "mine"),
    "a: mine\nb: 2\nd/c: 3",
  ],
  "edited there, known content here": [
    () => {},
    ({ remote }) => remote.write("a", "theirs"),
    "a: theirs\nb: 2\nd/c: 3",
  ],
  "synced since, and edited again here": [
    ({ local }) => local.write("a", "new"),
    ({ local }) => local.write("a", "newer"),
    "a: new\na CC: newer\nb: 2\nd/c: 3",
  ],
  "synced since, and edited again there": [
    ({ remote }) => remote.write("a", "new"),
    ({ remote }) => remote.write("a", "newer"),
    "a: newer\na CC: new\nb: 2\nd/c: 3",
  ],
  "removed here": [() => {}, ({ local }) => local.remove("a"), "a: 1\nb: 2\nd/c: 3"],
  "removed here with its folder": [
    () => {},
    ({ local }) => local.remove("d"),
    "a: 1\nb: 2\nd/c: 3",
  ],
  "new in a folder that was removed here": [
    ({ local }) => local.write("d/n", "new"),
    ({ local }) => local.remove("d"),
    "a: 1\nb: 2\nd/c: 3\nd/n: new",
  ],
  "removed there": [() => {}, ({ remote }) => remote.remove("a"), "b: 2\nd/c: 3"],
  "edited since, and removed here": [
    ({ local }) => local.write("a", "new"),
    ({ local }) => local.remove("a"),
    "a: new\nb: 2\nd/c: 3",
  ],
  "edited since, and removed there": [
    ({ remote }) => remote.write("a", "new"),
    ({ remote }) => remote.remove("a"),
    "a: new\nb: 2\nd/c: 3",
  ],
  "moved since, and moved again here": [
    ({ local }) => local.move("a", "a2"),
    ({ local }) => local.move("a2", "a3"),
    "a2: 1\nb: 2\nd/c: 3",
  ],
  "moved since, and moved again there": [
    ({ local }) => local.move("a", "a2"),
    ({ remote }) => remote.move("a2", "a3"),
    "a3: 1\nb: 2\nd/c: 3",
  ],
  "made since, and removed here": [
    ({ local }) => local.write("n", "new"),
    ({ local }) => local.remove("n"),
    "a: 1\nb: 2\nd/c: 3\nn: new",
  ],
  "removed since, and made anew here with the same bytes": [
    ({ local }) => local.remove("a"),
    ({ local }) => local.write("a", "1"),
    "a: 1\nb: 2\nd/c: 3",
  ],
  "removed since, and made anew there with the same bytes": [
    ({ local }) => local.remove("a"),
    ({ remote }) => remote.write("a", "1"),
    "a: 1\nb: 2\nd/c: 3",
  ],
  "taken out there since, and brought back there": [
    ({ remote }) => remote.takeOut("a"),
    ({ remote }) => remote.bringBack("a"),
    "a: 1\nb: 2\nd/c: 3",
  ],
};

test.each(Object.entries(open))("S78: %s, with an older index", async (_, [since, lost, tree]) => {
  await using world = await World.synced("a: 1\nb: 2\nd/c: 3");
  keepCopy(world);
  await since(world);
  await world.sync();
  lose(world);
  await lost(world);
  await world.sync();
  expect(named(await world.both())).toBe(tree);
  await world.assertAlways();
});

test("S77: nothing is removed before a whole cycle on the new index has come to its end", async () => {
  await using world = await World.synced("a: 1\nb: 2\nd/c: 3");
  keepCopy(world);
  lose(world);
  await world.remote.remove("b");
  world.local.write("new", "4");
  const seen: string[] = [];
  const note = (name: string) => (): void => {
    seen.push(`${name} ${world.index.meta("removals_frozen") ?? "free"}`);
  };
  world.hooks.before("remote.upload", note("upload"));
  world.hooks.before("local.perform", note("trash"));
  await world.sync();
  expect(seen.toSorted()).toEqual(["trash free", "upload 1"]);
  expect(await world.both()).toBe("a: 1\nd/c: 3\nnew: 4");
  await world.assertAlways();
});

test("S77: cut off in its first cycle, the next sync is as careful", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  keepCopy(world);
  lose(world);
  world.local.remove("a");
  world.local.write("new", "4");
  world.hooks.after("remote.upload", () => world.hooks.kill());
  await expect(world.syncOnce()).rejects.toThrow("killed");
  world.restart();
  expect(world.index.meta("removals_frozen")).toBe("1");
  await world.sync();
  expect(await world.both()).toBe("a: 1\nb: 2\nnew: 4");
  await world.assertAlways();
});

test("S77, S117: the older generation of a copy is no rollback, and a disk that went back with it is one", async () => {
  await using world = await World.synced("a: 1");
  keepCopy(world);
  const saved = path.join(path.dirname(world.indexFile), "saved");
  fs.cpSync(world.local.top, saved, { recursive: true, preserveTimestamps: true });
  for (const content of ["2", "3"]) {
    world.local.write("a", content);
    await world.sync();
  }
  const generation = world.index.meta("generation");
  lose(world);
  await world.sync();
  expect(world.index.meta("generation")).toBe(generation);
  world.whileStopped(() => {
    fs.rmSync(world.indexFile);
    fs.rmSync(world.local.top, { recursive: true });
    fs.cpSync(saved, world.local.top, { recursive: true, preserveTimestamps: true });
  });
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "rolled-back" });
});

test.each([true, false])(
  "S97: a restore that nobody remembers had displaced a file (a copy: %s), which is not taken for removed",
  async (hasCopy) => {
    await using world = await World.synced("a: 1\nd/b: 2\nd/c: 3");
    if (hasCopy) keepCopy(world);
    // Killed between displacing and placing, with the index lost as well.
    for (const file of ["a", "d/b"]) {
      const place = world.local.at(`.snap/undo/0123456789abcdef/${file}`);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.renameSync(world.local.at(file), place);
    }
    lose(world);
    await world.sync();
    expect(await world.both()).toBe("a: 1\nd/b: 2\nd/c: 3");
    expect(world.local.own("undo").has("0123456789abcdef/a")).toBe(true);
    await world.assertAlways();
  },
);

test("S27, S78: an absence that is in doubt while the index is new is no removal when it is certain later", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  keepCopy(world);
  lose(world);
  const node = present(world.index.synced.childByKey(rootNode, pathKeyOf("a")), "a").node;
  const row = present(world.index.local.get(node), "its row");
  world.index.transaction(() => world.index.local.put({ ...row, absentAt: 1 }));
  distrustOldAgreement(world.deps);
  expect(world.index.synced.get(node)).toBeUndefined();
  await world.sync();
  expect(await world.both()).toBe("a: 1\nb: 2");
  await world.assertAlways();
});
