import { expect, test } from "vitest";
import { at, LinkedWorkspace } from "./linked-workspace.ts";
import { folder, item, listing, removed } from "./remote-pages.ts";

test.each([
  ["old place first", [removed("d"), folder("e", "D"), item("e/a", "A")]],
  ["new place first", [folder("e", "D"), removed("d"), item("e/a", "A")]],
  ["a child first", [item("e/a", "A"), folder("e", "D"), removed("d")]],
  ["only the new place", [folder("e", "D")]],
])("S31: a move is found whatever comes first: %s", async (_, changes) => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1" });
  const [d, a] = ["d", "d/a"].map((path) => workspace.nodeAt(workspace.index.remote, path));
  workspace.index.transaction(() => {
    for (const tree of [workspace.index.remote, workspace.index.synced]) {
      for (const entry of tree.all()) {
        const remoteId = entry.kind === "folder" ? "D" : "A";
        tree.put({ ...entry, remoteId } as never);
      }
    }
  });
  await listing(workspace, changes);
  expect(workspace.tree(workspace.index.remote)).toBe(`e/ ${d}, e/a ${a}`);
});

test("S31: the pages of a swap of a folder and the one in it", async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, [folder("a", "A"), folder("a/b", "B"), item("a/b/c", "C")]);
  const [a, b, c] = ["a", "a/b", "a/b/c"].map((path) =>
    workspace.nodeAt(workspace.index.remote, path),
  );
  await listing(workspace, [folder("b/a", "A"), item("b/c", "C"), folder("b", "B"), removed("a")]);
  expect(workspace.tree(workspace.index.remote)).toBe(`b/ ${b}, b/a/ ${a}, b/c ${c}`);
});

test("S31: a folder that was never listed is asked for", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.upload("d/s/a", "1");
  await listing(workspace, [item("d/s/a", "A"), item("gone/x", "X")]);
  expect(workspace.paths(workspace.index.remote)).toBe("d/, d/s/, d/s/a");
  expect([...workspace.index.remote.all()].every(({ remoteId }) => remoteId !== "")).toBe(true);
});

test("S32: a folder with a new id keeps what is in it, and its node", async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, [folder("d", "D1"), item("d/a", "A")]);
  const before = workspace.tree(workspace.index.remote);
  await listing(workspace, [folder("d", "D2")]);
  expect(workspace.tree(workspace.index.remote)).toBe(before);
  const row = workspace.index.remote.get(workspace.nodeAt(workspace.index.remote, "d"));
  expect(row?.remoteId).toBe("D2");
});

test.each([
  ["another folder there", "A2", "a/, a/b/, a/b/c/"],
  ["the same one again", "A", "a/, a/b/"],
  ["nothing there", undefined, ""],
])("S31: a folder that is said to lie in itself is asked for: %s", async (_, id, expected) => {
  await using workspace = await LinkedWorkspace.open();
  workspace.deps.remote.get = async () => {
    const change = id === undefined ? undefined : folder("a", id);
    return change?.change === "present" ? change.item : undefined;
  };
  await listing(workspace, [folder("a", "A"), folder("a/b", "B"), folder("a/b/c", "A")]);
  expect(workspace.paths(workspace.index.remote)).toBe(expected);
});

test("S33: a revision that both sides have left behind is an old view", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const node = workspace.nodeAt(workspace.index.remote, "a");
  const before = workspace.index.remote.get(node);
  const old = { rev: before?.rev ?? "", path: at("a"), remoteId: before?.remoteId ?? "" };
  await workspace.upload("a", "22");
  await workspace.look();
  workspace.index.transaction(() => {
    const now = workspace.index.remote.get(node);
    const synced = workspace.index.synced.get(node);
    if (now === undefined || synced === undefined) throw new Error("both rows are there");
    workspace.index.synced.put({ ...synced, rev: now.rev, hash: now.hash });
    workspace.index.addHistory(node, now.rev, now.hash ?? "");
  });
  await listing(workspace, [item("a", old.remoteId, old), item("b", "B")]);
  expect(workspace.index.remote.get(node)?.size).toBe(2);
  expect(workspace.paths(workspace.index.remote)).toBe("a, b");
});

test("S33: where the server has what looks like an old view, an older page had been believed", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  const { index, deps } = workspace;
  const asked: string[] = [];
  const { remote } = deps;
  const get = remote.get.bind(remote);
  remote.get = async (path) => {
    asked.push(path);
    return await get(path);
  };
  const [a, b] = ["a", "b"].map((path) => index.remote.get(workspace.nodeAt(index.remote, path)));
  if (a === undefined || b === undefined) throw new Error("both were listed");
  index.transaction(() => {
    const synced = index.synced.get(a.node);
    if (synced === undefined) throw new Error("it was synced");
    index.addHistory(a.node, a.rev, a.hash ?? "");
    index.synced.put({ ...synced, rev: "older" });
    index.remote.put({ ...a, rev: "older", size: 7 });
    index.addHistory(b.node, b.rev, b.hash ?? "");
  });
  await listing(workspace, [
    item("a", a.remoteId, { rev: a.rev, path: at("a") }),
    item("b", b.remoteId, { rev: b.rev, hash: b.hash ?? "" }),
  ]);
  expect(index.remote.get(a.node)).toMatchObject({ rev: a.rev, size: 1 });
  expect(asked).toEqual(["a"]);
});
