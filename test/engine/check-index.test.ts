import { expect, test } from "vitest";
import { forgetFaults } from "../../src/engine/check/mark.ts";
import { NodeSet } from "../../src/core/tree/node-set.ts";
import { present } from "../../src/std/assert.ts";
import { check, sync } from "./checked-workspace.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

const tree = { "a.txt": "one", "d/b.txt": "two", "d/e/f.txt": "three" };

async function synced(): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open(tree);
  await sync(workspace);
  return workspace;
}

function unmarkAll({ index }: LinkedWorkspace): void {
  index.transaction(() => {
    for (const node of index.dirty(0, 1_000)) index.clearDirty(node);
  });
}

/** Put a node of one tree below another one. */
function hang(
  { index }: LinkedWorkspace,
  at: {
    readonly side: "local" | "synced" | "remote";
    readonly node: number;
    readonly parent: number;
  },
): void {
  const { side, node, parent } = at;
  index.transaction(() => {
    if (side === "local") index.local.put({ ...present(index.local.get(node), "a row"), parent });
    if (side === "synced")
      index.synced.put({ ...present(index.synced.get(node), "a row"), parent });
    if (side === "remote")
      index.remote.put({ ...present(index.remote.get(node), "a row"), parent });
  });
}

/** Both sides hold exactly the tree still, nothing was moved or transferred, and the index is whole. */
async function expectHealed(workspace: LinkedWorkspace): Promise<void> {
  const { counts } = await sync(workspace);
  const nothing = { uploaded: 0, downloaded: 0, removedLocal: 0, removedRemote: 0, conflicts: 0 };
  expect(counts).toMatchObject(nothing);
  for (const [path, content] of Object.entries(tree)) {
    expect(await workspace.read(path)).toBe(content);
  }
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
}

test.each(["local", "synced", "remote"] as const)(
  "S103, S104: an orphan of the %s tree is found, and after a sync all is equal",
  async (side) => {
    await using workspace = await synced();
    const { index } = workspace;
    const folder = workspace.nodeAt(index.synced, "d");
    const below = Array.from(index.synced.children(folder), (child) => child.node);
    for (const node of below) hang(workspace, { side, node, parent: 999_999 });
    const { findings, exit } = await check(workspace);
    const broken = findings.filter(({ kind, side: on }) => kind === "broken" && on === "index");
    expect(broken.map(({ what }) => what)).toEqual(
      Array.from({ length: 2 }, () => `in the ${side} tree its folder is not there`),
    );
    expect(exit).toBe(5);
    await expectHealed(workspace);
  },
);

test.each(["local", "synced", "remote"] as const)(
  "S103, S104: folders of the %s tree that lie below each other are found, and after a sync all is equal",
  async (side) => {
    await using workspace = await synced();
    const { index } = workspace;
    const [d, e] = ["d", "d/e"].map((path) => workspace.nodeAt(index.synced, path));
    hang(workspace, { side, node: present(d, "d"), parent: present(e, "e") });
    const { findings, exit } = await check(workspace);
    const circles = findings.filter(({ what }) => what === `in the ${side} tree lies below itself`);
    expect(circles).toHaveLength(2);
    expect(exit).toBe(5);
    await expectHealed(workspace);
  },
);

test("S103: two rows of one place, and two of one id, are found in each tree", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  const node = workspace.nodeAt(index.synced, "a.txt");
  index.transaction(() => {
    const [one, two, three] = [index.newNode(), index.newNode(), index.newNode()];
    index.synced.put({ ...present(index.synced.get(node), "a row"), node: one });
    index.local.put({ ...present(index.local.get(node), "a row"), node: two });
    index.remote.put({ ...present(index.remote.get(node), "a row"), node: three });
  });
  const { findings, exit } = await check(workspace);
  const told = findings.filter(({ kind, side }) => kind === "broken" && side === "index");
  expect(told.map(({ what }) => what).toSorted()).toEqual([
    "in the local tree another node has the same place",
    "in the remote tree another node has the same id",
    "in the remote tree another node has the same place",
    "in the synced tree another node has the same place",
  ]);
  expect(exit).toBe(5);
  await expectHealed(workspace);
});

test("S42: two names of one key on the disk, and out of scope on the server, are in order", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "one" });
  await workspace.write("A", "two");
  await sync(workspace);
  expect((await check(workspace)).lines).toEqual([]);
});

test("S103: a node that differs without a mark is found and marked; an equal one is not", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  unmarkAll(workspace);
  expect((await check(workspace)).lines).toEqual([]);
  const node = workspace.nodeAt(index.local, "a.txt");
  index.transaction(() => index.synced.remove(node));
  unmarkAll(workspace);
  const { lines, exit } = await check(workspace);
  expect({ lines, exit }).toEqual({ lines: ["broken index a.txt"], exit: 5 });
  expect(index.dirty(0, 10)).toContain(node);
  await sync(workspace);
  expect((await check(workspace)).lines).toEqual([]);
});

test("S16, S103: another Unicode form of a name is no difference", async () => {
  await using workspace = await LinkedWorkspace.open({});
  await workspace.write("cafe\u0301", "x");
  await sync(workspace);
  unmarkAll(workspace);
  expect((await check(workspace)).lines).toEqual([]);
});

test("S103: notes about files that are no more are cleared away", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  index.transaction(() => index.addHistory(999_999, "r1", "h"));
  const { lines, exit } = await check(workspace);
  expect({ lines, exit }).toEqual({ lines: [], exit: 0 });
  expect(index.history(999_999)).toEqual([]);
});

test("S104: forgetting what hangs nowhere takes what hung below it, and nothing else", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  const d = workspace.nodeAt(index.synced, "d");
  index.transaction(() => index.synced.remove(d));
  forgetFaults(index);
  expect(workspace.paths(index.synced)).toBe("a.txt");
  expect(workspace.paths(index.local)).toBe("a.txt, d/, d/b.txt, d/e/, d/e/f.txt");
});

test("a set of nodes holds what was put into it", () => {
  const nodes = new NodeSet();
  const put = [0, 1, 31, 32, 33, 1_000_000, 5_000_001];
  for (const node of put) nodes.add(node);
  expect(put.every((node) => nodes.has(node))).toBe(true);
  expect([2, 30, 34, 999_999, 5_000_000, 9_000_000].some((node) => nodes.has(node))).toBe(false);
});
