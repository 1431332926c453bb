import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { merge } from "../../src/core/merge/merge.ts";
import { plan } from "../../src/core/plan/plan.ts";
import type { RebaseItem } from "../../src/core/plan/sync-report.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { rebase } from "../../src/engine/recover/rebase.ts";
import { systemCode } from "../../src/std/error.ts";
import { present } from "../../src/std/assert.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

/** What a restore left at its paths: content, a folder (slash at the end), or undefined where it removed. */
async function restored(
  workspace: LinkedWorkspace,
  want: Readonly<Record<string, string | undefined>>,
): Promise<readonly RebaseItem[]> {
  const items: RebaseItem[] = [];
  for (const [path, content] of Object.entries(want)) {
    const place = at(path.replace(/\/$/, ""));
    if (content === undefined) {
      await rm(join(workspace.top, place), { recursive: true, force: true }).catch(onlyNoFolder);
      items.push({ path: place, want: { kind: "absent" } });
      continue;
    }
    await workspace.write(path, content);
    const stat = present(await workspace.deps.local.stat(place), path);
    const file = { kind: "file", hash: contentHashOf(Buffer.from(content)), stat } as const;
    items.push({ path: place, want: path.endsWith("/") ? { kind: "folder" } : file });
  }
  return items;
}

/** What was below a folder that is a file now is gone already. */
function onlyNoFolder(error: unknown): void {
  if (systemCode(error) !== "ENOTDIR") throw error;
}

async function rebaseOn(
  workspace: LinkedWorkspace,
  want: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const items = await restored(workspace, want);
  await rebase(workspace.deps, { restore: "r1", items }, () => {});
}

/** What an ordinary cycle would do now, one line an op. */
async function next(workspace: LinkedWorkspace): Promise<string[]> {
  const { frozen } = await workspace.look();
  const { index } = workspace;
  const { synced, local, remote } = index;
  return index.transaction(() => {
    const result = merge({
      synced,
      local,
      remote,
      slice: index.dirty(0, Number.MAX_SAFE_INTEGER),
      frozen: frozen.nodes,
      device: "desk",
      date: "2026-11-21",
      newNode: () => index.newNode(),
    });
    return plan(result, { synced, local, remote }).map((op) => `${op.kind} ${op.path}`);
  });
}

test("S98, S100: a restored file is an edit on the server's latest state, with its rev", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "old", same: "s" });
  await workspace.upload("a", "newest");
  await workspace.look();
  await rebaseOn(workspace, { a: "restored" });
  const node = workspace.nodeAt(workspace.index.remote, "a");
  const there = workspace.index.remote.get(node);
  expect(workspace.index.synced.get(node)).toMatchObject({ rev: there?.rev, hash: there?.hash });
  expect(workspace.index.local.get(node)?.hash).toBe(contentHashOf(Buffer.from("restored")));
  expect(await next(workspace)).toEqual(["R.put a"]);
  expect(workspace.clock.slept).toEqual([]);
});

test("S98, S100: a removed file goes from the server, without a second look", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", "d/b": "2", "d/s/c": "3" });
  await rebaseOn(workspace, {
    a: undefined,
    d: undefined,
    "d/b": undefined,
    "d/s": undefined,
    "d/s/c": undefined,
  });
  expect(workspace.paths(workspace.index.local)).toBe("");
  expect((await next(workspace)).toSorted()).toEqual(["R.delete a", "R.deleteDir d"]);
  expect(workspace.clock.slept).toEqual([]);
});

test("S100: equal content is adopted without a transfer", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.upload("a", "2");
  await workspace.upload("new", "3");
  await workspace.look();
  await rebaseOn(workspace, { a: "2", new: "3" });
  expect((await next(workspace)).filter((op) => !op.startsWith("S."))).toEqual([]);
});

test("S98: a file that only the server had is removed there when the user wants it absent", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.upload("d/unwanted", "2");
  await workspace.look();
  await rebaseOn(workspace, { d: undefined, "d/unwanted": undefined });
  expect(await next(workspace)).toEqual(["R.deleteDir d"]);
});

test("S98: the row goes where the server has none, and the restored file is new there", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/b": "2" });
  await workspace.removeRemote("d");
  await workspace.look();
  await rebaseOn(workspace, { "d/": "", "d/a": "1", "d/b": undefined });
  expect(workspace.paths(workspace.index.synced)).toBe("");
  expect(await next(workspace)).toEqual(["R.mkdir d", "R.put d/a"]);
});

test("S98: what is gone on both sides is forgotten, with all below it", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", b: "2" });
  await workspace.removeRemote("d");
  await workspace.look();
  await rebaseOn(workspace, { d: undefined, "d/a": undefined });
  expect(workspace.paths(workspace.index.synced)).toBe("b");
  expect(await next(workspace)).toEqual([]);
});

