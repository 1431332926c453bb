import { appendFileSync, renameSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { nothingLeftOut } from "../../src/core/live/waiting.ts";
import { straysMax } from "../../src/local/watch-left-out.ts";
import { usualBounds } from "../../src/local/watch-folders.ts";
import { Scratch } from "./scratch.ts";
import { Package, watchFull } from "./told-package.ts";
import { leavingOut, watched, watchesOfSystem } from "./watched.ts";

const leftOut = leavingOut("node_modules", "build");

test("S108: a folder that is left out is not watched, however deep, and nothing in it is told of", async () => {
  using scratch = new Scratch({ "node_modules/a/b/": "", "src/@x/node_modules/c/": "" });
  await using watch = await watched(scratch, { leftOut });
  expect(watch.watching).toMatchObject({ coverage: "whole", folders: 3 });
  await watch.marks(["src/end"], () => {
    scratch.write("node_modules/a/b/file", "x");
    scratch.write("node_modules/new/file", "x");
    scratch.write("src/@x/node_modules/c/file", "x");
    scratch.write("src/end", "x");
  });
  expect([...watch.changed]).toEqual(["src/end"]);
  expect([...watch.below]).toEqual([]);
});

test("S108: nothing that is left out counts towards the bounds", async () => {
  using scratch = new Scratch({ "node_modules/a/b/c/": "", "src/": "" });
  const bounds = { ...usualBounds, folders: 2, entries: 2 };
  await using watch = await watched(scratch, { leftOut, bounds });
  expect(watch.watching).toMatchObject({ coverage: "whole", folders: 2 });
});

test("S95: what is left out no more is watched, and everything is to be looked at then", async () => {
  using scratch = new Scratch({ "node_modules/a/b/": "", "build/c/": "" });
  await using watch = await watched(scratch, { leftOut });
  watch.watching.leaveOut(leavingOut("build"));
  await watch.until(() => watch.lost.length === 1);
  await watch.settled(4);
  await watch.marks(["node_modules/a/b/file"], () => scratch.write("node_modules/a/b/file", "x"));
  watch.watching.leaveOut(nothingLeftOut);
  await watch.until(() => watch.lost.length === 2);
  await watch.settled(6);
  await watch.marks(["build/c/file"], () => scratch.write("build/c/file", "x"));
});

test("S95: so it is where the rules were others for a moment only, and folders came in between", async () => {
  using scratch = new Scratch({ "src/": "", "build/": "" });
  await using watch = await watched(scratch);
  watch.watching.leaveOut(leavingOut("build"));
  scratch.write("build/new/deep/er/file", "x");
  watch.watching.leaveOut(nothingLeftOut);
  await watch.until(() => watch.lost.length === 1);
  await watch.settled(6);
  await watch.marks(["build/new/deep/er/late"], () => scratch.write("build/new/deep/er/late", "x"));
});

test("S95: what is left out from now on is let go", async () => {
  using scratch = new Scratch({ "node_modules/a/b/": "", "src/": "" });
  await using watch = await watched(scratch);
  expect(watch.watching.folders).toBe(5);
  watch.watching.leaveOut(leftOut);
  await watch.settled(2);
  await watch.marks(["end"], () => {
    scratch.write("node_modules/a/b/file", "x");
    scratch.write("end", "x");
  });
  expect([...watch.changed]).toEqual(["end"]);
  expect([...watch.below]).toEqual([]);
});

test("a folder that is moved out of one that is left out is told of, with all that is in it", async () => {
  using scratch = new Scratch({ "node_modules/x/deep/file": "x", "src/": "" });
  await using watch = await watched(scratch, { leftOut });
  await watch.marksBelow(["src/x"], () =>
    renameSync(scratch.at("node_modules/x"), scratch.at("src/x")),
  );
  await watch.settled(4);
  await watch.marks(["src/x/deep/file"], () => appendFileSync(scratch.at("src/x/deep/file"), "y"));
});

test("a folder that is left out and gets another name is told of", async () => {
  using scratch = new Scratch({ "node_modules/x/deep/file": "x" });
  await using watch = await watched(scratch, { leftOut });
  await watch.marksBelow(["lib"], () => renameSync(scratch.at("node_modules"), scratch.at("lib")));
  await watch.settled(4);
  await watch.marks(["lib/x/deep/file"], () => appendFileSync(scratch.at("lib/x/deep/file"), "y"));
});

test("a folder that gets a name that is left out is gone, and watched no more", async () => {
  using scratch = new Scratch({ "build2/a/b/": "", "build/": "", "other/c/": "" });
  await using watch = await watched(scratch, { leftOut });
  await watch.marks(["build2"], () => {
    rmSync(scratch.at("build"), { recursive: true });
    renameSync(scratch.at("build2"), scratch.at("build"));
  });
  await watch.settled(3);
  await watch.marks(["other"], () => renameSync(scratch.at("other"), scratch.at("node_modules")));
  await watch.settled(1);
  await watch.marks(["end"], () => {
    scratch.write("build/a/b/file", "x");
    scratch.write("node_modules/c/file", "x");
    scratch.write("end", "x");
  });
  expect([...watch.changed]).toEqual(["end"]);
});

test("a folder that is left out and comes later wakes nobody up", async () => {
  using scratch = new Scratch({ "build/a/": "" });
  await using watch = await watched(scratch, { leftOut });
  await watch.marks(["end"], () => {
    rmSync(scratch.at("build"), { recursive: true });
    scratch.write("build/a/b/file", "x");
    scratch.write("node_modules/a/b/file", "x");
    scratch.write("end", "x");
  });
  expect([...watch.changed]).toEqual(["end"]);
  expect([...watch.below]).toEqual([]);
  expect(watch.watching.folders).toBe(1);
});

test("S23: a file at the place of a folder that is left out is found by a check, and told of from then on", async () => {
  using scratch = new Scratch({ "build/a/": "" });
  await using watch = await watched(scratch, { leftOut });
  rmSync(scratch.at("build"), { recursive: true });
  scratch.write("build", "a file");
  await watch.marks(["build"], () => watch.watching.check());
  await watch.settled(1);
  await watch.marks(["build"], () => appendFileSync(scratch.at("build"), "!"));
});

test("S107: more folders than can be left out are watched, the deepest ones, for nobody", async () => {
  using scratch = new Scratch({ "node_modules/a/": "", "src/build/b/": "", "src/end/": "" });
  const bounds = { ...usualBounds, leftOut: 1 };
  await using watch = await watched(scratch, { leftOut, bounds });
  expect(watch.watching.folders).toBe(5);
  await watch.marks(["src/end/file"], () => {
    scratch.write("src/build/b/file", "x");
    scratch.write("node_modules/a/file", "x");
    scratch.write("src/end/file", "x");
  });
  expect([...watch.changed]).toEqual(["src/end/file"]);
});

test("a folder in one whose name looks like a pattern is left out by its whole path", async () => {
  using scratch = new Scratch({ "[x]/build/a/": "" });
  const system = new Package();
  await using watch = await system.open(scratch, { leftOut });
  expect(system.asked[0]).toMatchObject({
    ignore: [".snap"],
    ignorePaths: [scratch.at("[x]/build")],
  });
  system.tell("update", "[x]/build/a/file");
  system.tell("update", "[x]/file");
  expect([...watch.changed]).toEqual(["[x]/file"]);
});

const patterns = ["a[b]", "*", "{x,y}", "!(x)", "+(x)", "(x|y)", "x\\*", "c?", "**", "[!a]"];

test("S108: a folder whose name looks like a pattern is left out like any other, and nothing else is", async () => {
  const folders = patterns.map((name) => [`deep/${name}/c/`, ""] as const);
  using scratch = new Scratch({ ...Object.fromEntries(folders), "deep/ab/": "", "deep/x/": "" });
  const before = watchesOfSystem();
  await using watch = await watched(scratch, { leftOut: leavingOut(...patterns) });
  expect(watch.watching).toMatchObject({ coverage: "whole", folders: 4 });
  expect(watchesOfSystem() - before).toBe(4);
  await watch.marks(["deep/ab/file", "deep/x/file"], () => {
    for (const name of patterns) scratch.write(`deep/${name}/c/file`, "x");
    scratch.write("deep/ab/file", "x");
    scratch.write("deep/x/file", "x");
  });
  expect([...watch.changed].toSorted()).toEqual(["deep/ab/file", "deep/x/file"]);
});

test("S107: the watch is made anew, once, when much has come in folders that are left out", async () => {
  using scratch = new Scratch();
  const system = new Package();
  await using watch = await system.open(scratch, { leftOut });
  scratch.write("build/", "");
  for (let count = 1; count < straysMax; count += 1) system.tell("create", `build/${count}`);
  system.tell("update", "build/1");
  expect(system.calls).toEqual(["+0"]);
  system.tell("create", "build/last");
  await watch.settled(1);
  expect(system.calls).toEqual(["+0", "+1", "-0"]);
  expect(system.asked[1]?.ignore).toEqual([".snap", "build"]);
  expect([...watch.changed, ...watch.below, ...watch.lost]).toEqual([]);
});

test("S107: it is not made anew for what it cannot leave out", async () => {
  using scratch = new Scratch({ "build/": "" });
  const system = new Package();
  const bounds = { ...usualBounds, leftOut: 1 };
  await using watch = await system.open(scratch, { leftOut, bounds });
  for (let count = 0; count <= straysMax; count += 1) {
    system.tell("create", `node_modules/${count}`);
  }
  rmSync(scratch.at("build"), { recursive: true });
  scratch.write("lib/", "");
  system.tell("create", "lib");
  await watch.settled(2);
  expect(system.calls).toEqual(["+0"]);
});

test("S95: folders that are left out while the watch is made anew are left out by the next one", async () => {
  using scratch = new Scratch({ "build/a/": "", "src/b/": "" });
  const system = new Package();
  await using watch = await system.open(scratch);
  system.onAsk = () => {
    if (system.asked.length === 2) watch.watching.leaveOut(leftOut);
  };
  rmSync(scratch.at("src"), { recursive: true });
  system.tell("delete", "src");
  await watch.settled(1);
  expect(system.asked.map(({ ignore }) => ignore)).toEqual([
    [".snap"],
    [".snap"],
    [".snap", "build"],
  ]);
});

test("S108: the same folders once more change nothing", async () => {
  using scratch = new Scratch({ "build/": "" });
  const system = new Package();
  await using watch = await system.open(scratch, { leftOut });
  watch.watching.leaveOut(leavingOut("node_modules", "build"));
  scratch.write("lib/", "");
  system.tell("create", "lib");
  await watch.settled(2);
  expect(system.calls).toEqual(["+0"]);
});

test("S108: what was too much is watched when enough of it is left out, and everything is looked at", async () => {
  using scratch = new Scratch({ "build/a/b/": "", "src/": "" });
  const bounds = { ...usualBounds, folders: 3 };
  await using watch = await watched(scratch, { bounds });
  expect(watch.watching).toMatchObject({ coverage: "none", folders: 0 });
  expect(watch.watching.reason).toContain("ignore or exclude folders");
  watch.watching.leaveOut(leftOut);
  await watch.settled(2);
  expect(watch.watching).toMatchObject({ coverage: "whole", folders: 2, reason: undefined });
  expect(watch.lost.at(-1)).toBe("it was not watched");
  await watch.marks(["src/file"], () => scratch.write("src/file", "x"));
});

test("S108: at the limit of watches those for nobody are given back first", async () => {
  using scratch = new Scratch();
  const system = new Package();
  await using watch = await system.open(scratch, { leftOut });
  scratch.write("build/a/", "");
  system.tell("create", "build");
  system.tell("create", "build/a");
  system.isFull = true;
  system.refusals.push(watchFull());
  system.onAsk = () => {
    system.isFull = false;
  };
  scratch.write("lib/", "");
  system.tell("create", "lib");
  await watch.settled(2);
  expect(system.calls).toEqual(["+0", "!1", "-0", "+2"]);
  expect(watch.watching.coverage).toBe("whole");
  expect(watch.lost).toEqual(["the watch was made anew"]);
});
