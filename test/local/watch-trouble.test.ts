import { expect, test } from "vitest";
import type { ToldEvent } from "../../src/local/watch-package.ts";
import { rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { drainStepMs } from "../../src/local/watch-cover.ts";
import { Scratch } from "./scratch.ts";
import { Package, watchFull as full } from "./told-package.ts";

test("S108: at the limit of watches nothing is covered, and the reason names the setting", async () => {
  using scratch = new Scratch();
  const system = new Package();
  system.refusals.push(full());
  await using watch = await system.open(scratch);
  expect(watch.watching).toMatchObject({ coverage: "none", folders: 0 });
  expect(watch.watching.reason).toContain("fs.inotify.max_user_watches");
  expect(system.calls, "it is not tried again").toEqual(["!0"]);
});

test.each([
  ["Unable to initialize inotify: Too many open files", "fs.inotify.max_user_instances"],
  ["No prebuild or local build of @parcel/watcher found", "not installed"],
  ["something else", "(something else); see fs.inotify.max_user_watches"],
])("S108: '%s' is told in words for the user", async (message, words) => {
  using scratch = new Scratch();
  const system = new Package();
  system.refusals.push(...Array.from({ length: 5 }, () => new Error(message)));
  await using watch = await system.open(scratch);
  expect(watch.watching.reason).toContain(words);
});

test("S108: the limit is met by a folder that comes later", async () => {
  using scratch = new Scratch({ "a/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  system.isFull = true;
  scratch.write("b/", "");
  system.tell("create", "b");
  await watch.until(() => watch.watching.coverage === "none");
  expect(watch.watching.reason).toContain("fs.inotify.max_user_watches");
  expect(watch.lost).toHaveLength(1);
  expect(system.calls, "the watches are given back").toEqual(["+0", "-0"]);
});

test("S108: where the limit leaves no room for two watches, the old one ends first, and everything is looked at", async () => {
  using scratch = new Scratch({ "a/b/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  system.refusals.push(full());
  rmSync(scratch.at("a"), { recursive: true });
  system.tell("delete", "a");
  await watch.settled(1);
  expect(system.calls).toEqual(["+0", "!1", "-0", "+2"]);
  expect(watch.lost).toEqual(["the watch was made anew"]);
});

test("a folder that vanishes while the package looks is no reason to give up", async () => {
  using scratch = new Scratch({ "a/": "" });
  const system = new Package();
  system.refusals.push(new Error("No such file or directory"));
  await using watch = await system.open(scratch);
  expect(watch.watching).toMatchObject({ coverage: "whole", folders: 2 });
});

test("the new watch begins before the old one ends, under another name of the top", async () => {
  using scratch = new Scratch({ "a/b/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  rmSync(scratch.at("a"), { recursive: true });
  system.tell("delete", "a");
  await watch.settled(1);
  expect(system.calls).toEqual(["+0", "+1", "-0"]);
  expect(system.asked[1]?.folder).not.toBe(system.asked[0]?.folder);
  system.tell("update", "file");
  expect([...watch.changed]).toContain("file");
  expect(watch.lost).toEqual([]);
});

test("a folder that comes while the package looks is looked at, and watched", async () => {
  using scratch = new Scratch({ "a/b/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  system.onAsk = () => {
    if (system.asked.length === 2) scratch.write("late/er/", "");
  };
  rmSync(scratch.at("a"), { recursive: true });
  system.tell("delete", "a");
  await watch.settled(3);
  expect(system.calls).toEqual(["+0", "+1", "-0", "+2", "-1"]);
  expect([...watch.below].toSorted()).toEqual(["late", "late/er"]);
});

test("a watch whose end fails is given up, and its name is not used again", async () => {
  using scratch = new Scratch({ "a/b/": "", "c/d/": "", "e/f/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  system.endings = "reject";
  for (const [name, folders] of [
    ["a", 5],
    ["c", 3],
    ["e", 1],
  ] as const) {
    rmSync(scratch.at(name), { recursive: true });
    system.tell("delete", name);
    await watch.settled(folders);
  }
  expect(new Set(system.asked.map(({ folder }) => folder)).size).toBe(4);
  expect(watch.watching.coverage).toBe("whole");
});

test("what the package tells of its own trouble, or too much of, is looked for everywhere", async () => {
  using scratch = new Scratch();
  const system = new Package();
  await using watch = await system.open(scratch);
  const told = system.asked[0]?.told;
  told?.(new Error("Events were dropped"), []);
  await watch.settled(1);
  const many = Array.from({ length: 10_001 }, (_, number): ToldEvent => ({
    type: "create",
    path: `${scratch.top}/${number}`,
  }));
  system.asked.at(-1)?.told(null, many);
  expect(watch.lost).toContain("the watch failed: Events were dropped");
  expect(watch.lost).toContain("too many changes at once");
  expect([...watch.changed]).toEqual([]);
});

test("S108: an old watch still tells what it has, although the machine was suspended in between", async () => {
  using scratch = new Scratch({ "a/b/": "", file: "x" });
  const system = new Package();
  let waits = 0;
  const clock = {
    now: () => 0,
    sleep: async (ms: number) => {
      if (ms === drainStepMs) waits += 1;
      // The first wait was over at once: what was on its way came later.
      if (ms === drainStepMs && waits === 2)
        system.asked[0]?.told(null, [{ type: "update", path: `${scratch.top}/file` }]);
      await setImmediate();
    },
  };
  await using watch = await system.open(scratch, { clock });
  rmSync(scratch.at("a"), { recursive: true });
  system.tell("delete", "a");
  await watch.settled(1);
  expect([...watch.changed].toSorted()).toEqual(["a", "file"]);
});
