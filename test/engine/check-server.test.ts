import { expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { check, overlook, replaced, sync } from "./checked-workspace.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

async function synced(files: Readonly<Record<string, string>>): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open(files);
  await sync(workspace);
  return workspace;
}

test("S103, S104: changes that no listing of changes named are found, counted, and brought in by the next sync", async () => {
  await using workspace = await synced({ "d/1": "one", "d/2": "two", "e/3": "three", "f/4": "x" });
  await workspace.upload("d/1", "edited");
  await workspace.upload("new/deep/file", "new");
  await workspace.removeRemote("e");
  await workspace.other.move(at("f"), at("g"));
  await overlook(workspace);
  expect((await sync(workspace)).counts).toMatchObject({ downloaded: 0, removedLocal: 0 });
  const { lines, exit } = await check(workspace);
  // Of a folder that differs only the top is told.
  expect(lines).toEqual([
    "missed server d/1",
    "missed server e",
    "missed server g",
    "missed server new",
  ]);
  expect(exit).toBe(5);
  expect(workspace.index.meta("differences")).toBe("4");
  await sync(workspace);
  expect(await workspace.read("d/1")).toBe("edited");
  expect(await workspace.read("new/deep/file")).toBe("new");
  expect(await workspace.read("g/4")).toBe("x");
  await expect(workspace.read("e/3")).rejects.toThrow("ENOENT");
  expect((await check(workspace)).lines).toEqual([]);
});

test("B20, S35: a change of case that the server did not tell of is found, and followed by the next sync", async () => {
  await using workspace = await synced({ "Dir/1": "one", "a.txt": "two" });
  await workspace.other.move(at("Dir"), at("dir"));
  await workspace.other.move(at("a.txt"), at("A.txt"));
  await overlook(workspace);
  await workspace.upload("dir/2", "later");
  await sync(workspace);
  expect(await workspace.read("Dir/2")).toBe("later");
  const { lines, exit } = await check(workspace);
  expect(lines).toEqual(["case-rename server A.txt", "case-rename server dir"]);
  expect(exit).toBe(0);
  expect(workspace.index.meta("differences")).toBeUndefined();
  const { counts } = await sync(workspace);
  expect(counts).toMatchObject({ downloaded: 0, uploaded: 0, removedLocal: 0, movedLocal: 2 });
  expect(workspace.paths(workspace.index.local)).toBe("A.txt, dir/, dir/1, dir/2");
  expect(await workspace.read("dir/2")).toBe("later");
  expect((await check(workspace)).lines).toEqual([]);
});

test("S103: a row that contradicts the server under one rev is found", async () => {
  await using workspace = await synced({ a: "one", b: "two" });
  const { index } = workspace;
  const [a, b] = ["a", "b"].map((path) => workspace.nodeAt(index.remote, path));
  index.transaction(() => {
    index.remote.put({
      ...present(index.remote.get(present(a, "a node")), "a row"),
      hash: "0".repeat(64),
    });
    index.remote.put({
      ...present(index.remote.get(present(b, "a node")), "a row"),
      remoteId: "id:another0000000000000000",
    });
  });
  const { findings, exit } = await check(workspace);
  const told = findings.filter(({ side }) => side === "server");
  expect(told.map(({ path, what }) => `${path} ${what}`).toSorted()).toEqual([
    "a has other content under the same rev than in the index",
    "b has another id on the server than in the index",
  ]);
  expect(exit).toBe(5);
  await sync(workspace);
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
  expect(await workspace.read("a")).toBe("one");
});

test("S103: changes made while the server is listed are explained", async () => {
  await using workspace = await synced({ a: "one", b: "two" });
  const { remote } = workspace.deps;
  const racing = replaced(remote, {
    async *list(folder, options) {
      await workspace.upload("a", "raced");
      yield* remote.list(folder, options);
    },
  });
  workspace.deps = { ...workspace.deps, remote: racing };
  const { lines, exit } = await check(workspace);
  expect({ lines, exit }).toEqual({ lines: ["pending server a"], exit: 0 });
});

test("S34: where the server forgot the cursor, everything is listed by the next sync, and nothing is a difference", async () => {
  await using workspace = await synced({ a: "one" });
  await workspace.upload("a", "edited");
  workspace.index.transaction(() => workspace.index.setMeta("cursor", "forgotten"));
  const { lines, exit } = await check(workspace);
  expect({ lines, exit }).toEqual({ lines: ["pending server a"], exit: 0 });
});

/** The index has an older state of `a` than both sides left behind last. */
async function believedOlder(): Promise<LinkedWorkspace> {
  const workspace = await synced({ a: "one" });
  const { index } = workspace;
  const node = present(workspace.nodeAt(index.remote, "a"), "a node");
  const [row, agreed] = [index.remote.get(node), index.synced.get(node)];
  index.transaction(() => {
    index.remote.put({ ...present(row, "a row"), rev: "older", hash: "0".repeat(64), size: 7 });
    index.synced.put({ ...present(agreed, "a row"), rev: "older" });
  });
  return workspace;
}

test("S33, S103: what looks like an old view is a difference where the server says that it has it", async () => {
  await using workspace = await believedOlder();
  const { lines, exit } = await check(workspace);
  expect({ lines, exit }).toEqual({ lines: ["missed server a", "pending index a"], exit: 5 });
  await sync(workspace);
  expect((await check(workspace)).lines).toEqual([]);
  expect(await workspace.read("a")).toBe("one");
});

test("S33, S103: an old view of a listing is no difference, though it has the content of the row", async () => {
  await using workspace = await synced({ a: "one" });
  const { remote, index } = workspace.deps;
  const old = present(await remote.get(at("a")), "an item");
  await workspace.upload("a", "two");
  await sync(workspace);
  const lagging = replaced(remote, {
    async *list() {
      yield old;
    },
  });
  workspace.deps = { ...workspace.deps, remote: lagging };
  expect((await check(workspace)).lines).toEqual([]);
  index.transaction(() => {
    const row = present(index.remote.get(workspace.nodeAt(index.remote, "a") ?? 0), "a row");
    index.addHistory(row.node, "newer", row.hash ?? "");
  });
  workspace.deps = {
    ...workspace.deps,
    remote: replaced(remote, {
      async *list() {
        yield { ...present(await remote.get(at("a")), "an item"), rev: "newer" };
      },
    }),
  };
  expect((await check(workspace)).lines).toEqual([]);
});

test("S79: a linked folder that is gone, or another account, ends the check with 7", async () => {
  await using workspace = await synced({ a: "one" });
  workspace.index.transaction(() => workspace.index.setMeta("account_id", "dbid:other"));
  await expect(check(workspace)).rejects.toMatchObject({ code: "account-changed", exit: 7 });
});
