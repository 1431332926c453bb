import { expect, test } from "vitest";
import { RestoreWorld } from "./restore-world.ts";

const now = "a: 9\nnew: 5";
const snapshot = "a: 1\nd/b: 2";
const before = "a: 9\nd/b: 2\nnew: 5";

test("§14, 1: both sides become the snapshot; what was there is in the undo area and in the safety snapshot", async () => {
  await using world = await RestoreWorld.afterSnapshot(now);
  const id = await world.world.remote.id("a");
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 0, state: "done", left: [], late: [] });
  expect(await world.world.both()).toBe(snapshot);
  expect(await world.world.remote.id("a")).toBe(id);
  expect(await world.contentOf(report.safety.local)).toBe("a: 9\nnew: 5");
  const undo = world.world.local.own("undo");
  expect(undo.has(`${report.restore}/new`)).toBe(true);
  expect(report.counts.local).toMatchObject({ replace: 1, delete: 1, create: 0 });
  await world.assertQuiet();
});

test("§14, 2: without consent nothing changes and the plan is told", async () => {
  await using world = await RestoreWorld.afterSnapshot(now);
  const picture = world.world.local.picture();
  await expect(world.restore({ consent: { by: "none" } })).rejects.toMatchObject({
    code: "consent-needed",
    exit: 3,
  });
  expect(world.world.local.picture()).toBe(picture);
  expect(await world.world.both()).toBe(before);
  expect(world.events.map(({ type }) => type)).toEqual(["plan"]);
});

test("§14, 3: local work that was never uploaded is saved first, and makes no conflicted copy", async () => {
  await using world = await RestoreWorld.synced(snapshot);
  await world.capture("S");
  world.write("a: 9\nmine: 7");
  const report = await world.restore();
  expect(report.exit).toBe(0);
  expect(await world.world.both()).toBe(snapshot);
  expect(await world.contentOf(report.safety.local)).toBe("a: 9\nmine: 7");
  await world.assertQuiet();
});

test("§14, 4: an edit in Dropbox that never came down is named, saved by its rev and reverted", async () => {
  await using world = await RestoreWorld.synced(snapshot);
  await world.capture("S");
  const rev = await world.world.remote.write("a", "8");
  const report = await world.restore();
  expect(report.exit).toBe(0);
  expect(await world.world.both()).toBe(snapshot);
  const plan = world.events.find((event) => event.type === "plan");
  expect(plan?.plan.loses.remoteNewer.map(({ path }) => path)).toEqual(["a"]);
  expect(await world.contentOf(report.safety.remote)).toBe("a: 8");
  const store = await world.openStore();
  const [entry] = await Array.fromAsync(store.entries(report.safety.remote ?? ""));
  expect(entry?.remote?.rev).toBe(rev);
  await world.assertQuiet();
});

test("§14, 5: a named folder is restored and nothing else", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nd/b: 3\nd/c: 4");
  const report = await world.restore({ paths: ["d/"] });
  expect(report.exit).toBe(0);
  expect(await world.world.both()).toBe("a: 9\nd/b: 2\nd/c: 4");
  await world.assertQuiet();
});

test("§14, 7: an undo brings both sides back, and an undo of it is a redo (T44)", async () => {
  await using world = await RestoreWorld.afterSnapshot(now);
  await world.restore();
  const undone = await world.undo();
  expect(undone).toMatchObject({ kind: "undo", exit: 0 });
  expect(await world.world.both()).toBe(before);
  await world.assertQuiet();
  expect((await world.undo()).exit).toBe(0);
  expect(await world.world.both()).toBe(snapshot);
  await world.assertQuiet();
});

test("§14, 8: an undo does not touch a path where somebody worked since (T45)", async () => {
  await using world = await RestoreWorld.afterSnapshot(now);
  await world.restore();
  world.write("a: 4");
  await expect(world.undo()).rejects.toMatchObject({ exit: 3, path: "a" });
  expect(world.world.localText()).toBe("a: 4\nd/b: 2");
  const report = await world.undo({ skipChanged: true });
  expect(report).toMatchObject({ exit: 4, left: [{ path: "a" }] });
  expect(await world.world.both()).toBe("a: 4\nd/b: 2\nnew: 5");
  await world.assertQuiet();
});