test("S99: nodes outside the set keep their rows: what appeared unseen comes down", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/keep": "k" });
  await workspace.upload("d/unseen", "2");
  await workspace.look();
  const node = workspace.nodeAt(workspace.index.synced, "d/keep");
  const before = [workspace.index.local.get(node), workspace.index.synced.get(node)];
  await rebaseOn(workspace, { "d/a": "restored" });
  expect([workspace.index.local.get(node), workspace.index.synced.get(node)]).toEqual(before);
  expect((await next(workspace)).toSorted()).toEqual(["L.put d/unseen", "R.put d/a"]);
});

test("S98: paired by place: a file that was renamed goes back under its old name", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.other.move(at("a"), at("b"));
  await workspace.look();
  await workspace.remove("a");
  await rebaseOn(workspace, { a: "1", b: undefined });
  const ops = (await next(workspace)).toSorted();
  expect(ops).toEqual(["R.delete b", "R.put a"]);
});

test("S98: a folder that takes the place of a file, and the other way round", async () => {
  await using workspace = await LinkedWorkspace.open({ x: "1", "y/z": "2" });
  await workspace.remove("x");
  await workspace.remove("y");
  await rebaseOn(workspace, { "x/": "", "x/in": "i", y: "file", "y/z": undefined });
  const ops = (await next(workspace)).toSorted();
  expect(ops).toEqual(["R.delete x", "R.deleteDir y", "R.mkdir x", "R.put x/in", "R.put y"]);
});

test("S98: a file in the place of a folder that only the server has: what is in the folder goes, too", async () => {
  await using workspace = await LinkedWorkspace.open({ x: "1" });
  await workspace.removeRemote("x");
  await workspace.upload("x/deep/in", "2");
  await workspace.upload("x/unwanted", "3");
  await workspace.look();
  const below = { "x/deep": undefined, "x/deep/in": undefined, "x/unwanted": undefined };
  await rebaseOn(workspace, { x: "1", ...below });
  expect((await next(workspace)).toSorted()).toEqual(["R.deleteDir x", "R.put x"]);
});

test("S29: a place whose folder was replaced by a link meanwhile is left to the next observation", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", b: "2" });
  const items = await restored(workspace, { "d/a": "restored" });
  await workspace.remove("d");
  await symlink("b", join(workspace.top, "d"));
  await rebase(workspace.deps, { restore: "r1", items }, () => {});
  expect(await next(workspace)).toEqual([]);
  expect(workspace.paths(workspace.index.remote)).toBe("b, d/, d/a");
});

test("S27: what was taken away after the restore is looked into as any other absence", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const items = await restored(workspace, { a: "restored" });
  await workspace.remove("a");
  await rebase(workspace.deps, { restore: "r1", items }, () => {});
  expect(workspace.paths(workspace.index.local)).toBe("a");
  expect(await next(workspace)).toEqual(["R.delete a"]);
  expect(workspace.clock.slept).toEqual([2000]);
});

test("S100: what was edited after the restore is read, and goes up as it is", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const items = await restored(workspace, { a: "restored" });
  await workspace.write("a", "edited since");
  await rebase(workspace.deps, { restore: "r1", items }, () => {});
  expect(await next(workspace)).toEqual(["R.put a"]);
  const row = workspace.index.local.get(workspace.nodeAt(workspace.index.local, "a"));
  expect(row?.hash).toBe(contentHashOf(Buffer.from("edited since")));
});

test("S100: a remote change after the fence is a true conflict", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await rebaseOn(workspace, { a: "restored" });
  await workspace.upload("a", "theirs");
  const ops = await next(workspace);
  expect(ops).toContainEqual(expect.stringMatching(/^L\.aside a/));
  expect(ops).not.toContain("R.put a");
});

test("S98: one transaction: when the caller's part fails, no row has changed and the fence stands", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const { journal, index } = workspace.deps;
  index.transaction(() => {
    journal.putRestore({
      id: "r1",
      kind: "restore",
      state: "committed",
      snapshot: undefined,
      options: "{}",
      digest: "",
      report: undefined,
      madeAt: 0,
    });
    journal.setFence("r1");
  });
  const items = await restored(workspace, { a: "restored" });
  const before = workspace.rows(index.local);
  const failing = rebase(workspace.deps, { restore: "r1", items }, () => {
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(journal.fence()).toBe("r1");
  expect(workspace.rows(index.local)).toBe(before);
  await rebase(workspace.deps, { restore: "r1", items }, () => {});
  expect(journal.fence()).toBeUndefined();
});
