/** What a plan says of its way to Dropbox is what then happens (T17, T24). */
import { expect, test } from "vitest";
import type { ServerForecast } from "../../src/core/snapshot/server-forecast.ts";
import { planRestoreOf } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

/** One file of each kind: edited, deleted, renamed, copied from a living one, nowhere in Dropbox. */
async function damaged(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("a: 1\nb: 2\nc: 3\nd: 4");
  world.write("e: 4\nf: 66");
  await world.capture("S");
  world.write("a: 9\n-b\n-c\nx: 3\n-e\n-f");
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

const whole = "a: 1\nb: 2\nc: 3\nd: 4\ne: 4\nf: 66";

async function planned(
  world: RestoreWorld,
  serverSide?: "prefer" | "large" | "never",
): Promise<{ readonly digest: string; readonly server: ServerForecast | undefined }> {
  const request = { snapshot: "S", paths: [], ...(serverSide === undefined ? {} : { serverSide }) };
  const { digest, server } = await planRestoreOf(await world.deps(), request);
  return { digest, server };
}

test("T17: a plan says what will be put back, moved, copied and uploaded, and so it happens", async () => {
  await using world = await damaged();
  const { server } = await planned(world);
  expect(server).toEqual({
    serverSide: "prefer",
    reverted: 2,
    moved: 1,
    copied: 1,
    uploaded: 1,
    unasked: 0,
    uploadBytes: 2,
    calls: 5,
  });
  expect(world.world.wire.writes(), "nothing is written for a plan").toEqual([]);
  expect(await world.restore()).toMatchObject({
    exit: 0,
    reverted: 2,
    moved: 1,
    copied: 1,
    uploadedBytes: 2,
  });
  expect(await world.world.both()).toBe(whole);
  await world.assertQuiet();
});

test("T17: what the index remembers of a file is not asked for", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  expect((await planned(world)).server).toMatchObject({ reverted: 1, uploaded: 0, unasked: 0 });
  expect(world.world.wire.calls("files/list_revisions")).toBe(0);
});

test("T17: where Dropbox does not answer, all is told as uploaded, and of how much it was not asked", async () => {
  await using world = await RestoreWorld.afterSnapshot("-a\n-d/b");
  const fail = (): void => {
    world.world.wire.before("files/list_revisions", fail);
    throw new TypeError("fetch failed");
  };
  world.world.wire.before("files/list_revisions", fail);
  expect((await planned(world)).server).toMatchObject({
    reverted: 0,
    uploaded: 2,
    unasked: 2,
    uploadBytes: 2,
  });
});

test("T18: how a plan reaches Dropbox is no part of its digest", async () => {
  await using world = await damaged();
  const digests = [
    await planned(world),
    await planned(world, "large"),
    await planned(world, "never"),
  ];
  expect(new Set(digests.map(({ digest }) => digest)).size).toBe(1);
});

test("T24: with `large` small files are uploaded instead of being put back; the rest is as ever", async () => {
  await using world = await damaged();
  expect((await planned(world, "large")).server).toMatchObject({
    reverted: 0,
    moved: 1,
    copied: 1,
    uploaded: 3,
    uploadBytes: 4,
  });
  const report = await world.restore({ serverSide: "large" });
  expect(report).toMatchObject({
    exit: 0,
    moved: 1,
    copied: 1,
    uploadedBytes: 4,
    serverSide: "large",
  });
  expect(world.world.wire.calls("files/restore")).toBe(0);
  expect(await world.world.both()).toBe(whole);
  await world.assertQuiet();
});

test("T24: with `large` a file of 64 KiB is put back", async () => {
  const large = "x".repeat(65_536);
  await using world = await RestoreWorld.synced(`a: ${large}\nb: ${large.slice(1)}`);
  await world.capture("S");
  world.write("a: 9\nb: 9");
  await world.world.sync();
  expect(await world.restore({ serverSide: "large" })).toMatchObject({
    exit: 0,
    reverted: 1,
    uploadedBytes: 65_535,
  });
  await world.assertQuiet();
});

test("T24: with `never` all is uploaded", async () => {
  await using world = await damaged();
  expect((await planned(world, "never")).server).toMatchObject({
    uploaded: 5,
    unasked: 0,
    uploadBytes: 6,
  });
  const report = await world.restore({ serverSide: "never" });
  expect(report).toMatchObject({ exit: 0, serverSide: "never" });
  for (const route of [
    "files/restore",
    "files/move_batch_v2",
    "files/copy_batch_v2",
    "files/create_folder_batch",
  ]) {
    expect(world.world.wire.calls(route), route).toBe(0);
  }
  expect(await world.world.both()).toBe(whole);
  await world.assertQuiet();
});
