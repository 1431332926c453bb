import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { check, overlook, rot, sync } from "./checked-workspace.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const tree = { "a.txt": "one", "d/b.txt": "two", "d/e/": "" };

async function synced(files: Readonly<Record<string, string>> = tree): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open(files);
  await sync(workspace);
  return workspace;
}

test("S103: after a sync in a quiet world nothing is found, with the content read and without", async () => {
  await using workspace = await synced();
  for (const rehash of [false, true]) {
    const { lines, exit, onDisk, onServer } = await check(workspace, { rehash });
    expect({ lines, exit, onDisk, onServer }).toEqual({
      lines: [],
      exit: 0,
      onDisk: 4,
      onServer: 4,
    });
  }
  expect(workspace.index.meta("differences")).toBeUndefined();
  expect((await sync(workspace)).cycles).toBe(1);
});

test("S104: what the next sync sees by itself is told, and is no difference", async () => {
  await using workspace = await synced({ ...tree, gone: "x", moved: "y" });
  await workspace.write("a.txt", "edited here");
  await workspace.write("new.txt", "new");
  await workspace.remove("gone");
  await workspace.rename("moved", "d/e/moved");
  await workspace.upload("d/b.txt", "edited there");
  await workspace.upload("there.txt", "new there");
  const cursor = workspace.index.meta("cursor");
  const { lines, exit } = await check(workspace, { rehash: true });
  expect(lines).toEqual([
    "pending disk a.txt",
    "pending disk d/e/moved",
    "pending disk gone",
    "pending disk moved",
    "pending disk new.txt",
    "pending server d/b.txt",
    "pending server there.txt",
  ]);
  expect(exit).toBe(0);
  expect(workspace.index.meta("cursor")).toBe(cursor);
  await sync(workspace);
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
});

test("S104: a folder that was moved or removed on the server explains all that is in it", async () => {
  await using workspace = await synced({ "d/e/f": "1", "g/h/i": "2", "g/j": "3" });
  await workspace.other.move(at("d"), at("k"));
  await workspace.removeRemote("g");
  const { lines, exit } = await check(workspace);
  expect(exit).toBe(0);
  expect(lines.every((line) => line.startsWith("pending server "))).toBe(true);
  expect(lines.length).toBeGreaterThan(0);
});

test("S28, S103: bytes that changed under an unchanged stamp are a difference for --rehash alone", async () => {
  await using workspace = await synced();
  await rot(workspace, "a.txt", "0ne");
  expect((await check(workspace)).lines).toEqual([]);
  const { lines, exit, findings } = await check(workspace, { rehash: true });
  expect(lines).toEqual(["damaged disk a.txt"]);
  expect(findings[0]?.hint).toContain("snap check --fetch");
  expect(exit).toBe(5);
  expect(workspace.index.meta("differences")).toBe("1");
  const [line] = workspace.index.logged(1);
  expect(line).toMatchObject({ kind: "check", path: "a.txt", outcome: "damaged" });
});

test("S104: a dry run tells the same and writes nothing", async () => {
  await using workspace = await synced();
  await rot(workspace, "a.txt", "0ne");
  await workspace.upload("new", "x");
  await overlook(workspace);
  const lines = workspace.index.logged(100).length;
  const cursor = workspace.index.meta("cursor");
  const checkedAt = workspace.index.meta("checked_at");
  const found = await check(workspace, { rehash: true, dryRun: true });
  expect(found.lines).toEqual(["damaged disk a.txt", "missed server new"]);
  expect(found.exit).toBe(5);
  expect(workspace.index.care.damaged()).toEqual([]);
  expect(workspace.index.logged(100)).toHaveLength(lines);
  expect(workspace.index.meta("cursor")).toBe(cursor);
  expect(workspace.index.meta("differences")).toBeUndefined();
  expect(workspace.index.meta("checked_at")).toBe(checkedAt);
});

test("S103: a row with another size or hash than its own stamp stands for is broken, and the next sync reads the file", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  const [a, b] = ["a.txt", "d/b.txt"].map((path) => workspace.nodeAt(index.local, path));
  index.transaction(() => {
    index.local.put({ ...present(index.local.get(present(a, "a node")), "a row"), size: 99 });
    index.local.put({
      ...present(index.local.get(present(b, "a node")), "a row"),
      hash: "0".repeat(64),
    });
  });
  const { lines, exit } = await check(workspace, { rehash: true });
  expect(lines).toEqual(["broken disk a.txt", "broken disk d/b.txt", "pending index d/b.txt"]);
  expect(exit).toBe(5);
  await sync(workspace);
  expect(await workspace.read("d/b.txt")).toBe("two");
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
  expect(index.meta("differences")).toBe("2");
});

test("S29, S70, S90: links, ignored content, and what stays of a folder are no findings", async () => {
  await using workspace = await synced({ ...tree, ".mignore": "*.tmp\n" });
  symlinkSync("a.txt", join(workspace.top, "link"));
  await workspace.write("x.tmp", "1");
  await workspace.write("left/over/y.tmp", "1");
  await sync(workspace);
  await workspace.removeRemote("left");
  await sync(workspace);
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
  await workspace.write("left/over/kept", "1");
  expect((await check(workspace)).lines).toEqual(["pending disk left"]);
});

test("S104: what the last sync left aside is told with its reason", async () => {
  await using workspace = await synced();
  const { index } = workspace;
  const [a, b, e] = ["a.txt", "d/b.txt", "d/e"].map((path) => workspace.nodeAt(index.local, path));
  index.transaction(() => {
    for (const node of [a, b, e]) index.remote.remove(present(node, "a row"));
    const parked = { node: present(a, "a row"), kind: "R.put", path: "a.txt", reason: "quota" };
    index.putParked({ ...parked, attempts: 1, nextAt: 0 });
    index.setMeta("cursor", undefined);
  });
  const items = [{ node: 1, op: "L.trash", path: "d/b.txt", before: "h" }];
  const held = { digest: "d", kind: "mass-delete", items, state: "open", madeAt: 1 } as const;
  workspace.deps.holds.putHold(held);
  const left = [{ path: "d/e", kind: "unknown", reason: "comes and goes" }] as const;
  const { findings, exit } = await check(workspace, { left });
  const reasons = findings.map(({ kind, path, what }) => `${kind} ${path}: ${what}`);
  expect(reasons.toSorted()).toEqual([
    "held d/b.txt: waits for `snap confirm`",
    "parked a.txt: quota",
    "pending : the next sync lists everything on the server anew",
    "unknown d/e: comes and goes",
  ]);
  expect(exit).toBe(0);
});

test("S104: a check that finds the workspace gone ends with that, and marks nothing", async () => {
  await using workspace = await synced();
  await workspace.deps.local.removeMarker();
  await expect(check(workspace)).rejects.toMatchObject({ code: "workspace-missing" });
  expect(workspace.index.meta("differences")).toBeUndefined();
});
