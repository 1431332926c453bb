/** The procedure `documented` (T36, T37). */
import { expect, test } from "vitest";
import { planRestoreOf } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

const snapshot = "a: 1\nd/b: 2";
const documented = { procedure: "documented" } as const;
const request = { snapshot: "S", paths: [] } as const;

test("§14, 10: Dropbox is emptied and made again, and both sides are the snapshot", async () => {
  const more = Array.from({ length: 200 }, (_one, at) => `more/${at}: ${at}`).join("\n");
  await using world = await RestoreWorld.afterSnapshot(`a: 9\nnew: 5\n${more}`);
  const id = await world.world.remote.id("d/b");
  const report = await world.restore(documented);
  expect(report).toMatchObject({ exit: 0, state: "done", late: [], left: [] });
  expect(await world.world.both()).toBe(snapshot);
  expect(await world.world.remote.id("d/b")).not.toBe(id);
  await world.assertQuiet();
});

test("T36: the plan says what it costs, and asks even where nothing differs", async () => {
  await using world = await RestoreWorld.afterSnapshot("");
  const plan = await planRestoreOf(await world.deps(), { ...request, ...documented });
  expect(plan).toMatchObject({
    procedure: "documented",
    items: [],
    server: { uploaded: 2, uploadBytes: 2, calls: 4, reverted: 0 },
  });
  const usual = await planRestoreOf(await world.deps(), request);
  expect(usual.digest).not.toBe(plan.digest);
  await expect(world.restore({ ...documented, consent: { by: "none" } })).rejects.toMatchObject({
    code: "consent-needed",
  });
  expect(await world.restore(documented)).toMatchObject({ exit: 0 });
  expect(await world.world.both()).toBe(snapshot);
  await world.assertQuiet();
});

test("T44: it is undone like any other, and so is the undo", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5\n-d/b");
  expect(await world.restore(documented)).toMatchObject({ exit: 0 });
  expect(await world.undo()).toMatchObject({ exit: 0 });
  expect(await world.world.both()).toBe("a: 9\nd/\nnew: 5");
  expect(await world.undo()).toMatchObject({ exit: 0 });
  expect(await world.world.both()).toBe(snapshot);
  await world.assertQuiet();
});

test("T5, T36: what another device writes meanwhile stays, and is merged", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.before("files/delete_v2", async () => {
    await world.world.remote.write("d/b", "theirs");
    await world.world.remote.write("d/other", "7");
  });
  const report = await world.restore(documented);
  expect(report).toMatchObject({ exit: 4 });
  expect(report.late).toContain("d/b");
  expect(await world.world.both()).toMatch(
    /^a: 1\nd\/b: theirs\nd\/b \(conflicted copy box .*\): 2\nd\/other: 7$/u,
  );
  await world.assertQuiet();
});

test("T8: what is ignored stays on both sides", async () => {
  await using world = await RestoreWorld.synced("keep/x: 1\na: 1");
  world.world.local.write(".mignore", "keep/\n");
  await world.world.sync();
  await world.capture("S");
  world.write("a: 2");
  await world.world.sync();
  await world.world.remote.write("keep/y", "theirs");
  expect(await world.restore(documented)).toMatchObject({ exit: 0 });
  expect(await world.world.remoteText()).toContain("keep/x: 1\nkeep/y: theirs");
  expect(await world.world.remoteText()).toContain("a: 1");
});

test("T37: neither paths, nor --server-side, nor a workspace without a link", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  for (const wrong of [{ paths: ["a"] }, { serverSide: "large" as const }]) {
    await expect(world.restore({ ...documented, ...wrong })).rejects.toMatchObject({
      code: "usage",
    });
  }
  const deps = { ...(await world.deps()), engine: undefined };
  await expect(planRestoreOf(deps, { ...request, ...documented })).rejects.toThrow(/needs a link/u);
  expect(await world.world.both()).toBe("a: 9\nd/b: 2");
});
