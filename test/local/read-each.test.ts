import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import { smallBytesMax, type WholeFile } from "../../src/core/tree/local-stat.ts";
import type { Disk } from "../../src/local/disk.ts";
import type { LocalSide } from "../../src/ports.ts";
import { quickDisk } from "./stopping-disk.ts";
import { rel, Scratch } from "./scratch.ts";

function readAll(
  side: LocalSide,
  names: readonly string[],
  room = 1_000_000,
): Promise<ReadonlyMap<RelPath, WholeFile>> {
  return side.readEach({ paths: names.map(rel), into: Buffer.alloc(room) });
}

test("N36: small files come whole, each with its stat, side by side in one piece of memory", async () => {
  const names = Array.from({ length: 30 }, (_name, at) => `d/e/f${at}`);
  using scratch = new Scratch({
    ...Object.fromEntries(names.map((name, at) => [name, `${at}`.repeat(at * 500)])),
    top: "top",
    "d/\u00e9": "",
  });
  const all = [...names, "top", "d/\u00e9"];
  const side = scratch.side();
  const found = await readAll(side, all);
  expect([...found.keys()].toSorted()).toEqual(all.toSorted());
  for (const [path, { bytes, stat, startedAt }] of found) {
    await using file = await side.open(path);
    expect(Buffer.from(bytes)).toEqual(Buffer.from(await file.read(0, 1_000_000)));
    expect(stat).toEqual(file.stat);
    expect(startedAt).toBeGreaterThan(0);
  }
});

test("N36: what is large, or does not fit any more, is missing", async () => {
  using scratch = new Scratch({
    a: "x".repeat(smallBytesMax),
    b: "x".repeat(smallBytesMax + 1),
    c: "x".repeat(smallBytesMax),
    d: "small",
  });
  const found = await readAll(scratch.side(), ["a", "b", "c", "d"], smallBytesMax + 5);
  expect([...found.keys()]).toEqual(["a", "d"]);
});

test("N36: a file that changes while it is read is missing", async () => {
  using scratch = new Scratch({ a: "one", b: "two", c: "three" });
  const disk: Disk = {
    ...quickDisk,
    readNow: (fd, into, position) => {
      if (into.length === 5) appendFileSync(scratch.at("a"), "!");
      if (into.length === 3) writeFileSync(scratch.at("b"), "two, longer");
      return quickDisk.readNow(fd, into, position);
    },
  };
  const found = await readAll(scratch.side(disk), ["c", "b", "a"]);
  expect([...found.keys()]).toEqual(["c", "a"]);
});

test("X2, X8: what is no regular file, gone, or behind a link is missing, the others are not", async () => {
  using scratch = new Scratch({ "d/a": "1", "d/b": "2", "d/folder/": "", "d/z": "3", x: "4" });
  execFileSync("mkfifo", [scratch.at("d/pipe")]);
  symlinkSync("a", scratch.at("d/link"));
  symlinkSync("d", scratch.at("other"));
  const inside = ["a", "b", "folder", "gone", "link", "pipe", "z"].map((name) => `d/${name}`);
  const found = await readAll(scratch.side(), [...inside, "other/a", "nowhere/a", "x"]);
  expect([...found.keys()]).toEqual(["d/a", "d/b", "d/z", "x"]);
});

test("X2: a folder that becomes a link on the way is read where it was, or not at all", async () => {
  using scratch = new Scratch({ "d/a": "ours", "d/b": "ours" });
  mkdirSync(`${scratch.root}/elsewhere`);
  writeFileSync(`${scratch.root}/elsewhere/b`, "theirs");
  let opened = 0;
  const disk: Disk = {
    ...quickDisk,
    open: (path, flags, mode) => {
      opened += 1;
      if (opened === 4) {
        renameSync(scratch.at("d"), scratch.at("moved"));
        symlinkSync(`${scratch.root}/elsewhere`, scratch.at("d"));
      }
      return quickDisk.open(path, flags, mode);
    },
  };
  const found = await readAll(scratch.side(disk), ["d/a", "d/b"]);
  expect(opened).toBe(4);
  expect(Buffer.from(found.get(rel("d/b"))?.bytes ?? []).toString()).toBe("ours");
});

test("small files are not read after a stop", async () => {
  using scratch = new Scratch({ a: "1" });
  const request = { paths: [rel("a")], into: Buffer.alloc(10) };
  await expect(
    scratch.side().readEach(request, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: "interrupted" });
});
