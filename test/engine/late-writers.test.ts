import fs from "node:fs";
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { rootNode, type LocalEntry } from "../../src/core/tree/node.ts";
import { lateWriteMs, noteDisplaced } from "../../src/engine/execute/late-writers.ts";
import { present } from "../../src/std/assert.ts";
import { SnapError } from "../../src/std/error.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

/** A program keeps `f` open while a download replaces it. */
async function heldOpen(
  tree = "f.txt: old",
  file = "f.txt",
): Promise<{ world: World; fd: number }> {
  const world = await World.synced(tree);
  const fd = fs.openSync(world.local.at(file), "r+");
  await world.remote.write(file, "new");
  await world.sync();
  return { world, fd };
}

function write(fd: number, text: string): void {
  fs.writeSync(fd, text);
  fs.closeSync(fd);
}

const named = (tree: string): string =>
  tree.replaceAll(/ \(recovered edit \d{4}-\d\d-\d\d( \d)?\)/g, " RE$1");

/** Files in the trash, without the areas that they are in. */
const trash = (world: World): readonly string[] =>
  [...world.local.own("trash")]
    .filter(([, hash]) => hash !== "")
    .map(([name]) => name.slice(name.indexOf("/") + 1));

const recovered = (world: World): string =>
  [...world.local.tree().keys()].find((name) => name.includes("(recovered edit ")) ?? "none";

test("S65: what a program wrote to a file that had been replaced comes back beside its place", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  write(fd, "late words");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect([...world.local.tree().keys()].map(named).toSorted()).toEqual(["f RE.txt", "f.txt"]);
  expect(world.local.read("f.txt")).toBe("new");
  expect(world.local.read(recovered(world))).toBe("late words");
  expect(await world.remoteText()).toBe(world.localText());
  expect(trash(world)).toEqual([]);
  await world.assertAlways();
});

test("S20, S65: an edit under another hard link of a replaced file is an edit of that name, and no late one", async () => {
  await using world = await World.open();
  world.local.write("x", "one");
  fs.linkSync(world.local.at("x"), world.local.at("y"));
  await world.sync();
  await world.remote.write("x", "two");
  await world.sync();
  const fd = fs.openSync(world.local.at("y"), "r+");
  world.contents.wrote("y", Buffer.from("three"), undefined);
  write(fd, "three");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(await world.both()).toBe("x: two\ny: three");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(await world.both()).toBe("x: two\ny: three");
  expect(trash(world)).toEqual(["x"]);
});

test("S65: within a minute nothing is decided, after it what rests unchanged goes at the next sync", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  fs.closeSync(fd);
  expect(trash(world)).toHaveLength(1);
  world.clock.advance(lateWriteMs - 1);
  await world.sync();
  expect(trash(world)).toHaveLength(1);
  world.clock.advance(1);
  await world.sync();
  expect(world.local.own("trash").size).toBe(0);
  expect(world.index.displaced.after(undefined, 9)).toEqual([]);
  expect(await world.both()).toBe("f.txt: new");
});

test("S65: a sync in which a minute passes finds the late edit, and removes nothing", async () => {
  await using world = await World.synced("f: old\ng: old too");
  const fd = fs.openSync(world.local.at("f"), "r+");
  for (const file of ["f", "g"]) await world.remote.write(file, `new ${file}`);
  world.hooks.before("local.removeArea", () => {
    write(fd, "late");
    world.clock.advance(lateWriteMs);
  });
  // The second cycle of the same sync looks; the file without a late edit stays for a later one.
  await world.syncOnce();
  expect(recovered(world)).toContain("f (recovered edit ");
  expect(trash(world)).toHaveLength(1);
  await world.sync();
  await world.both();
});

test("S65, S18: a stamp that changed over the same bytes is no edit", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  write(fd, "old");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(await world.both()).toBe("f.txt: new");
  expect(world.local.own("trash").size).toBe(0);
});

test("S65: an edit of equal length and with its time set back is seen", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  const { atimeMs, mtimeMs } = fs.fstatSync(fd);
  fs.writeSync(fd, "OLD");
  fs.futimesSync(fd, atimeMs / 1000, mtimeMs / 1000);
  fs.closeSync(fd);
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(world.local.read(recovered(world))).toBe("OLD");
});

test("S65: content that Dropbox never had stays in the trash for its days", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await world.remote.remove("a");
  await world.remote.write("b", "3");
  await world.sync();
  world.clock.advance(lateWriteMs);
  await world.sync();
  await world.sync();
  expect(trash(world)).toEqual(["a"]);
});

