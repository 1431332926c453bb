import { expect, test } from "vitest";
import { adoptUploads } from "../../src/engine/listing/adopt-uploads.ts";
import { observeRemote } from "../../src/engine/listing/observe-remote.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

/** A new file reached the server, and we were killed before we knew. */
async function killedInUpload(): Promise<World> {
  const world = await World.synced("d/k: 0");
  world.local.write("d/f", "1");
  world.hooks.after("remote.upload", world.hooks.kill);
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  expect(await world.remoteText()).toBe("d/f: 1\nd/k: 0");
  world.restart();
  return world;
}

test("S36, P5: a file that was sent before a kill and edited since is no conflict", async () => {
  await using world = await killedInUpload();
  world.local.write("d/f", "2");
  const report = await world.sync(0);
  expect(report.counts).toMatchObject({ conflicts: 0, uploaded: 1, downloaded: 0 });
  expect(await world.both()).toBe("d/f: 2\nd/k: 0");
  await world.assertAlways();
});

test("S36, P6: a file that was sent before a kill and removed since stays removed", async () => {
  await using world = await killedInUpload();
  world.local.remove("d/f");
  await world.sync(0);
  expect(await world.both()).toBe("d/k: 0");
  await world.assertAlways();
});

test("S36: a file that was sent before a kill and moved since is moved there", async () => {
  await using world = await killedInUpload();
  world.local.move("d/f", "g");
  const report = await world.sync(0);
  expect(report.counts).toMatchObject({ uploaded: 0, movedRemote: 1 });
  expect(await world.both()).toBe("d/k: 0\ng: 1");
  await world.assertAlways();
});

test("S36, S38: edited on both sides since the kill it is a conflict", async () => {
  await using world = await killedInUpload();
  await world.remote.write("d/f", "3");
  world.local.write("d/f", "2");
  expect((await world.sync(0)).counts.conflicts).toBe(1);
  expect(world.local.read("d/f")).toBe("3");
  await world.assertAlways();
});

test("S36: a file whose folder was moved away there right before it was sent, and a kill after, is there once", async () => {
  await using world = await World.synced("d/f/k: 0");
  world.local.write("d/f/l", "1");
  world.hooks.before("remote.upload", () => world.remote.move("d/f", "g"));
  world.hooks.after("remote.upload", world.hooks.kill);
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  const report = await world.sync();
  expect(report.counts).toMatchObject({ uploaded: 0, downloaded: 0, conflicts: 0 });
  expect(await world.both()).toBe("d/f/l: 1\ng/k: 0");
  await world.assertAlways();
});

test("S36: of two equal files there, the one that was sent is the one that was edited since", async () => {
  await using world = await World.synced("d/f/k: 0");
  world.local.write("d/f/l", "1");
  world.hooks.before("remote.upload", async () => {
    await world.remote.move("d/f", "g");
    await world.remote.write("g/l", "1");
  });
  world.hooks.after("remote.upload", world.hooks.kill);
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  world.local.write("d/f/l", "9");
  await world.sync();
  expect(await world.both()).toBe("d/f/l: 9\ng/k: 0\ng/l: 1");
  await world.assertAlways();
});

/** Rows of both sides at the same place, in no agreement: the disk was looked at, then the server. */
async function unitedIn(
  here: Readonly<Record<string, string>>,
  there: Readonly<Record<string, string>>,
): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open({ "d/k": "0" });
  for (const [path, content] of Object.entries(here)) await workspace.write(path, content);
  await workspace.look();
  for (const [path, content] of Object.entries(there)) await workspace.upload(path, content);
  await observeRemote(workspace.deps, await loadScope(workspace.deps), {});
  return workspace;
}

test("S5, S36: only equal files of one name in one folder are agreed on, and a second look writes nothing", async () => {
  await using workspace = await unitedIn(
    { a: "1", "d/b": "2", c: "3", E: "4", "x/f": "5", g: "6" },
    { a: "1", "d/b": "2", c: "other", e: "4", "y/f": "5", h: "6" },
  );
  const { index } = workspace;
  adoptUploads(index, new Set());
  expect(workspace.paths(index.synced)).toBe("a, d/, d/b, d/k");
  for (const path of ["a", "d/b"]) {
    const node = workspace.nodeAt(index.remote, path);
    expect(workspace.nodeAt(index.local, path)).toBe(node);
    expect(index.history(node)).toHaveLength(1);
  }
  const transaction = index.transaction.bind(index);
  index.transaction = () => {
    throw new Error("something is written");
  };
  adoptUploads(index, new Set());
  index.transaction = transaction;
});

test("S36, G20: nothing is agreed on in what is held", async () => {
  await using workspace = await unitedIn({ "d/b": "2" }, { "d/b": "2" });
  const { index } = workspace;
  adoptUploads(index, new Set([workspace.nodeAt(index.remote, "d")]));
  expect(workspace.paths(index.synced)).toBe("d/, d/k");
});
