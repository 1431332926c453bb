import { link, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { observeLocal } from "../../src/engine/disk/observe-local.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

test("S27: a removed file goes after a second look, two seconds after the first", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  await workspace.remove("a");
  const { local } = await workspace.look();
  expect(workspace.clock.slept).toEqual([2000]);
  expect(workspace.paths(workspace.index.local)).toBe("b");
  expect(workspace.paths(workspace.index.synced)).toBe("a, b");
  expect(local).toMatchObject({ left: [] });
});

test("S27: for a removed folder the evidence is needed once, and everything below goes", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/s/b": "2", c: "3" });
  await workspace.remove("d");
  const asked: string[] = [];
  const stat = workspace.deps.local.stat.bind(workspace.deps.local);
  workspace.deps.local.stat = (path) => {
    asked.push(path);
    return stat(path);
  };
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("c");
  expect(asked.filter((path) => path.startsWith("d"))).toEqual(["d"]);
});

test("S27: what is back at the second look is not gone", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await rename(join(workspace.top, "a"), join(workspace.top, "../aside"));
  workspace.clock.sleep = async (delayMs) => {
    workspace.clock.advance(delayMs);
    await rename(join(workspace.top, "../aside"), join(workspace.top, "a"));
  };
  const { local } = await workspace.look();
  const node = workspace.nodeAt(workspace.index.local, "a");
  expect([...local.frozen]).toEqual([node]);
  expect(local.left).toMatchObject([{ path: "a", kind: "unknown" }]);
  await workspace.look();
  expect(workspace.index.local.get(node)?.absentAt).toBeUndefined();
});

/** The look is cut off in its wait, with everything that it missed marked. */
async function lookCutOff(workspace: LinkedWorkspace): Promise<void> {
  const sleep = workspace.clock.sleep.bind(workspace.clock);
  workspace.clock.sleep = () => Promise.reject(new Error("killed"));
  await expect(workspace.look()).rejects.toThrow("killed");
  workspace.clock.sleep = sleep;
  workspace.clock.advance(3_600_000);
  workspace.reopen();
}

test("S27: what an interrupted run missed is looked at twice by the next one, too", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.remove("a");
  await lookCutOff(workspace);
  expect(workspace.paths(workspace.index.local)).toBe("a");
  await workspace.look();
  expect(workspace.clock.slept).toEqual([2000]);
  expect(workspace.paths(workspace.index.local)).toBe("");
});

test("S27: a file that came back after an interrupted run, and is away for a moment an hour later, is not gone", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const [here, away] = [join(workspace.top, "a"), join(workspace.top, "../away")];
  await rename(here, away);
  await lookCutOff(workspace);
  workspace.clock.sleep = async () => rename(away, here);
  const { local } = await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("a");
  expect(local.left).toMatchObject([{ path: "a", kind: "unknown" }]);
  await workspace.look();
  const node = workspace.nodeAt(workspace.index.local, "a");
  expect(workspace.index.local.get(node)?.absentAt).toBeUndefined();
});

test("S27: the second look is two seconds after the end of a long first one", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.remove("a");
  const list = workspace.deps.local.list.bind(workspace.deps.local);
  workspace.deps.local.list = async (folder) => {
    workspace.clock.advance(60_000);
    return await list(folder);
  };
  await workspace.look();
  expect(workspace.clock.slept).toEqual([2000]);
});

test("S27: a folder that is swapped for another between the looks gives no evidence", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/b": "2" });
  await workspace.remove("d/a");
  workspace.clock.sleep = async () => {
    await rename(join(workspace.top, "d"), join(workspace.top, "../d"));
    await mkdir(join(workspace.top, "d"));
  };
  const { local } = await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/a, d/b");
  expect(local.left).toMatchObject([{ path: "d/a", kind: "unknown" }]);
});

test("S22: a disk that is unmounted between the looks ends the observation", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.remove("a");
  workspace.clock.sleep = async () => {
    await rename(workspace.top, `${workspace.top}.away`);
    await mkdir(workspace.top);
  };
  await expect(workspace.look()).rejects.toMatchObject({ code: "workspace-missing" });
  expect(workspace.paths(workspace.index.local)).toBe("a");
});

test("S27: what moves into a folder that was read already is no removal", async () => {
  await using workspace = await LinkedWorkspace.open({ "a/x": "1", "z/f": "2" });
  const list = workspace.deps.local.list.bind(workspace.deps.local);
  workspace.deps.local.list = async (folder) => {
    if (folder === "z") {
      workspace.deps.local.list = list;
      await workspace.rename("z/f", "a/new/f");
    }
    return list(folder);
  };
  const node = workspace.nodeAt(workspace.index.synced, "z/f");
  const { local } = await workspace.look();
  expect([...local.frozen]).toEqual([node]);
  await workspace.look();
  expect(workspace.nodeAt(workspace.index.local, "a/new/f")).toBe(node);
});

