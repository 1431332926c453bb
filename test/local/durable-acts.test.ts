import { readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import type { LocalAct } from "../../src/core/plan/local-act.ts";
import { nodeDisk, type Disk } from "../../src/local/disk.ts";
import { copy, rel, Scratch, trash } from "./scratch.ts";

/** What an act changed of the names, and which folders it wrote out, in order. */
async function stepsOf(scratch: Scratch, act: LocalAct): Promise<readonly string[]> {
  const steps: string[] = [];
  const named = (path: string): string => {
    const [, fd = "", name = ""] = /^\/proc\/self\/fd\/(\d+)\/(.+)$/.exec(path) ?? [];
    return placeOf(Number(fd), name);
  };
  const placeOf = (fd: number, name = ""): string =>
    `${readlinkSync(`/proc/self/fd/${fd}`)}/${name}`.slice(scratch.top.length + 1);
  const watching: Disk = {
    ...nodeDisk,
    rename: (from, to) => {
      steps.push(`${named(String(from))} becomes ${named(String(to))}`);
      nodeDisk.rename(from, to);
    },
    link: (from, to) => {
      steps.push(`${named(String(from))} is also ${named(String(to))}`);
      nodeDisk.link(from, to);
    },
    unlink: (path) => {
      steps.push(`${named(String(path))} goes`);
      nodeDisk.unlink(path);
    },
    sync: async (fd) => {
      steps.push(`written out: ${placeOf(fd)}`);
      await nodeDisk.sync(fd);
    },
  };
  expect((await scratch.side(watching).perform(act)).state).toBe("done");
  return steps;
}

test("S69, S73: a file that goes is written out in its folder and in the trash before that is done", async () => {
  using scratch = new Scratch({ "d/a.txt": "gone", "d/b.txt": "stays" });
  const before = await scratch.expectation("d/a.txt");
  const path = rel("d/a.txt");
  const act = { act: "displace", path, before, known: [], displaceTo: trash, copy } as const;
  expect((await stepsOf(scratch, act)).slice(-3)).toEqual([
    "d/a.txt becomes .snap/trash/op1/d/a.txt",
    "written out: d/",
    "written out: .snap/trash/op1/d/",
  ]);
});

test("S68, S73: the new name of a file is written out before the old one goes", async () => {
  using scratch = new Scratch({ "d/a.txt": "moves", "e/": "" });
  const before = await scratch.expectation("d/a.txt");
  const [from, to] = [rel("d/a.txt"), rel("e/b.txt")];
  const act = { act: "move", from, to, before, displaceTo: trash, copy } as const;
  expect((await stepsOf(scratch, act)).slice(-5)).toEqual([
    "d/a.txt is also e/b.txt",
    "written out: e/",
    "d/a.txt becomes .snap/trash/op1/d/a.txt",
    ".snap/trash/op1/d/a.txt goes",
    "written out: d/",
  ]);
});

test("S69, X10: what is in the trash already is not replaced, and what was to go stays", async () => {
  using scratch = new Scratch({ "a.txt": "newer", ".snap/trash/op1/a.txt": "older" });
  const before = await scratch.expectation("a.txt");
  const path = rel("a.txt");
  const act = { act: "displace", path, before, known: [], displaceTo: trash, copy } as const;
  await expect(scratch.side().perform(act)).rejects.toMatchObject({ code: "place-taken" });
  expect([scratch.read("a.txt"), scratch.read(".snap/trash/op1/a.txt")]).toEqual([
    "newer",
    "older",
  ]);
});
