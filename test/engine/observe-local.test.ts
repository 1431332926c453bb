import { link, symlink, writeFile, utimes, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { rootNode } from "../../src/core/tree/node.ts";
import { present } from "../../src/std/assert.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

test("S23: a first look finds everything, with its hash", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.write("d/a", "one");
  await workspace.write("empty/", "");
  const { local } = await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/a, empty/");
  const row = workspace.index.local.get(workspace.nodeAt(workspace.index.local, "d/a"));
  expect(row).toMatchObject({ size: 3, trusted: true, absentAt: undefined });
  expect(row?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(local).toMatchObject({ left: [], blocked: [] });
  expect(local.frozen.size).toBe(0);
});

test("S5, S24: a second look at unchanged files writes no row, reads no file and waits for nothing", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "one", b: "two" });
  const before = workspace.rows(workspace.index.local);
  const { index, local } = workspace.deps;
  let puts = 0;
  const put = index.local.put.bind(index.local);
  index.local.put = (entry) => {
    puts += 1;
    put(entry);
  };
  let hashed = 0;
  const hash = local.hash.bind(local);
  local.hashEach = async () => new Map();
  local.hash = (path) => {
    hashed += 1;
    return hash(path);
  };
  await workspace.look();
  expect({ puts, hashed, slept: workspace.clock.slept }).toEqual({ puts: 0, hashed: 0, slept: [] });
  expect(workspace.rows(workspace.index.local)).toBe(before);
});

test("S18: an edit whose mtime was set back is seen", async () => {
  await using workspace = await LinkedWorkspace.open();
  const place = join(workspace.top, "a");
  await writeFile(place, "one");
  await utimes(place, 1, 1);
  await workspace.look();
  const node = workspace.nodeAt(workspace.index.local, "a");
  const before = workspace.index.local.get(node);
  await writeFile(place, "two");
  await utimes(place, 1, 1);
  await workspace.look();
  expect(workspace.index.local.get(node)?.hash).not.toBe(before?.hash);
});

test("S19: a moved folder is one changed row, and its files are not read", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/s/b": "2" });
  const before = workspace.tree(workspace.index.local);
  await workspace.rename("d", "e");
  const hash = workspace.deps.local.hash.bind(workspace.deps.local);
  const read: string[] = [];
  workspace.deps.local.hashEach = async () => new Map();
  workspace.deps.local.hash = (path) => {
    read.push(path);
    return hash(path);
  };
  const { local } = await workspace.look();
  expect(workspace.tree(workspace.index.local)).toBe(before.replaceAll("d/", "e/"));
  expect(read).toEqual([]);
  expect(local.left).toEqual([]);
  expect(workspace.clock.slept).toEqual([]);
});

test("S19: moved and edited, swapped, saved by renaming: the nodes stay", async () => {
  await using workspace = await LinkedWorkspace.open({ m: "m", x: "x1", y: "y22", s: "s" });
  const node = (path: string) => workspace.nodeAt(workspace.index.synced, path);
  const [m, x, y, s] = [node("m"), node("x"), node("y"), node("s")];
  await workspace.rename("m", "n");
  await workspace.write("n", "edited");
  await workspace.rename("x", "t");
  await workspace.rename("y", "x");
  await workspace.rename("t", "y");
  await workspace.write("s.tmp", "saved");
  await workspace.rename("s.tmp", "s");
  await workspace.look();
  const local = (path: string) => workspace.nodeAt(workspace.index.local, path);
  expect([local("n"), local("x"), local("y"), local("s")]).toEqual([m, y, x, s]);
});

test("S20: a second name of a file is a file of its own", async () => {
  await using workspace = await LinkedWorkspace.open({ b: "1" });
  const node = workspace.nodeAt(workspace.index.synced, "b");
  await link(join(workspace.top, "b"), join(workspace.top, "a"));
  await workspace.look();
  expect(workspace.nodeAt(workspace.index.local, "b")).toBe(node);
  expect(workspace.nodeAt(workspace.index.local, "a")).not.toBe(node);
  await workspace.remove("a");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("b");
});

test("S14, S29: a file below a name that is no text is reported, and what vanished beside it is unknown", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  await workspace.remove("a");
  await writeFile(Buffer.concat([Buffer.from(`${workspace.top}/`), Buffer.from([0xff])]), "1");
  const { local } = await workspace.look();
  const node = workspace.nodeAt(workspace.index.local, "a");
  expect([...local.frozen]).toEqual([node]);
  expect(local.left.map(({ path, kind }) => `${kind} ${path}`).toSorted()).toEqual([
    "unknown \\xff",
    "unknown a",
  ]);
});

test("S8: a link is listed and left alone, and nothing comes down to its place", async () => {
  await using workspace = await LinkedWorkspace.open({ f: "1" });
  await symlink("f", join(workspace.top, "way"));
  await workspace.upload("way", "from elsewhere");
  const { local, frozen } = await workspace.look();
  expect(local.left).toMatchObject([{ path: "way", kind: "unsynced" }]);
  expect(workspace.paths(workspace.index.local)).toBe("f");
  const arriving = workspace.nodeAt(workspace.index.remote, "way");
  expect([...frozen.nodes]).toEqual([arriving]);
  expect(frozen.left.map(({ kind }) => kind)).toEqual(["unsynced", "unknown"]);
});

