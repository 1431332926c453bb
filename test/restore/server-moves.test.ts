/** What stands elsewhere in Dropbox is moved or copied there, in batches (T6, T24). */
import { expect, test } from "vitest";
import { RestoreWorld } from "./restore-world.ts";

function uploads({ world }: RestoreWorld): number {
  return world.wire.transfers().uploads;
}

/** `S` holds `before`; then both sides are as `now` says. */
async function after(before: string, now: string): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(before);
  await world.capture("S");
  world.write(now);
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

/** `c` is in the snapshot and was never in Dropbox; what it holds is, as `a`. */
async function neverUploaded(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("a: 1");
  world.write("d/c: 1");
  await world.capture("S");
  world.write("-d/c\n-d");
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

test("T24: what was renamed has its name again by a move, under its id, and an undo moves it back", async () => {
  await using world = await after("a: 1\nd/b: 2", "-a\nd/c: 1");
  const id = await world.world.remote.id("d/c");
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 0, moved: 1, uploadedBytes: 0 });
  expect(report.reverted).toBeUndefined();
  expect(await world.world.both()).toBe("a: 1\nd/b: 2");
  expect(await world.world.remote.id("a")).toBe(id);
  expect(await world.undo()).toMatchObject({ exit: 0, moved: 1, uploadedBytes: 0 });
  expect(await world.world.both()).toBe("d/b: 2\nd/c: 1");
  expect(await world.world.remote.id("d/c")).toBe(id);
  expect(uploads(world)).toBe(0);
  expect(world.world.wire.calls("files/move_batch_v2")).toBe(2);
  await world.assertQuiet();
});

test.each(["old", "zoo"])(
  "T24: a folder that was renamed to %j is moved by one call, with all that it holds",
  async (name) => {
    const edit = `-p/a\n-p/q/b\n-p/q\n-p\n${name}/a: 1\n${name}/q/b: 2`;
    await using world = await after("p/a: 1\np/q/b: 2\nx: 3", edit);
    const id = await world.world.remote.id(name);
    expect(await world.restore()).toMatchObject({ exit: 0, moved: 2, uploadedBytes: 0 });
    expect(await world.world.both()).toBe("p/a: 1\np/q/b: 2\nx: 3");
    expect(await world.world.remote.id("p")).toBe(id);
    const writes = world.world.wire.writes().map(({ route }) => route.replace("/2/files/", ""));
    expect(writes).toEqual(["move_batch_v2", "move_batch/check_v2"]);
    const { index, tokens } = world.world.deps;
    const wanted = [...index.remote.all()].map(({ node }) => tokens.wanted(node));
    expect(
      wanted.filter((one) => one !== undefined),
      "consent that is left over",
    ).toEqual([]);
    await world.assertQuiet();
  },
);

test("T26: an edit in a folder that moves goes along and comes down; what was taken out of it is put there anew", async () => {
  const edit = "-p/a\n-p/b\n-p/c\n-p\nold/a: 1\nold/b: 2\nold/c: 3";
  await using world = await after("p/a: 1\np/b: 2\np/c: 3", edit);
  world.world.wire.before("files/move_batch_v2", async () => {
    await world.world.remote.write("old/a", "late");
    await world.world.remote.remove("old/b");
    await world.world.remote.write("old/new", "4");
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["p/a"], uploadedBytes: 0 });
  expect(await world.world.both()).toBe("p/a: late\np/b: 2\np/c: 3\np/new: 4");
  await world.assertQuiet();
});

test("T24: what never was there is copied from where it stands", async () => {
  await using world = await neverUploaded();
  expect(await world.restore()).toMatchObject({ exit: 0, copied: 1, uploadedBytes: 0 });
  expect(await world.world.both()).toBe("a: 1\nd/c: 1");
  expect(uploads(world)).toBe(0);
  await world.assertQuiet();
});

test("T24: a copy of an edit is one too many: it goes again, and the content is uploaded", async () => {
  await using world = await neverUploaded();
  world.world.wire.before("files/copy_batch_v2", async () => {
    await world.world.remote.write("a", "late");
  });
  expect(await world.restore()).toMatchObject({ exit: 0, uploadedBytes: 1 });
  expect(await world.world.both()).toBe("a: late\nd/c: 1");
  await world.assertQuiet();
});

test("T26: an edit that a move takes along keeps the new name, and ours stands beside it", async () => {
  await using world = await after("a: 1", "-a\nb: 1");
  world.world.wire.before("files/move_batch_v2", async () => {
    await world.world.remote.write("b", "late");
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  expect(await world.world.both()).toMatch(/^a: late\na \(conflicted copy box .*\): 1$/);
  await world.assertQuiet();
});

test("T24: where the source of a move is gone, a revision of the place has its turn", async () => {
  await using world = await after("a: 1", "-a\nb: 1");
  world.world.wire.before("files/move_batch_v2", async () => {
    await world.world.remote.remove("b");
  });
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 0, reverted: 1, uploadedBytes: 0 });
  expect(report.moved).toBeUndefined();
  expect(await world.world.both()).toBe("a: 1");
  await world.assertQuiet();
});

test("T25: a move never goes over what came to its place", async () => {
  await using world = await after("a: 1", "-a\nb: 1");
  world.world.wire.before("files/move_batch_v2", async () => {
    await world.world.remote.write("a", "late");
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  expect(await world.world.both()).toMatch(/^a: late\na \(conflicted copy box .*\): 1$/);
  await world.assertQuiet();
});

test("T25: an edit that another edit hides stands beside it, and is listed", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.before("files/restore", async () => {
    await world.world.remote.write("a", "first");
  });
  world.world.wire.after("files/restore", async () => {
    await world.world.remote.write("a", "second");
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  const both = await world.world.both();
  const contents = both.split("\n").map((line) => line.split(": ")[1]);
  expect(contents[0], "the name is that of the later one").toBe("second");
  expect(new Set(contents)).toEqual(new Set(["1", "2", "first", "second"]));
  await world.assertQuiet();
});
