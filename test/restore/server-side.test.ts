/** What Dropbox still holds is put back by Dropbox (T6, T24, T25). */
import { expect, test } from "vitest";
import { RestoreWorld } from "./restore-world.ts";

const snapshot = "a: 1\nd/b: 2";

/** Uploads since the wire was told to forget. */
function uploads({ world }: RestoreWorld): number {
  return world.wire.transfers().uploads;
}

/** The restore meets somebody's edit of `a`: that has the name, and ours stands beside it (T26). */
async function expectLate(world: RestoreWorld): Promise<void> {
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  expect(await world.world.both()).toMatch(/^a: late\na \(conflicted copy box .*\): 1\nd\/b: 2$/);
}

test("T6: what was edited and deleted comes back without a byte, under its id, and an undo uploads nothing either", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5\n-d/b");
  const id = await world.world.remote.id("a");
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 0, state: "done", uploadedBytes: 0, reverted: 2 });
  expect(await world.world.both()).toBe(snapshot);
  expect(await world.world.remote.id("a")).toBe(id);
  expect(uploads(world)).toBe(0);
  expect(world.world.wire.calls("files/restore")).toBe(2);
  const told = world.events.filter((event) => event.type === "progress" && event.step === "serve");
  expect(told.map((event) => "done" in event && event.done)).toEqual([0, 1, 2, 2]);
  const undone = await world.undo();
  expect(undone).toMatchObject({ exit: 0, uploadedBytes: 0, reverted: 2 });
  expect(await world.world.both()).toBe("a: 9\nd/\nnew: 5");
  expect(uploads(world)).toBe(0);
  await world.assertQuiet();
});

test("T6: an edit in Dropbox that never came down is reverted there", async () => {
  await using world = await RestoreWorld.synced(snapshot);
  await world.capture("S");
  await world.world.remote.write("a", "8");
  world.world.wire.forget();
  expect(await world.restore()).toMatchObject({ exit: 0, reverted: 1, uploadedBytes: 0 });
  expect(await world.world.both()).toBe(snapshot);
  expect(uploads(world)).toBe(0);
  await world.assertQuiet();
});

test("T24: a folder that is gone is made once, and what was in it put back below it", async () => {
  await using world = await RestoreWorld.synced("d/e/a: 1\nd/e/b: 2\nc: 3");
  await world.capture("S");
  for (const name of ["d/e/a", "d/e/b", "d/e", "d"]) world.world.local.remove(name);
  await world.world.sync();
  world.world.wire.forget();
  expect(await world.restore()).toMatchObject({ exit: 0, reverted: 2, uploadedBytes: 0 });
  expect(await world.world.both()).toBe("c: 3\nd/e/a: 1\nd/e/b: 2");
  expect(world.world.wire.calls("files/create_folder_batch")).toBe(1);
  expect(uploads(world)).toBe(0);
  await world.assertQuiet();
});

test("T24: content that was never in Dropbox is uploaded, and nothing else is", async () => {
  await using world = await RestoreWorld.synced("a: 1\nb: 2");
  world.write("mine: 7");
  await world.capture("S");
  world.world.local.remove("mine");
  world.write("a: 9");
  await world.world.sync();
  world.world.wire.forget();
  expect(await world.restore()).toMatchObject({ exit: 0, reverted: 1, uploadedBytes: 1 });
  expect(await world.world.both()).toBe("a: 1\nb: 2\nmine: 7");
  expect(uploads(world)).toBe(1);
  await world.assertQuiet();
});

test("T25: an edit before the call is not touched: it keeps the name, and ours stands beside it", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.before("files/list_revisions", async () => {
    await world.world.remote.write("a", "late");
  });
  await expectLate(world);
  expect(world.world.wire.calls("files/restore")).toBe(0);
  await world.assertQuiet();
});

test("T25: an edit between look and call has its name again, and ours stands beside it", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.before("files/restore", async () => {
    await world.world.remote.write("a", "late");
  });
  await expectLate(world);
  await world.assertQuiet();
});

test("T25: an edit right after the call is a true conflict for the push", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.after("files/restore", async () => {
    await world.world.remote.write("a", "late");
  });
  await expectLate(world);
  await world.assertQuiet();
});

test("T24: where a revision cannot be put back its content is uploaded", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.answer("files/list_revisions", async (response) => {
    const told = await response.text();
    const revs = [...told.matchAll(/"rev":\s*"([0-9a-f]+)"/gu)].map(([, rev = ""]) => rev);
    const unknown = told.replaceAll(revs.at(-1) ?? "", "0123456789abcdef");
    return new Response(unknown, response);
  });
  expect(await world.restore()).toMatchObject({ exit: 0, uploadedBytes: 1 });
  expect(world.world.wire.calls("files/restore")).toBe(1);
  expect(await world.world.both()).toBe(snapshot);
  await world.assertQuiet();
});

test("T25: a lost answer is healed: the next look knows our own revision", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.after("files/restore", () => {
    throw new TypeError("fetch failed");
  });
  expect(await world.restore()).toMatchObject({ exit: 0, state: "done", late: [] });
  expect(await world.world.both()).toBe(snapshot);
  expect(uploads(world)).toBe(0);
  await world.assertQuiet();
});

test.each(["files/list_revisions", "files/create_folder_batch"])(
  "T24: where the server fails at every %s, the push uploads",
  async (route) => {
    await using world = await RestoreWorld.afterSnapshot("a: 9\n-d/b\n-d");
    world.world.admin.setFaults([{ match: { route }, fault: { kind: "status", status: 500 } }]);
    const report = await world.restore();
    world.world.admin.setFaults([]);
    expect(report).toMatchObject({ exit: 0, uploadedBytes: 2 });
    expect(await world.world.both()).toBe(snapshot);
    await world.assertQuiet();
  },
);
