/** A work tree that is synced without its history rests while something goes on in its repository (G25). */
import { execFileSync } from "node:child_process";
import { rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { headRestMs, staleLockMs } from "../../src/core/repo/work-trees.ts";
import { UnmergedIndexes } from "../../src/guard/unmerged.ts";
import { openWorkTrees } from "../../src/guard/work-trees.ts";
import { topPath } from "../../src/core/path/rel-path.ts";
import { git, Scratch } from "../guard/repositories.ts";
import { Cloud, Device, LiveDevice } from "./cloud.ts";

function commit(folder: string, file: string, text: string): void {
  writeFileSync(path.join(folder, file), text);
  git(folder, "add", file);
  git(folder, "commit", "-q", "-m", text);
}

/** Two branches that differ in `file`, on `main`. */
function branches(folder: string): void {
  git(folder, "init", "-q", "-b", "main");
  commit(folder, "file", "base");
  git(folder, "checkout", "-q", "-b", "topic");
  commit(folder, "file", "topic");
  git(folder, "checkout", "-q", "main");
  commit(folder, "file", "main");
}

function conflict(folder: string): void {
  expect(() => git(folder, "merge", "topic")).toThrow();
}

/** `HEAD` was changed long ago, for the guard. */
function rested(gitdir: string): void {
  const at = Date.now() / 1000 - headRestMs;
  utimesSync(path.join(gitdir, "HEAD"), at, at);
}

async function linked(cloud: Cloud, make: (place: string) => void): Promise<Device> {
  const device = await cloud.device("box");
  make(device.place);
  await device.link("exclude");
  await device.sync();
  return device;
}

/** What the guard says of the work tree of a scratch folder, as much later as is said. */
async function busy(scratch: Scratch, laterMs = headRestMs): Promise<string | undefined> {
  const clock = { now: () => Date.now() + laterMs, sleep: () => Promise.resolve() };
  const found = await openWorkTrees({ top: scratch.top, clock }).busy(topPath, ".git");
  return found && `${found.reason} ${found.hint ?? ""}`.trim();
}

test("G25: files in conflict stay here until the merge is finished, and make no conflicted copies", async () => {
  await using cloud = await Cloud.open();
  const device = await linked(cloud, branches);
  const other = await (await cloud.device("other")).link("exclude");
  await other.sync();
  conflict(device.place);
  other.write("file", "from elsewhere");
  other.write("new", "from elsewhere");
  await other.sync();
  const held = await device.sync();
  expect(held).toMatchObject({
    exit: 3,
    left: [{ path: "", reason: expect.stringMatching(/unfinished merge/u) }],
  });
  expect(Object.keys(device.tree()).filter((name) => !name.startsWith(".git/"))).toEqual(["file"]);
  git(device.place, "checkout", "-q", "--theirs", "file");
  git(device.place, "commit", "-q", "-a", "-m", "merged");
  const { exit, conflicts } = await device.sync();
  expect({ exit, conflicts: conflicts.length }).toEqual({ exit: 0, conflicts: 1 });
  expect(device.tree()["new"]).toBe("from elsewhere");
});

test("G25: a sync right after a switch of branches waits until HEAD has rested, and sends one batch", async () => {
  await using cloud = await Cloud.open();
  const device = await linked(cloud, branches);
  git(device.place, "checkout", "-q", "topic");
  let now = Math.ceil(statSync(device.at(".git/HEAD")).mtimeMs) + 500;
  const slept: number[] = [];
  const sleep = (delayMs: number): Promise<void> => {
    slept.push(delayMs);
    now += delayMs;
    return Promise.resolve();
  };
  const clock = { now: () => now, sleep };
  const hurried = new Device({ ...device.environment, clock }, device.place);
  expect(await hurried.sync()).toMatchObject({ exit: 0, counts: { uploaded: 1 } });
  expect(slept).toHaveLength(1);
  expect(slept[0]).toBeGreaterThan(headRestMs - 502);
});

test("G25: while a lock is seen nothing moves, and when it is gone all goes on by itself", async () => {
  await using cloud = await Cloud.open();
  const device = await linked(cloud, branches);
  rested(device.at(".git"));
  await using live = new LiveDevice(device);
  await live.rests();
  device.write(".git/index.lock", "");
  device.write("file", "half of a switch");
  device.write("new", "half of a switch");
  await live.until(() => live.live.status().exit === 3);
  expect(live.live.status().left).toMatchObject([
    { path: "", kind: "hold", reason: expect.stringMatching(/index.lock/u) },
  ]);
  expect(live.activity).toEqual([]);
  rmSync(device.at(".git/index.lock"));
  await live.until(() => live.activity.includes("R.put new"));
  await live.until(() => live.live.status().exit === 0);
});

test("G25: only the work tree rests, and what is beside it goes on", async () => {
  await using cloud = await Cloud.open();
  const device = await linked(cloud, (place) => git(place, "init", "-q", "in/tree"));
  rested(device.at("in/tree/.git"));
  device.write("in/tree/.git/HEAD.lock", "");
  device.write("in/tree/deep/file", "1");
  device.write("in/beside", "2");
  const report = await device.sync();
  expect(report).toMatchObject({ exit: 3, counts: { uploaded: 1 } });
  expect(report.left).toMatchObject([{ path: "in/tree", kind: "hold" }]);
  expect(cloud.told("deep")).toEqual([]);
});

test.each(["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge/x", "rebase-apply/x"])(
  "G25: %s means that something is to be finished",
  async (sign) => {
    using scratch = new Scratch();
    scratch.base();
    expect(await busy(scratch)).toBeUndefined();
    scratch.write(`.git/${sign}`, "");
    expect(await busy(scratch)).toMatch(/unfinished .*`git status` tells how/u);
  },
);

/** What was stashed meets another change of the same file: in conflict, and nothing tells but the index. */
function stashConflict(folder: string, format: "sha1" | "sha256"): void {
  git(folder, "init", "-q", "-b", "main", `--object-format=${format}`);
  for (const name of ["file", "other"]) commit(folder, name, "one");
  writeFileSync(path.join(folder, "file"), "stashed");
  git(folder, "stash", "-q");
  commit(folder, "file", "two");
  expect(() => git(folder, "stash", "pop")).toThrow();
}

test.each(["sha1", "sha256"] as const)(
  "G25: files in conflict hold their work tree without an operation as well, with ids of %s",
  async (format) => {
    using scratch = new Scratch();
    stashConflict(scratch.top, format);
    const before = scratch.fingerprint();
    expect(await busy(scratch)).toMatch(
      /holds a repository with a file in conflict .*`git add` it/u,
    );
    expect(scratch.fingerprint()).toBe(before);
    git(scratch.top, "add", "file");
    expect(await busy(scratch)).toBeUndefined();
  },
);

test("G25: a switch of branches that merges by hand leaves files in conflict, which are counted", async () => {
  using scratch = new Scratch();
  branches(scratch.top);
  scratch.write("file", "by hand");
  git(scratch.top, "checkout", "-q", "-m", "topic");
  expect(await busy(scratch)).toContain("a file in conflict");
});

test("G25: an index is read again when it was written, and one that is none, or is vast, holds nobody", async () => {
  using scratch = new Scratch();
  const indexes = new UnmergedIndexes();
  const at = Buffer.from(scratch.at(".git/index"));
  expect(indexes.count(at)).toBe(0);
  stashConflict(scratch.top, "sha1");
  expect([indexes.count(at), indexes.count(at)]).toEqual([1, 1]);
  git(scratch.top, "reset", "-q", "--hard");
  expect(indexes.count(at)).toBe(0);
  truncateSync(at.toString(), 100);
  expect(indexes.count(at)).toBe(0);
  truncateSync(at.toString(), 2 ** 40);
  expect(indexes.count(at)).toBe(0);
  rmSync(at.toString());
  execFileSync("mkfifo", [at.toString()]);
  expect(indexes.count(at)).toBe(0);
});

test("G25: HEAD that has just changed, and one that is years ahead", async () => {
  using scratch = new Scratch();
  scratch.base();
  expect(await busy(scratch, 0)).toBe("has just changed its branch or commit");
  expect(await busy(scratch, headRestMs)).toBeUndefined();
  expect(await busy(scratch, -86_400_000)).toBeUndefined();
});

test("G25: an old lock is told with its age and what to do", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".git/index.lock", "");
  expect(await busy(scratch, 5_000)).not.toContain("remove");
  const told = await busy(scratch, staleLockMs + 90_000);
  expect(told).toContain("11 minutes old");
  expect(told).toContain(`remove "${scratch.at(".git/index.lock")}"`);
});

