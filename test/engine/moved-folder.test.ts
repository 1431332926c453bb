import { expect, test } from "vitest";
import { rootNode } from "../../src/core/tree/node.ts";
import { intentOf } from "../../src/engine/execute/intents.ts";
import { remoteStaging } from "../../src/engine/execute/ring.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { present } from "../../src/std/assert.ts";
import { SnapError } from "../../src/std/error.ts";
import { listAfterMove, movedFoldersMax } from "../../src/engine/listing/list-after-move.ts";
import { observeRemote } from "../../src/engine/listing/observe-remote.ts";
import { movedFolders, setMovedFolders } from "../../src/engine/scope/exclusions-in-force.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

/** A folder is renamed here; right before that is done there, somebody removes something in it. */
async function renamedLate(removed: string): Promise<World> {
  const world = await World.synced("d/x: 1\nd/s/y: 2\nd/s/z: 3\nd/k: 4");
  world.local.move("d", "e");
  world.hooks.before("remote.move", async () => await world.remote.remove(removed));
  return world;
}

test.each([
  ["d/x", "e/k: 4\ne/s/y: 2\ne/s/z: 3"],
  ["d/s/y", "e/k: 4\ne/s/z: 3\ne/x: 1"],
  ["d/s", "e/k: 4\ne/x: 1"],
])(
  "S31, S61: %s, removed there before we renamed its folder there, goes here",
  async (removed, rest) => {
    await using world = await renamedLate(removed);
    await world.sync();
    expect(await world.both()).toBe(rest);
    await world.assertAlways();
  },
);

const looks = (world: World): readonly string[] =>
  world.wire.requests.flatMap(({ route }) =>
    /list_folder|get_metadata$/u.test(route) ? [route.slice("/2/files/".length)] : [],
  );

test("S31: a folder that we renamed is named by the changes with all that is in it, and not listed", async () => {
  await using world = await World.synced("d/x: 1\nd/s/y: 2\nd/s/z: 3\nd/k: 4");
  await world.sync(0);
  world.local.move("d", "e");
  world.wire.forget();
  await world.syncOnce();
  expect(looks(world)).toEqual(["list_folder/continue", "get_metadata", "list_folder/continue"]);
  expect(await world.both()).toBe("e/k: 4\ne/s/y: 2\ne/s/z: 3\ne/x: 1");
});

test("S5, S31: where the changes leave out much of a renamed folder, it is listed", async () => {
  const files = Array.from({ length: 40 }, (_, n) => `d/${n + 10}`);
  await using world = await World.synced(files.map((file) => `${file}: 1`).join("\n"));
  world.local.move("d", "e");
  world.hooks.before("remote.move", async () => {
    for (const file of files.slice(20)) await world.remote.remove(file);
  });
  world.wire.forget();
  await world.syncOnce();
  expect(looks(world)).toContain("list_folder");
  await world.sync();
  const rest = files.slice(0, 20).map((file) => `${file.replace("d", "e")}: 1`);
  expect(await world.both()).toBe(rest.toSorted().join("\n"));
});

test("S31, S61, S74: so it does where we are killed right after the rename", async () => {
  await using world = await renamedLate("d/x");
  world.hooks.after("remote.move", () => {
    world.hooks.before("local.removeArea", world.hooks.kill);
  });
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  expect(movedFolders(world.index)).toEqual(["e"]);
  world.restart();
  await world.sync();
  expect(await world.both()).toBe("e/k: 4\ne/s/y: 2\ne/s/z: 3");
  await world.assertAlways();
});

test("S31, S49, S74: so it does where we bring the folder home from a ring that was cut off", async () => {
  await using workspace = await LinkedWorkspace.open({ "a/x": "1", "a/y": "2" });
  const { index, deps } = workspace;
  const node = workspace.nodeAt(index.remote, "a");
  await workspace.removeRemote("a/x");
  await workspace.other.move(at("a"), remoteStaging("one"));
  const [from, to] = ["a", "b"].map((name) => ({ parent: rootNode, name }));
  const ring = { step: "ring", side: "remote", staged: remoteStaging("one") } as const;
  const homes = { from: present(from, "a"), to: present(to, "b"), act: undefined };
  index.transaction(() => index.putIntent(intentOf("one", node, { ...ring, ...homes })));
  await recover(deps);
  await observeRemote(deps, await loadScope(deps), {});
  expect(workspace.paths(index.remote)).toBe("b/, b/y");
});

test("S31: what a listing that lags does not name stays, where the server has it", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/s/b": "2", "d/c": "3" });
  const { index, deps } = workspace;
  await workspace.look();
  const before = workspace.rows(index.remote);
  index.transaction(() => setMovedFolders(index, [at("d")]));
  deps.remote.list = async function* () {};
  await observeRemote(deps, await loadScope(deps), {});
  expect(workspace.rows(index.remote)).toBe(before);
  expect(movedFolders(index)).toEqual([]);
});

test("S31: what another thing has taken the place of is that one from then on", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/b": "2" });
  const { index, deps } = workspace;
  const node = workspace.nodeAt(index.remote, "d/a");
  await workspace.removeRemote("d/a");
  await workspace.upload("d/a", "another");
  index.transaction(() => setMovedFolders(index, [at("d")]));
  deps.remote.list = async function* () {};
  deps.remote.pages = async function* () {};
  await observeRemote(deps, await loadScope(deps), {});
  expect(workspace.paths(index.remote)).toBe("d/, d/a, d/b");
  expect(workspace.nodeAt(index.remote, "d/a")).not.toBe(node);
});

test("S31: where a file stands by now, the changes say so", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1" });
  const { index, deps } = workspace;
  await workspace.removeRemote("d");
  await workspace.upload("d", "a file");
  index.transaction(() => setMovedFolders(index, [at("d")]));
  // oxlint-disable-next-line require-yield -- it breaks off before the first item
  deps.remote.list = async function* () {
    throw new SnapError("conflict", "it is no folder");
  };
  await observeRemote(deps, await loadScope(deps), {});
  expect(workspace.paths(index.remote)).toBe("d");
});

test("S5, S31: of what we moved only folders with something in them are listed, each once", async () => {
  await using workspace = await LinkedWorkspace.open({
    "e/": "",
    "d/s/a": "1",
    "d/t/b": "2",
    f: "3",
  });
  const { index } = workspace;
  const moved = (...paths: readonly string[]): void =>
    index.transaction(() => {
      for (const path of paths) listAfterMove(index, workspace.nodeAt(index.remote, path));
    });
  moved("e", "f");
  expect(movedFolders(index)).toEqual([]);
  moved("d/s", "d/t", "d/s");
  expect(movedFolders(index)).toEqual(["d/s", "d/t"]);
  moved("d", "d/s");
  expect(movedFolders(index)).toEqual(["d"]);
});

test("S31, S107: of more folders than are listed one by one, everything is listed", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1" });
  const { index } = workspace;
  const waiting = Array.from({ length: movedFoldersMax }, (_, count) => at(`w${count}`));
  const node = workspace.nodeAt(index.remote, "d");
  index.transaction(() => {
    setMovedFolders(index, waiting.slice(1));
    listAfterMove(index, node);
  });
  expect(index.meta("cursor")).toBeDefined();
  index.transaction(() => {
    setMovedFolders(index, waiting);
    listAfterMove(index, node);
  });
  expect(index.meta("cursor")).toBeUndefined();
  await workspace.look();
  expect(workspace.paths(index.remote)).toBe("d/, d/a");
  expect(movedFolders(index)).toEqual([]);
});