test("S65: only content that both sides had agreed on is given up", async () => {
  await using world = await World.synced("f: 1\ng: 2");
  const { index } = world;
  const place = { area: { kind: "trash", id: "20261122-00ff" }, path: parseRelPath("f") } as const;
  const outcome = {
    state: "done",
    stat: undefined,
    putBack: [],
    leftover: false,
    displaced: { place, stamp: "1 2 3" },
  } as const;
  const noted = (change: Partial<LocalEntry>): number => {
    index.transaction(() => {
      const row = present([...index.local.children(rootNode)][0], "f");
      index.local.put({ ...row, ...change });
      const { node, parent, name } = row;
      const after = { ...row, hash: row.hash ?? "", localName: undefined };
      const op = {
        kind: "L.put",
        node,
        parent,
        name,
        path: parseRelPath("f"),
        before: row,
        after,
      } as const;
      noteDisplaced(world.deps, op, outcome);
    });
    return index.displaced.after(undefined, 9).length;
  };
  expect(noted({ hash: "of an edit" })).toBe(0);
  expect(noted({ hash: undefined })).toBe(0);
  expect(noted({ hash: [...index.synced.children(rootNode)][0]?.hash })).toBe(1);
});

test("S65: two late edits of one name are both kept", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  const second = fs.openSync(world.local.at("f.txt"), "r+");
  await world.remote.write("f.txt", "newer");
  await world.sync();
  write(fd, "first late");
  write(second, "second late");
  world.clock.advance(lateWriteMs);
  await world.sync();
  const names = named([...world.local.tree().keys()].join("\n"));
  expect(names.split("\n").toSorted()).toEqual(["f RE 2.txt", "f RE.txt", "f.txt"]);
  await world.both();
  await world.assertAlways();
});

test("S65: where the folder of the file is gone, the edit comes back in the nearest one that is there", async () => {
  const { world, fd } = await heldOpen("a/b/f: old\na/x: 1", "a/b/f");
  await using _world = world;
  await world.remote.remove("a/b");
  await world.sync();
  write(fd, "late");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(named([...world.local.tree().keys()].toSorted().join(" "))).toBe("a a/f RE a/x");
  await world.both();
});

test("S65: a trash that somebody emptied, or filled with something else, is nobody's business", async () => {
  for (const meddle of [
    (place: string): void => fs.rmSync(place),
    (place: string): void => {
      fs.rmSync(place);
      fs.symlinkSync("/etc/passwd", place);
    },
  ]) {
    const { world, fd } = await heldOpen();
    await using _world = world;
    fs.closeSync(fd);
    const [name = ""] = [...world.local.own("trash").keys()].filter((own) => own.endsWith("f.txt"));
    meddle(world.local.at(`.snap/trash/${name}`));
    world.clock.advance(lateWriteMs);
    await world.sync();
    expect(await world.both()).toBe("f.txt: new");
    expect(world.index.displaced.after(undefined, 9)).toEqual([]);
  }
});

test("X26: a row that names no area of ours removes nothing", async () => {
  await using world = await World.synced("f: 1");
  const row = { path: parseRelPath("f"), hash: "h", stamp: "s", since: 0 };
  fs.mkdirSync(world.local.at(".snap/trash/mine"), { recursive: true });
  fs.writeFileSync(world.local.at(".snap/trash/mine/f"), "mine");
  for (const area of ["mine", "../../..", ".."]) {
    world.index.transaction(() => world.index.displaced.put({ ...row, area }));
  }
  await world.sync();
  expect(fs.readFileSync(world.local.at(".snap/trash/mine/f"), "utf8")).toBe("mine");
  expect(await world.both()).toBe("f: 1");
  expect(world.index.displaced.after(undefined, 9)).toEqual([]);
});

test("P9: a file that is written to right now is left to the next sync, and stops nothing", async () => {
  const { world, fd } = await heldOpen();
  await using _world = world;
  write(fd, "late");
  await world.remote.write("other", "1");
  world.clock.advance(lateWriteMs);
  const keepBusy = (): void =>
    world.hooks.before("local.hash", (path) => {
      keepBusy();
      if (!String(path).startsWith(".snap/")) return;
      throw new SnapError("volatile", "It changes while it is read");
    });
  keepBusy();
  await world.sync();
  expect(await world.both()).toBe("f.txt: new\nother: 1");
  world.restart();
  await world.sync();
  expect(world.local.read(recovered(world))).toBe("late");
});

test.each(["before", "after"] as const)(
  "S74: killed %s the edit comes back, the next sync finishes it and makes no second one",
  async (when) => {
    const { world, fd } = await heldOpen();
    await using _world = world;
    write(fd, "late");
    world.clock.advance(lateWriteMs);
    world.hooks[when]("local.perform", () => world.hooks.kill());
    await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
    world.restart();
    world.clock.advance(24 * 3_600_000);
    await world.sync();
    expect(named([...world.local.tree().keys()].toSorted().join(" "))).toBe("f RE.txt f.txt");
    await world.both();
    await world.assertAlways();
  },
);

test("S74, S65: what a download displaced before a kill is looked at, too", async () => {
  await using world = await World.synced("f: old");
  const fd = fs.openSync(world.local.at("f"), "r+");
  await world.remote.write("f", "new");
  world.hooks.after("local.perform", () => world.hooks.kill());
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  await world.sync();
  write(fd, "late");
  world.clock.advance(lateWriteMs);
  await world.sync();
  expect(world.local.read(recovered(world))).toBe("late");
});
