import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { quickDisk } from "../local/stopping-disk.ts";
import { pathOfCall, watchedDisk, whereIs } from "../support/watched-disk.ts";
import { World } from "../support/world.ts";

const components = ["a", "b", "c", "d", "e"];
const deep = components.join("/");

/** A folder outside of the workspace, with what must not change in it. */
class Outside {
  readonly top: string;
  /** Where a folder of the workspace can be put meanwhile, on the same disk. */
  readonly aside: string;

  constructor(world: World) {
    this.top = `${path.dirname(world.local.top)}-outside`;
    this.aside = `${this.top}-aside`;
    fs.mkdirSync(path.join(this.top, "b/c/d/e"), { recursive: true });
    for (const file of ["f", "b/f", "b/c/f", "b/c/d/f", "b/c/d/e/f"]) {
      fs.writeFileSync(path.join(this.top, file), "outside");
    }
  }

  /** Names, contents and times. */
  picture(): string {
    const lines = fs
      .readdirSync(this.top, { recursive: true, withFileTypes: true })
      .map((entry) => {
        const place = path.join(entry.parentPath, entry.name);
        const { mtimeNs, ctimeNs } = fs.lstatSync(place, { bigint: true });
        return `${place} ${mtimeNs} ${ctimeNs} ${entry.isFile() ? fs.readFileSync(place, "utf8") : ""}`;
      });
    return lines.toSorted().join("\n");
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.top, { recursive: true });
  }
}

test.each(components.map((_, at) => components.slice(0, at + 1).join("/")))(
  "S55, X2: a link in place of %s leads nowhere, whatever the server wants done behind it",
  async (linked) => {
    await using world = await World.synced(`${deep}/f: 0\n${deep}/gone: 1\n${deep}/from: 2\nz: 3`);
    using outside = new Outside(world);
    const before = outside.picture();
    await world.remote.write(`${deep}/f`, "replaced");
    await world.remote.write(`${deep}/new`, "new");
    await world.remote.remove(`${deep}/gone`);
    await world.remote.move(`${deep}/from`, `${deep}/to`);
    await world.remote.write("z", "4");
    fs.renameSync(world.local.at(linked), outside.aside);
    fs.symlinkSync(outside.top, world.local.at(linked));
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    expect(outside.picture()).toBe(before);
    expect(world.local.read("z")).toBe("4");
    fs.unlinkSync(world.local.at(linked));
    fs.renameSync(outside.aside, world.local.at(linked));
    await world.sync();
    expect(outside.picture()).toBe(before);
    expect(world.local.read(`${deep}/f`)).toBe("replaced");
    await world.both();
    await world.assertAlways();
  },
);

test("X3: a folder that becomes a link at any call of a sync leads nowhere", async () => {
  await using world = await World.synced("docs/f: 0\ndocs/sub/g: 0\nkeep: k");
  using outside = new Outside(world);
  const before = outside.picture();
  const [docs, moved] = [world.local.at("docs"), outside.aside];
  let isOver = false;
  for (let at = 1; !isOver; at += 23) {
    await world.remote.write("docs/f", `f ${at}`);
    await world.remote.write("docs/sub/g", `g ${at}`);
    await world.remote.write(`docs/new ${at}`, `new ${at}`);
    let calls = 0;
    world.disk = watchedDisk(quickDisk, {
      before: () => {
        calls += 1;
        if (calls !== at) return;
        fs.renameSync(docs, moved);
        fs.symlinkSync(outside.top, docs);
      },
    });
    world.restart();
    await world.syncOnce();
    expect(outside.picture(), `swapped at call ${at}`).toBe(before);
    isOver = calls < at;
    world.disk = quickDisk;
    if (!isOver) {
      fs.unlinkSync(docs);
      fs.renameSync(moved, docs);
    }
    world.restart();
    await world.sync();
    await world.remote.remove(`docs/new ${at}`);
    await world.sync();
    expect(await world.both()).toBe(`docs/f: f ${at}\ndocs/sub/g: g ${at}\nkeep: k`);
  }
  // What went on in the open folder itself stayed in it, wherever it had been put.
  expect(outside.picture()).toBe(before);
});

