import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";

const named = (tree: string): string =>
  tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC");

const lost = (): never => {
  throw new TypeError("fetch failed");
};

test("E1: an upload whose answer was lost is made once (S57, S83)", async () => {
  await using world = await World.open();
  world.local.write("f", "1");
  world.wire.after("/files/upload", lost);
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  expect(await world.remote.revisions("f")).toBe(1);
  await world.assertAlways();
});

test("E3: a move whose answer was lost ends in the same tree, without a transfer (S61, S76)", async () => {
  await using world = await World.synced("d/f: 0\nd/g: 1");
  world.local.move("d", "e");
  world.wire.after("/move_v2", lost);
  await world.sync();
  expect(await world.both()).toBe("e/f: 0\ne/g: 1");
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("E13: a removal that the server takes back is not carried out (S33)", async () => {
  await using world = await World.synced("f: 0");
  const inode = world.local.inode("f");
  await world.remote.takeOut("f");
  world.hooks.before("remote.get", () => world.remote.bringBack("f"));
  await world.sync();
  expect(await world.both()).toBe("f: 0");
  expect(world.local.inode("f")).toBe(inode);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("E13 for moves: a rename that the server takes back is not carried out (S33)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.move("f", "g");
  world.hooks.before("remote.get", () => world.remote.move("g", "f"));
  const report = await world.syncOnce();
  expect(await world.both()).toBe("f: 0");
  expect(report.counts.movedLocal).toBe(0);
  await world.assertAlways();
});

test("S33: of many removals in one folder the folder is asked once, and each is confirmed", async () => {
  const tree = Array.from({ length: 12 }, (_, file) => `d/${file}: content ${file}`).join("\n");
  await using world = await World.synced(tree);
  const inode = world.local.inode("d/3");
  for (let file = 0; file < 10; file += 1) await world.remote.takeOut(`d/${file}`);
  world.wire.before("/list_folder", () => world.remote.bringBack("d/3"));
  world.wire.forget();
  await world.sync();
  expect(await world.both()).toBe("d/10: content 10\nd/11: content 11\nd/3: content 3");
  expect(world.local.inode("d/3")).toBe(inode);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  expect(world.wire.calls("/list_folder")).toBe(1);
  await world.assertAlways();
});

test("E7: a download with one wrong byte is fetched again, and never seen (S64, S66)", async () => {
  await using world = await World.synced("f: zero");
  await world.remote.write("f", "right");
  const seen: string[] = [];
  world.hooks.before("local.perform", () => void seen.push(world.local.read("f")));
  world.wire.answer("/files/download", async (response) => {
    const text = (await response.text()).replace("right", "wrong");
    return new Response(text, { status: response.status, headers: response.headers });
  });
  await world.sync();
  expect(await world.both()).toBe("f: right");
  expect(seen).toEqual(["zero"]);
  expect(world.wire.transfers().downloads).toBe(2);
  await world.assertAlways();
});

test("E15: an edit there between plan and commit is a conflict, not a loss (S57)", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  world.wire.before("/files/upload", async () => void (await world.remote.write("f", "2")));
  await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  await world.assertAlways();
});

test("S53: an edit here right after the look at the disk is a conflict, not a loss (S64)", async () => {
  await using world = await World.synced("f: 0\ng: 1\nd/h: 2");
  await world.remote.write("f", "theirs");
  await world.remote.remove("g");
  await world.remote.remove("d");
  world.hooks.before("local.writeMarker", () => {
    world.local.write("f", "mine");
    world.local.write("g", "kept");
    world.local.write("d/h", "kept too");
  });
  await world.sync();
  expect(named(await world.both())).toBe("d/h: kept too\nf: theirs\nf CC: mine\ng: kept");
  await world.assertAlways();
});

test("S57: an edit here right after the look at the disk is what goes up, in the same sync", async () => {
  await using world = await World.open();
  world.local.write("f", "first");
  world.hooks.before("local.writeMarker", () => world.local.write("f", "later"));
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 0, counts: { uploaded: 1 } });
  expect(await world.both()).toBe("f: later");
  expect(await world.remote.revisions("f")).toBe(1);
  await world.assertAlways();
});

test("S53: an edit here between plan and replacement is a conflict, not a loss (S64)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.write("f", "2");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  await world.assertAlways();
});

test("S53: an edit here while a removal from there is under way stays (S69)", async () => {
  await using world = await World.synced("f: 0");
  await world.remote.remove("f");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  await world.assertAlways();
});

test("S53: a file that is saved here where one is about to come down is kept (S64)", async () => {
  await using world = await World.open();
  await world.remote.write("f", "2");
  world.hooks.before("local.perform", () => world.local.write("f", "1"));
  await world.sync();
  expect(named(await world.both())).toBe("f: 2\nf CC: 1");
  await world.assertAlways();
});

test("S84: without a line the sync ends with 7, and the next one goes on", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  world.local.write("g", "2");
  let isDown = true;
  const down = (): void => {
    if (!isDown) return;
    world.wire.before("", down);
    lost();
  };
  world.wire.before("", down);
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "offline", exit: 7 });
  isDown = false;
  await world.sync();
  expect(await world.both()).toBe("f: 1\ng: 2");
  await world.assertAlways();
});

test("P9: one file that cannot come down is parked, and the others come (S85, S86)", async () => {
  await using world = await World.open();
  for (const name of ["a", "b", "c"]) await world.remote.write(name, name);
  world.hooks.before("local.stage", () => {
    throw new SnapError("permission-denied", "May not be written");
  });
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 4, upToDate: false, counts: { downloaded: 2 } });
  expect(report.left).toMatchObject([{ kind: "parked", reason: "May not be written" }]);
  expect(world.index.parked()).toMatchObject([{ kind: "L.put", attempts: 1 }]);
  expect((await world.syncOnce()).exit).toBe(0);
  expect(await world.both()).toBe("a: a\nb: b\nc: c");
  expect(world.index.parked()).toEqual([]);
  await world.assertAlways();
});

test("G6: a name with a newline and escape characters is synced (X16)", async () => {
  await using world = await World.open();
  const name = "a\nb\u001b[2Jc";
  world.local.write(name, "1");
  const report = await world.sync();
  expect([...(await world.remote.tree()).keys()]).toEqual([name]);
  expect(report.exit).toBe(0);
  await world.assertAlways();
});

test.each(["..", ".", "a\\\\b", "\\u0000", "/etc"])(
  "G7: a name of the server that no disk may be given is refused: %j (X1)",
  async (name) => {
    await using world = await World.open();
    await world.remote.write("evil", "1");
    await world.remote.write("good", "2");
    const forge = async (response: Response): Promise<Response> => {
      world.wire.answer("/list_folder/continue", forge);
      const text = (await response.text())
        .replaceAll('"evil"', `"${name}"`)
        .replaceAll('/evil"', `/${name}"`);
      return new Response(text, { status: response.status, headers: response.headers });
    };
    world.wire.answer("/list_folder/continue", forge);
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    expect(report.left).toMatchObject([{ kind: "refused" }]);
    expect(world.localText()).toBe("good: 2");
    expect(await world.remoteText()).toBe("evil: 1\ngood: 2");
  },
);