test("S27: a file whose place another one took is gone", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "22" });
  const [a, b] = ["a", "b"].map((path) => workspace.nodeAt(workspace.index.synced, path));
  await workspace.rename("b", "a");
  await workspace.look();
  expect(workspace.tree(workspace.index.local)).toBe(`a ${b}`);
  expect(workspace.index.synced.get(a ?? 0)?.name).toBe("a");
});

test("S21: a file replaced by a folder is gone, and the folder is new", async () => {
  await using workspace = await LinkedWorkspace.open({ x: "1", y: "22" });
  const [x, y] = ["x", "y"].map((path) => workspace.nodeAt(workspace.index.synced, path));
  await workspace.rename("y", "x.tmp/sub/y");
  await workspace.remove("x");
  await workspace.rename("x.tmp", "x");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("x/, x/sub/, x/sub/y");
  expect(workspace.nodeAt(workspace.index.local, "x")).not.toBe(x);
  expect(workspace.nodeAt(workspace.index.local, "x/sub/y")).toBe(y);
});

test("S20: one of two hard links that is removed is gone although its inode is still there", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.write("a", "1");
  await link(join(workspace.top, "a"), join(workspace.top, "b"));
  await workspace.upload("a", "1");
  await workspace.upload("b", "1");
  await workspace.look();
  workspace.agree();
  await workspace.remove("a");
  const { local } = await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("b");
  expect(local.left).toEqual([]);
});

test("S25, S29: a file that cannot be read keeps its node, has no hash and is unknown; the others are seen", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  const node = workspace.nodeAt(workspace.index.synced, "a");
  await workspace.write("a", "changed");
  await workspace.write("b", "changed");
  await workspace.write("new", "new");
  const hash = workspace.deps.local.hash.bind(workspace.deps.local);
  workspace.deps.local.hashEach = async () => new Map();
  workspace.deps.local.hash = async (path) => {
    if (path !== "b") await writeFile(join(workspace.top, `${path}.swap`), "x");
    if (path !== "b") await rename(join(workspace.top, `${path}.swap`), join(workspace.top, path));
    return hash(path);
  };
  const { local } = await workspace.look();
  expect(workspace.index.local.get(node)?.hash).toBeUndefined();
  expect(workspace.index.synced.get(node)?.hash).toBeDefined();
  const fresh = workspace.nodeAt(workspace.index.local, "new");
  expect(local.frozen).toEqual(new Set([node, fresh]));
  expect(local.left.map(({ path, kind }) => `${kind} ${path}`).toSorted()).toEqual([
    "unknown a",
    "unknown new",
  ]);
  expect(local.blocked.map(({ key }) => key).toSorted()).toEqual(["a", "new"]);
  expect(workspace.paths(workspace.index.local)).toBe("a, b, new");
});

test("S29: what moved to the place of an unknown folder waits, and so does what is in it", async () => {
  await using workspace = await LinkedWorkspace.open({ "p/a": "1", "q/b": "2" });
  const before = workspace.tree(workspace.index.local);
  await workspace.rename("p", "held");
  await mkdir(join(workspace.top, "held/.git"));
  await workspace.rename("q", "p");
  const { local } = await workspace.look();
  expect(workspace.tree(workspace.index.local)).toBe(before);
  const nodes = ["p", "q"].map((path) => workspace.nodeAt(workspace.index.synced, path));
  expect(local.frozen).toEqual(new Set(nodes));
});

test("S29: no folder above something unknown goes, even when it is not found any more", async () => {
  await using workspace = await LinkedWorkspace.open({ "a/b/c": "1" });
  await workspace.rename("a/b", "b");
  await mkdir(join(workspace.top, "b/.git"));
  await workspace.rename("a", "b/a");
  const scope = await loadScope(workspace.deps);
  const local = await observeLocal(workspace.deps, scope, {});
  expect(workspace.paths(workspace.index.local)).toBe("a/, a/b/, a/b/c");
  const nodes = ["a", "a/b"].map((path) => workspace.nodeAt(workspace.index.synced, path));
  expect(local.frozen).toEqual(new Set(nodes));
});

test("S4: an interrupted look leaves the rows as they were", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.write("b", "2");
  const scope = await loadScope(workspace.deps);
  const looking = observeLocal(workspace.deps, scope, { signal: AbortSignal.abort() });
  await expect(looking).rejects.toMatchObject({ code: "interrupted" });
  expect(workspace.paths(workspace.index.local)).toBe("a");
});
