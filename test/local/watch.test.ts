import { execFileSync } from "node:child_process";
import {
  cpSync,
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { watched } from "./watched.ts";
import { Scratch } from "./scratch.ts";

describe("S2: what happens on the disk is told of", () => {
  test("a new file, an edit in place, a new mode, a save by rename, a deletion", async () => {
    using scratch = new Scratch({ "docs/a.txt": "1" });
    await using watch = await watched(scratch);
    expect(watch.watching).toMatchObject({ coverage: "whole", reason: undefined, folders: 2 });
    await watch.marks(["docs/new"], () => scratch.write("docs/new", "x"));
    await watch.marks(["docs/a.txt"], () => appendFileSync(scratch.at("docs/a.txt"), "2"));
    await watch.marks(["docs/a.txt"], () => chmodSync(scratch.at("docs/a.txt"), 0o700));
    await watch.marks(["docs/a.txt"], () => {
      scratch.write("docs/a.txt.tmp", "3");
      renameSync(scratch.at("docs/a.txt.tmp"), scratch.at("docs/a.txt"));
    });
    await watch.marks(["docs/a.txt"], () => rmSync(scratch.at("docs/a.txt")));
    await watch.marks(["top"], () => scratch.write("top", "x"));
    expect(watch.lost).toEqual([]);
  });

  test("a new tree, and everything in it afterwards", async () => {
    using scratch = new Scratch();
    await using watch = await watched(scratch);
    await watch.marksBelow(["a"], () => scratch.write("a/b/c/d/file", "x"));
    await watch.settled(5);
    await watch.marks(["a/b/c/d/file"], () => appendFileSync(scratch.at("a/b/c/d/file"), "y"));
    await watch.marks(["a/b/late"], () => scratch.write("a/b/late", "x"));
  });

  test("a tree that is moved here", async () => {
    using scratch = new Scratch();
    mkdirSync(`${scratch.root}/outside/deep/er`, { recursive: true });
    await using watch = await watched(scratch);
    await watch.marksBelow(["in"], () => renameSync(`${scratch.root}/outside`, scratch.at("in")));
    await watch.settled(4);
    await watch.marks(["in/deep/er/file"], () => scratch.write("in/deep/er/file", "x"));
  });

  test("a tree that is moved within, under its new name only", async () => {
    using scratch = new Scratch({ "old/deep/er/file": "x", "other/": "" });
    await using watch = await watched(scratch);
    await watch.marksBelow(["other/new"], () =>
      renameSync(scratch.at("old"), scratch.at("other/new")),
    );
    await watch.settled(5);
    const path = "other/new/deep/er/file";
    await watch.marks([path], () => appendFileSync(scratch.at(path), "y"));
    expect([...watch.changed].filter((at) => at.startsWith("old"))).toEqual([]);
  });

  test("a tree that is moved away, and no more from there", async () => {
    using scratch = new Scratch({ "old/deep/file": "x" });
    await using watch = await watched(scratch);
    await watch.marks(["old"], () => renameSync(scratch.at("old"), `${scratch.root}/away`));
    await watch.settled(1);
    await watch.marks(["here"], () => {
      appendFileSync(`${scratch.root}/away/deep/file`, "y");
      scratch.write("here", "x");
    });
    expect([...watch.changed]).toEqual(["here"]);
  });

  test("a tree that is removed, and made again at once", async () => {
    using scratch = new Scratch({ "a/b/c/file": "x" });
    await using watch = await watched(scratch);
    await watch.marksBelow(["a"], () => {
      rmSync(scratch.at("a"), { recursive: true });
      scratch.write("a/b/c/file", "y");
    });
    await watch.settled(4);
    await watch.marks(["a/b/c/file"], () => appendFileSync(scratch.at("a/b/c/file"), "z"));
  });

  test("folders that come and go all the time, each of them", async () => {
    using scratch = new Scratch({ "keep/": "" });
    await using watch = await watched(scratch);
    for (let round = 0; round < 12; round += 1) {
      const now = `keep/${round}`;
      await watch.marksBelow([now], () => {
        if (round > 0) renameSync(scratch.at(`keep/${round - 1}`), scratch.at(now));
        else scratch.write("keep/0/x/y/file", "x");
      });
    }
    await watch.settled(5);
    await watch.marks(["keep/11/x/y/file"], () => {
      appendFileSync(scratch.at("keep/11/x/y/file"), "y");
    });
  });

  test("ten thousand new files", async () => {
    using scratch = new Scratch({ "many/": "" });
    await using watch = await watched(scratch);
    for (let number = 0; number < 10_000; number += 1) scratch.write(`many/${number}`, "");
    // Events beyond the kernel's queue are dropped without a word: one mark is enough, since it is one for the whole folder.
    await watch.until(() => watch.lost.length > 0 || watch.changed.size > 0);
    await watch.marks(["last"], () => scratch.write("last", "x"));
  });
});

test("S10: what is in .snap is not told of", async () => {
  using scratch = new Scratch({ ".snap/trash/": "", "a/deep/": "" });
  await using watch = await watched(scratch);
  expect(watch.watching.folders).toBe(3);
  await watch.marks(["a", "end"], () => {
    scratch.write(".snap/trash/x/y", "x");
    renameSync(scratch.at("a"), scratch.at(".snap/trash/a"));
    scratch.write("end", "x");
  });
  await watch.settled(1);
  expect([...watch.changed].toSorted()).toEqual(["a", "end"]);
});

test("S14: a change under a name that is no UTF-8 marks the folder that can be named", async () => {
  using scratch = new Scratch({ "docs/": "" });
  const name = Buffer.from([0x63, 0xe9]);
  await using watch = await watched(scratch);
  await watch.marksBelow(["docs"], () => {
    writeFileSync(Buffer.concat([Buffer.from(`${scratch.at("docs")}/`), name]), "x");
  });
});

test("S17: folders behind a link are not watched", async () => {
  using scratch = new Scratch({ "real/": "" });
  mkdirSync(`${scratch.root}/elsewhere/inside`, { recursive: true });
  symlinkSync(`${scratch.root}/elsewhere`, scratch.at("link"));
  await using watch = await watched(scratch);
  expect(watch.watching.folders).toBe(2);
  await watch.marks(["real/end"], () => {
    writeFileSync(`${scratch.root}/elsewhere/inside/file`, "x");
    scratch.write("real/end", "x");
  });
  expect([...watch.changed]).toEqual(["real/end"]);
});

describe("S108: where nothing can be told, the watch says so", () => {
  test("the workspace is removed while it runs", async () => {
    using scratch = new Scratch({ "a/b/file": "x" });
    await using watch = await watched(scratch);
    rmSync(scratch.top, { recursive: true });
    await watch.until(() => watch.watching.coverage === "none");
    expect(watch.watching.reason).toContain("moved or removed");
    expect(watch.watching.topGone.aborted).toBe(true);
    expect(watch.lost).toHaveLength(1);
  });

  test("a folder above the workspace is moved, of which no event tells, and a copy takes its place", async () => {
    using scratch = new Scratch({ "a/file": "x" });
    let now = 0;
    const clock = { now: () => now, sleep: () => setImmediate() };
    await using watch = await watched(scratch, { clock });
    watch.watching.check();
    expect(watch.watching.coverage).toBe("whole");
    const moved = `${scratch.root}.moved`;
    renameSync(scratch.root, moved);
    try {
      cpSync(moved, scratch.root, { recursive: true });
      now += 5_000;
      watch.watching.check();
      expect(watch.watching.topGone.aborted).toBe(false);
      now += 5_000;
      watch.watching.check();
      expect(watch.watching.topGone.aborted).toBe(true);
      await watch.until(() => watch.watching.coverage === "none");
    } finally {
      rmSync(moved, { recursive: true });
    }
  });

  test("the workspace is moved while it runs", async () => {
    using scratch = new Scratch({ "a/b/file": "x" });
    await using watch = await watched(scratch);
    renameSync(scratch.top, `${scratch.root}/moved`);
    await watch.until(() => watch.watching.coverage === "none");
    expect(watch.watching).toMatchObject({ folders: 0 });
  });

  test("the workspace is not there", async () => {
    using scratch = new Scratch();
    rmSync(scratch.top, { recursive: true });
    await using watch = await watched(scratch);
    expect(watch.watching.coverage).toBe("none");
  });

  test("more folders, or more files, than are watched", async () => {
    using scratch = new Scratch({ "a/": "", "b/": "", "c/d": "" });
    const few = { folders: 3, entries: 100, leftOut: 9 };
    await using folders = await watched(scratch, { bounds: few });
    expect(folders.watching).toMatchObject({ coverage: "none", folders: 0 });
    expect(folders.watching.reason).toContain("more than 3 folders");
    await using entries = await watched(scratch, {
      bounds: { folders: 9, entries: 3, leftOut: 9 },
    });
    expect(entries.watching.reason).toContain("more than 3 files and folders");
  });
});

test("S29: a folder that cannot be read does not keep the rest from being watched", async () => {
  using scratch = new Scratch({ "open/": "", "[shut] (1)+$/inner/": "", "shut/": "" });
  const shut = ["shut", "[shut] (1)+$"].map((name) => scratch.at(name));
  for (const path of shut) chmodSync(path, 0);
  for (const path of [scratch.root, scratch.at("open")]) chmodSync(path, 0o777);
  try {
    const told = asNobody([import.meta.resolve("./watch-once.ts"), scratch.top]);
    expect(told).toBe("whole 2\nopen/file\n");
  } finally {
    for (const path of shut) chmodSync(path, 0o700);
  }
});

test("no mark comes after the end", async () => {
  using scratch = new Scratch({ "a/": "" });
  const watch = await watched(scratch);
  await watch[Symbol.asyncDispose]();
  await using other = await watched(scratch);
  await other.marksBelow(["b"], () => scratch.write("b/c/file", "x"));
  expect([...watch.changed, ...watch.below]).toEqual([]);
});

/** Run a module as a user who may not read everything, where this one may. */
function asNobody([module = "", ...words]: readonly string[]): string {
  const isRoot = process.getuid?.() === 0;
  return execFileSync(process.execPath, [fileURLToPath(module), ...words], {
    ...(isRoot && { uid: 65_534, gid: 65_534 }),
    encoding: "utf8",
  });
}