test("S29: what the rules leave out blocks its own name, and no other that the disk tells apart from it", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "sub/\n", Sub: "a file" });
  const file = workspace.nodeAt(workspace.index.remote, "Sub");
  await workspace.write("sub/x", "left out");
  expect((await workspace.look()).frozen).toEqual({ nodes: new Set(), left: [], heldHere: [] });
  await workspace.remove("Sub");
  expect((await workspace.look()).frozen.nodes.has(file)).toBe(false);
});

test("C13, S29: a folder replaced by a link is unknown, never deleted", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/1": "1", "d/2": "2", f: "3" });
  await workspace.remove("d");
  await symlink("f", join(workspace.top, "d"));
  const { local } = await workspace.look();
  const folder = workspace.nodeAt(workspace.index.synced, "d");
  expect(local.frozen.has(folder)).toBe(true);
  expect(local.left).toMatchObject([{ path: "d", kind: "unknown" }]);
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/1, d/2, f");
});

test("S39: a folder that moved away from where a link stands now is a moved folder", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/1": "1" });
  const folder = workspace.nodeAt(workspace.index.synced, "d");
  await workspace.rename("d", "e");
  await symlink("e", join(workspace.top, "d"));
  const { frozen } = await workspace.look();
  expect(workspace.nodeAt(workspace.index.local, "e")).toBe(folder);
  expect([...frozen.nodes]).toEqual([]);
  expect(frozen.left).toMatchObject([{ path: "d", kind: "unsynced" }]);
});

test("G20: a repository holds its folder, siblings go on", async () => {
  await using workspace = await LinkedWorkspace.open({ "p/a": "1", "q/b": "2" });
  await mkdir(join(workspace.top, "p/.git"));
  await workspace.write("p/a", "changed");
  await workspace.write("q/b", "changed");
  const folder = workspace.nodeAt(workspace.index.synced, "p");
  const file = workspace.nodeAt(workspace.index.synced, "p/a");
  const before = workspace.index.local.get(file);
  const { local } = await workspace.look();
  expect([...local.frozen]).toEqual([folder]);
  expect(local.left).toMatchObject([{ path: "p", kind: "hold" }]);
  expect(workspace.index.local.get(file)).toEqual(before);
  const sibling = workspace.nodeAt(workspace.index.synced, "q/b");
  expect(workspace.index.local.get(sibling)?.size).toBe("changed".length);
});

test("G20: a repository at the top holds everything", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await mkdir(join(workspace.top, ".hg"));
  await workspace.remove("a");
  const { local } = await workspace.look();
  expect([...local.frozen]).toEqual([rootNode]);
  expect(workspace.paths(workspace.index.local)).toBe("a");
});

test("G46: under exclude the repository's own files are invisible and the work tree is not", async () => {
  await using workspace = await LinkedWorkspace.open({ "p/a": "1" }, { repos: "exclude" });
  await workspace.write("p/.git/HEAD", "ref: refs/heads/main");
  await workspace.write("p/b", "2");
  const { local } = await workspace.look();
  expect(local).toMatchObject({ left: [] });
  expect(workspace.paths(workspace.index.local)).toBe("p/, p/a, p/b");
});

test("G44: an override lets a repository through as files", async () => {
  await using workspace = await LinkedWorkspace.open({}, { overridden: (path) => path === "p" });
  await workspace.write("p/.git/HEAD", "ref: refs/heads/main");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("p/, p/.git/, p/.git/HEAD");
});

test("S70: a folder that the user made is uploaded, also where it holds only what the rules leave out", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "*.log\n" });
  await workspace.write("d/s/x.log", "1");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe(".mignore, d/, d/s/");
});

test("S70: a leftover into which a new folder came is a folder like any other", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "*.log\n" });
  await workspace.write("d/x.log", "1");
  await workspace.look();
  const { index } = workspace;
  const { node, fileId } = present(index.local.get(workspace.nodeAt(index.local, "d")), "d");
  const mark = { fileId, path: parseRelPath("d") };
  index.transaction(() => {
    index.leftovers.put(mark);
    index.local.remove(node);
  });
  await workspace.look();
  expect(workspace.paths(index.local)).toBe(".mignore");
  expect(index.leftovers.has(mark)).toBe(true);
  await workspace.write("d/new/", "");
  await workspace.look();
  expect(workspace.paths(index.local)).toBe(".mignore, d/, d/new/");
  expect(index.leftovers.has(mark)).toBe(false);
});

test("S22: without its root marker, or with another's, a folder is not looked at", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.deps.local.writeMarker({ workspace: "w1", link: "other", generation: 0 });
  await expect(workspace.look()).rejects.toMatchObject({ code: "workspace-missing", exit: 7 });
  await workspace.deps.local.removeMarker();
  await expect(workspace.look()).rejects.toMatchObject({ code: "workspace-missing", exit: 7 });
  expect(workspace.paths(workspace.index.local)).toBe("a");
});
