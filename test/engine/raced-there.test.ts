import { expect, test } from "vitest";
import { deleteRemoteFile, makeRemoteFolder } from "../../src/engine/execute/execute-remote.ts";
import { uploadFile } from "../../src/engine/execute/upload.ts";
import { executionOf, plannedIn } from "./one-op.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";
import { shown } from "../support/scenario.ts";
import { World } from "../support/world.ts";

test("S62: an edit there right before a file is removed there stays", async () => {
  await using world = await World.synced("f: 0");
  world.local.remove("f");
  world.wire.before("/files/delete_v2", async () => void (await world.remote.write("f", "2")));
  await world.sync(0);
  expect(await world.both()).toBe("f: 2");
  await world.assertAlways();
});

test("S57, S61: an edit there that came back with a move is not written over", async () => {
  await using world = await World.synced("f: 0");
  world.local.move("f", "g");
  world.local.write("g", "1");
  world.wire.before("/files/move_v2", async () => void (await world.remote.write("f", "2")));
  await world.sync(0);
  expect(shown(await world.both())).toBe("g CC: 1\ng: 2");
  await world.assertAlways();
});

test("S53: a file that was written to after the look is not sent, whatever it holds now", async () => {
  await using workspace = await LinkedWorkspace.open({ f: "0" });
  await workspace.write("f", "1");
  const planned = await plannedIn(workspace);
  const [op] = planned.ops;
  if (op?.kind !== "R.put") throw new Error("an upload is planned");
  await workspace.remove("f");
  await workspace.write("f", "1");
  const before = (await workspace.other.get(op.path))?.rev;
  const execution = executionOf(workspace.deps, planned);
  expect(await uploadFile(execution, op)).toMatchObject({ state: "cancelled" });
  expect((await workspace.other.get(op.path))?.rev).toBe(before);
});

test("S60, S21: a folder that another one became right before is not taken for a new one", async () => {
  await using world = await World.synced("x/f: 1");
  world.local.write("d/g", "2");
  world.wire.before("/create_folder_v2", () => world.remote.move("x", "d"));
  await world.sync(0);
  expect(await world.both()).toBe("d/f: 1\nd/g: 2");
  await world.assertAlways();
});

test("S57: a file that did not hold still while it was read is not committed", async () => {
  await using workspace = await LinkedWorkspace.open({ f: "0" });
  await workspace.write("f", "1");
  const planned = await plannedIn(workspace);
  const [op] = planned.ops;
  if (op?.kind !== "R.put") throw new Error("an upload is planned");
  const { local } = workspace.deps;
  const restless: typeof local = {
    ...local,
    open: async (path) => {
      const file = await local.open(path);
      return {
        stat: file.stat,
        read: (offset, lengthMax) => file.read(offset, lengthMax),
        hashOf: (stretch, work) => file.hashOf(stretch, work),
        unchanged: async () => false,
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    },
  };
  const before = (await workspace.other.get(op.path))?.rev;
  const deps = { ...workspace.deps, local: restless };
  expect(await uploadFile(executionOf(deps, planned), op)).toMatchObject({ state: "cancelled" });
  expect((await workspace.other.get(op.path))?.rev).toBe(before);
  expect(await uploadFile(executionOf(workspace.deps, planned), op)).toEqual({ state: "done" });
});

test("S50: a file that the plan does not want gone is not removed there", async () => {
  await using workspace = await LinkedWorkspace.open({ f: "0", keep: "k" });
  await workspace.remove("f");
  const planned = await plannedIn(workspace);
  const [op] = planned.ops;
  if (op?.kind !== "R.delete") throw new Error("a removal is planned");
  const execution = executionOf(workspace.deps, planned);
  const keeping = { ...execution, mayGo: () => false };
  expect(await deleteRemoteFile(keeping, op)).toMatchObject({ state: "cancelled" });
  expect(await workspace.other.get(op.path)).toBeDefined();
  expect(await deleteRemoteFile(execution, op)).toEqual({ state: "done" });
  expect(await workspace.other.get(op.path)).toBeUndefined();
});

test("S60: the row of a folder is never given the id of another one", async () => {
  await using workspace = await LinkedWorkspace.open({ "x/f": "1" });
  await workspace.write("d/", "");
  const planned = await plannedIn(workspace);
  const [op] = planned.ops;
  if (op?.kind !== "R.mkdir") throw new Error("a folder is planned");
  const { remote } = workspace.index;
  const moved = workspace.nodeAt(remote, "x");
  const before = remote.get(moved);
  await workspace.other.move(at("x"), at("d"));
  const execution = executionOf(workspace.deps, planned);
  expect(await makeRemoteFolder(execution, op)).toMatchObject({ state: "cancelled" });
  expect([remote.get(op.node), remote.get(moved)]).toEqual([undefined, before]);
});
