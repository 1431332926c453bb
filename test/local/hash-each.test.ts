import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import type { Disk } from "../../src/local/disk.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { LocalSide } from "../../src/ports.ts";
import type { Clock } from "../../src/std/time.ts";
import { seededRng } from "../../src/std/random.ts";
import { plannedDisk, quickDisk } from "./stopping-disk.ts";
import { quickClock, rel, Scratch } from "./scratch.ts";

type SideOf = (scratch: Scratch, clock?: Clock) => LocalSide;

const sides: readonly (readonly [string, SideOf])[] = [
  ["in this thread", (scratch, clock) => scratch.side(undefined, clock)],
  [
    "on the real disk",
    ({ top }, clock = quickClock) => openLocalSide({ top, clock, rng: seededRng(1) }),
  ],
];

const four = ["a", "b", "c", "d"];

const paths = (...names: readonly string[]): RelPath[] => names.map(rel);

describe.each(sides)("S25: several files, hashed %s", (_, sideOf) => {
  test("have the hashes and stats that each has alone", async () => {
    const names = Array.from({ length: 20 }, (_name, at) => `d/e/f${at}`);
    using scratch = new Scratch({
      ...Object.fromEntries(names.map((name, at) => [name, "x".repeat(at * 3_000)])),
      top: "top",
      "d/\u00e9": "",
    });
    const all = paths(...names, "top", "d/\u00e9");
    const side = sideOf(scratch);
    const found = await side.hashEach(all);
    expect([...found.keys()].toSorted()).toEqual(all.toSorted());
    for (const [path, hashed] of found) {
      const alone = await side.hash(path);
      expect(hashed).toEqual({ ...alone, trusted: hashed.trusted });
    }
  });

  test("X2, X8: what is no regular file, gone, or behind a link is missing, the others are not", async () => {
    using scratch = new Scratch({ "d/a": "1", "d/b": "2", "d/folder/": "", "d/z": "3", x: "4" });
    execFileSync("mkfifo", [scratch.at("d/pipe")]);
    symlinkSync("a", scratch.at("d/link"));
    symlinkSync("d", scratch.at("other"));
    const inside = ["a", "b", "folder", "gone", "link", "pipe", "z"].map((name) => `d/${name}`);
    const found = await sideOf(scratch).hashEach(
      paths(...inside, "other/a", "other/b", "other/z", "other/link", "nowhere/a", "x"),
    );
    expect([...found.keys()]).toEqual(["d/a", "d/b", "d/z", "x"]);
  });

  test("are not read after a stop", async () => {
    using scratch = new Scratch({ a: "1", b: "2" });
    const stopped = { signal: AbortSignal.abort() };
    await expect(sideOf(scratch).hashEach(paths("a", "b"), stopped)).rejects.toThrow(
      expect.objectContaining({ code: "interrupted" }),
    );
  });

  test("S24: are trusted only when they were old enough before the first was read", async () => {
    using scratch = new Scratch(Object.fromEntries(four.map((name) => [name, "x"])));
    const side = scratch.side();
    await side.writeMarker({ workspace: "w", generation: 0 });
    const newest = four.map(async (name) => BigInt((await side.stat(rel(name)))?.newestNs ?? 0));
    const newestMs = (await Promise.all(newest)).map((time) => Number(time / 1_000_000n));
    const trusted = async (now: number): Promise<Set<boolean>> => {
      const found = await sideOf(scratch, { ...quickClock, now: () => now }).hashEach(
        paths(...four),
      );
      return new Set([...found.values()].map((one) => one.trusted));
    };
    expect(await trusted(Math.min(...newestMs) + 20)).toEqual(new Set([false]));
    expect(await trusted(Math.max(...newestMs) + 22)).toEqual(new Set([true]));
  });
});

test("S25: a file that changes while it is read is missing", async () => {
  using scratch = new Scratch({ a: "one", b: "two" });
  const disk: Disk = {
    ...quickDisk,
    read: (fd, into, position) => {
      if (into.length === 3) appendFileSync(scratch.at("a"), "!");
      return quickDisk.read(fd, into, position);
    },
  };
  const found = await scratch.side(disk).hashEach(paths("a", "b"));
  expect([...found.keys()]).toEqual(["b"]);
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
  const found = await scratch.side(disk).hashEach(paths("d/a", "d/b"));
  expect(opened).toBe(4);
  expect(found.get(rel("d/b"))?.hash).toBe(found.get(rel("d/a"))?.hash);
});

test("what is no trouble of the system, such as the end of the program, is thrown", async () => {
  using scratch = new Scratch({ a: "1", b: "2" });
  const { disk } = plannedDisk({ stop: { at: 4, when: "before" } });
  await expect(scratch.side(disk).hashEach(paths("a", "b"))).rejects.toThrow("stopped at");
});