test("G25: the state of a second work tree and of a separate gitdir is found where it is", async () => {
  using scratch = new Scratch();
  const main = path.join(scratch.root, "main");
  git(scratch.root, "init", "-q", "-b", "main", main);
  commit(main, "file", "one");
  rmSync(scratch.top, { recursive: true });
  git(main, "worktree", "add", "-q", scratch.top, "-b", "second");
  expect(await busy(scratch)).toBeUndefined();
  writeFileSync(path.join(main, ".git/index.lock"), "");
  expect(await busy(scratch)).toBeUndefined();
  writeFileSync(path.join(main, ".git/worktrees/D/index.lock"), "");
  expect(await busy(scratch)).toContain("index.lock");
});

test("G3: to ask changes nothing in a repository, and a hostile one stops nobody", async () => {
  using scratch = new Scratch();
  scratch.base();
  const before = scratch.fingerprint();
  await busy(scratch);
  expect(scratch.fingerprint()).toBe(before);
  rmSync(scratch.at(".git"), { recursive: true });
  scratch.write(".git", "gitdir: .git\n");
  expect(await busy(scratch)).toMatch(/cannot be read/u);
  scratch.write(".git", "gitdir: /nowhere/at/all\n");
  expect(await busy(scratch)).toBeUndefined();
});