test("X4: links to outside, to a sibling, to themselves and to nothing are listed and left alone", async () => {
  await using world = await World.synced("f: 0\nd/g: 1");
  using outside = new Outside(world);
  const before = outside.picture();
  const links: readonly (readonly [string, string])[] = [
    ["to outside", outside.top],
    ["to a file outside", path.join(outside.top, "f")],
    ["to a sibling", "f"],
    ["to a folder", "d"],
    ["to itself", "to itself"],
    ["to nothing", "nowhere"],
    ["d/up", ".."],
  ];
  for (const [name, target] of links) fs.symlinkSync(target, world.local.at(name));
  const report = await world.sync(0);
  expect(await world.remoteText()).toBe("d/g: 1\nf: 0");
  expect(report.left.map(({ path: left }) => left).toSorted()).toEqual(
    links.map(([name]) => name).toSorted(),
  );
  expect(new Set(report.left.map(({ kind }) => kind))).toEqual(new Set(["unsynced"]));
  await world.remote.remove("d");
  await world.sync();
  for (const [name, target] of links) expect(fs.readlinkSync(world.local.at(name))).toBe(target);
  expect(outside.picture()).toBe(before);
  await world.assertAlways();
});

test("X5: over whole syncs our side unlinks below .snap only, and removes no folder that holds anything", async () => {
  await using world = await World.synced("a: 1\nb: 2\nd/x: 3\nd/sub/y: 4\ne/z: 5\nboth: 6");
  const removed: string[] = [];
  world.disk = watchedDisk(quickDisk, {
    before: (call) => {
      if (call.name !== "unlink" && call.name !== "rmdir") return;
      const place = whereIs(pathOfCall(call)).slice(world.local.top.length + 1);
      if (call.name === "unlink" || !place.startsWith(".snap/"))
        removed.push(`${call.name} ${place}`);
    },
  });
  world.restart();
  await world.remote.remove("d");
  await world.remote.write("a", "edited");
  await world.remote.move("e", "f");
  await world.remote.remove("b");
  await world.remote.write("b/now/a/folder", "7");
  await world.remote.write("both", "theirs");
  world.local.write("both", "mine");
  await world.sync(0);
  await world.both();
  expect(removed.length).toBeGreaterThan(3);
  expect(removed.filter((line) => !line.startsWith("unlink .snap/"))).toEqual([]);
  await world.assertAlways();
});

test("X7: a hard link outside of the workspace keeps its content when its file is replaced or removed", async () => {
  await using world = await World.synced("f: 0\ng: 1");
  using outside = new Outside(world);
  const names = ["f", "g"].map((name) => {
    fs.linkSync(world.local.at(name), path.join(outside.top, `${name} kept`));
    return path.join(outside.top, `${name} kept`);
  });
  await world.remote.write("f", "2");
  await world.remote.remove("g");
  await world.sync(0);
  expect(await world.both()).toBe("f: 2");
  expect(names.map((name) => fs.readFileSync(name, "utf8"))).toEqual(["0", "1"]);
  await world.assertAlways();
});

test("X8: a pipe or a socket in place of a file, swapped in at any call, never hangs the sync", async () => {
  await using world = await World.synced("d/f: 0");
  const file = world.local.at("d/f");
  let isOver = false;
  for (let at = 1; !isOver; at += 23) {
    await world.remote.write("d/f", `f ${at}`);
    let calls = 0;
    world.disk = watchedDisk(quickDisk, {
      before: () => {
        calls += 1;
        if (calls !== at) return;
        fs.rmSync(file, { force: true });
        execFileSync("mkfifo", [file]);
      },
    });
    world.restart();
    await world.syncOnce();
    isOver = calls < at;
    world.disk = quickDisk;
    world.restart();
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isFIFO() === true) fs.unlinkSync(file);
    await world.sync();
    if ((await world.both()) === "") await world.remote.write("d/f", "again");
  }
});

test("X9: a file is 0600 while it is staged, then has the mode of the one it replaces, else the umask's", async () => {
  await using world = await World.synced("old: 0\nexec: 1");
  fs.chmodSync(world.local.at("old"), 0o640);
  fs.chmodSync(world.local.at("exec"), 0o4755);
  const modes = new Set<number>();
  world.disk = watchedDisk(quickDisk, {
    after: ({ name, parameters }) => {
      if (name !== "write") return;
      modes.add(fs.fstatSync(Number(parameters[0])).mode & 0o7777);
    },
  });
  world.restart();
  for (const name of ["old", "exec", "new"]) await world.remote.write(name, `${name} of there`);
  await world.sync(0);
  expect([...modes]).toEqual([0o600]);
  const now = ["old", "exec", "new"].map((name) => fs.statSync(world.local.at(name)).mode & 0o7777);
  expect(now).toEqual([0o640, 0o755, 0o666 & ~process.umask()]);
  await world.assertAlways();
});
