import {
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import type { DisplaceAct, MoveAct, PlaceAct } from "../../src/core/plan/local-act.ts";
import { nodeDisk } from "../../src/local/disk.ts";
import { plannedDisk } from "./stopping-disk.ts";
import { copy, rel, Scratch, trash } from "./scratch.ts";

async function replacing(scratch: Scratch, path = "a.txt"): Promise<PlaceAct> {
  return {
    act: "place",
    source: await scratch.stage(path, "new"),
    path: rel(path),
    before: await scratch.expectation(path),
    displaceTo: trash,
    copy,
  };
}

async function moving(scratch: Scratch, from: string, to: string): Promise<MoveAct> {
  const before = await scratch.expectation(from);
  return { act: "move", from: rel(from), to: rel(to), before, displaceTo: trash, copy };
}

async function displacing(scratch: Scratch, path: string, known: string[]): Promise<DisplaceAct> {
  const entries = known.map(
    async (below) => [rel(below), await scratch.expectation(`${path}/${below}`)] as const,
  );
  return {
    act: "displace",
    path: rel(path),
    before: await scratch.expectation(path),
    known: await Promise.all(entries),
    displaceTo: trash,
    copy,
  };
}

describe("S64: place", () => {
  test("S73: file, folder and displaced file are written out before it is done", async () => {
    using scratch = new Scratch({ "a.txt": "old" });
    const act = await replacing(scratch);
    const synced: (string | undefined)[] = [];
    const watching = {
      ...nodeDisk,
      sync: async (fd: number) => {
        synced.push(readlinkSync(`/proc/self/fd/${fd}`).slice(scratch.top.length + 1));
        await nodeDisk.sync(fd);
      },
    };
    expect((await scratch.side(watching).perform(act)).state).toBe("done");
    expect(synced).toEqual([".snap/trash", ".snap", "", ".snap/trash/op1"]);
  });

  test("X7: a replaced file is a new inode; a hard link keeps the old content", async () => {
    using scratch = new Scratch({ "a.txt": "old" });
    linkSync(scratch.at("a.txt"), `${scratch.root}/outside`);
    const outcome = await scratch.side().perform(await replacing(scratch));
    expect(outcome).toMatchObject({ state: "done", putBack: [], leftover: false });
    expect(outcome.stat).toEqual(await scratch.side().stat(rel("a.txt")));
    expect(scratch.area(trash)).toEqual({ "a.txt": "old" });
    expect(lstatSync(`${scratch.root}/outside`).size).toBe(3);
  });

  test("S53: equal content under another stat is what was believed", async () => {
    using scratch = new Scratch({ "a.txt": "old" });
    const act = await replacing(scratch);
    writeFileSync(scratch.at("n"), "old");
    renameSync(scratch.at("n"), scratch.at("a.txt"));
    expect((await scratch.side().perform(act)).state).toBe("done");
  });

  test("S53: an edit before the act cancels it, and nothing is displaced", async () => {
    using scratch = new Scratch({ "a.txt": "old" });
    const act = await replacing(scratch);
    writeFileSync(scratch.at("a.txt"), "edited");
    const outcome = await scratch.side().perform(act);
    expect(outcome.state).toBe("cancelled");
    expect(scratch.user()).toEqual({ "a.txt": "edited" });
    expect(scratch.area(trash)).toEqual({});
  });

  test("a folder with anything in it is not displaced by a file", async () => {
    using scratch = new Scratch({ "d/x": "inside" });
    await scratch.stage("d2", "new");
    const act = { ...(await replacingFolder(scratch)), path: rel("d") };
    expect((await scratch.side().perform(act)).state).toBe("cancelled");
    expect(scratch.user()).toEqual({ "d/x": "inside" });
  });

  test("a missing parent cancels, a linked one is a conflict (X2)", async () => {
    using scratch = new Scratch({ "real/": "" });
    symlinkSync("real", scratch.at("link"));
    const source = await scratch.stage("a", "new");
    const act: PlaceAct = {
      act: "place",
      source,
      path: rel("gone/a"),
      before: undefined,
      displaceTo: trash,
      copy,
    };
    expect((await scratch.side().perform(act)).state).toBe("cancelled");
    await expect(scratch.side().perform({ ...act, path: rel("link/a") })).rejects.toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    expect(scratch.user()).toEqual({ real: "/", link: "->real" });
  });

  test("S64 3: an edit that raced is put back under a conflicted-copy name, once", async () => {
    using scratch = new Scratch({ "a.txt": "old" });
    const act = await replacing(scratch);
    const { disk } = plannedDisk({});
    // The last moment: between the comparison and the rename.
    const racing = {
      ...disk,
      rename: (from: string, to: string) => {
        if (to.includes("/a.txt") && scratch.read("a.txt") === "old") {
          writeFileSync(scratch.at("a.txt"), "raced edit");
        }
        disk.rename(from, to);
      },
    };
    const outcome = await scratch.side(racing).perform(act);
    const name = "a (conflicted copy desk 2026-11-21).txt";
    expect(outcome).toMatchObject({ state: "done", putBack: [name] });
    expect(scratch.user()).toEqual({ "a.txt": "new", [name]: "raced edit" });
    expect((await scratch.side().settle(act)).putBack).toEqual([]);
    expect(scratch.user()).toEqual({ "a.txt": "new", [name]: "raced edit" });
  });
});

async function replacingFolder(scratch: Scratch): Promise<PlaceAct> {
  return {
    act: "place",
    source: await scratch.stage("n", "new"),
    path: rel("d"),
    before: await scratch.expectation("d"),
    displaceTo: trash,
    copy,
  };
}

describe("S64: where hard links are missing, a placeholder is renamed over", () => {
  const withoutLinks = (): ReturnType<typeof plannedDisk> =>
    plannedDisk({ never: { call: "link", code: "EPERM" } });

  test("place and move", async () => {
    using scratch = new Scratch({ "a.txt": "old", "m/x": "moved" });
    const placed = await scratch.side(withoutLinks().disk).perform(await replacing(scratch));
    expect(placed.state).toBe("done");
    const moved = await scratch
      .side(withoutLinks().disk)
      .perform(await moving(scratch, "m/x", "y"));
    expect(moved.state).toBe("done");
    expect(scratch.user()).toEqual({ "a.txt": "new", m: "/", y: "moved" });
  });

  test("S74: stopped at any call, settled on the same disk", async () => {
    const count = 80;
    for (let at = 0; at < count; at += 1) {
      using scratch = new Scratch({ "a.txt": "old", "m/x": "moved" });
      const place = await replacing(scratch);
      const move = await moving(scratch, "m/x", "y");
      const stop = { at, when: "after" } as const;
      const { disk } = plannedDisk({ stop, never: { call: "link", code: "EPERM" } });
      await scratch
        .side(disk)
        .perform(place)
        .catch(() => undefined);
      await scratch.side(withoutLinks().disk).settle(place);
      const second = plannedDisk({ stop, never: { call: "link", code: "EPERM" } });
      await scratch
        .side(second.disk)
        .perform(move)
        .catch(() => undefined);
      await scratch.side(withoutLinks().disk).settle(move);
      const user = scratch.user();
      expect(["old", "new"]).toContain(user["a.txt"]);
      expect([user["m/x"], user["y"]].filter(Boolean)).toEqual(["moved"]);
    }
  });
});

describe("S68: move", () => {
  test("a taken target cancels, and both stay", async () => {
    using scratch = new Scratch({ a: "one", b: "two", "d/x": "", "e/": "" });
    expect((await scratch.side().perform(await moving(scratch, "a", "b"))).state).toBe("cancelled");
    expect((await scratch.side().perform(await moving(scratch, "d", "e"))).state).toBe("cancelled");
    expect(scratch.user()).toEqual({ a: "one", b: "two", "d/x": "", e: "/" });
  });

  test("a symlink moves as itself", async () => {
    using scratch = new Scratch({ l: "->nowhere" });
    const outcome = await scratch.side().perform(await moving(scratch, "l", "m"));
    expect(outcome.stat).toMatchObject({ kind: "symlink", linkTarget: "nowhere" });
    expect(scratch.user()).toEqual({ m: "->nowhere" });
  });

  test("the stat is that of the file at its new place, with its id", async () => {
    using scratch = new Scratch({ a: "one" });
    const before = await scratch.side().stat(rel("a"));
    const outcome = await scratch.side().perform(await moving(scratch, "a", "b"));
    expect(outcome.stat).toEqual(await scratch.side().stat(rel("b")));
    expect(outcome.stat?.fileId).toBe(before?.fileId);
    expect(scratch.area(trash)).toEqual({});
  });
});

describe("S70: displacing a folder", () => {
  test("a changed descendant cancels", async () => {
    using scratch = new Scratch({ "d/a": "one", "d/b": "two" });
    const act = await displacing(scratch, "d", ["a", "b"]);
    writeFileSync(scratch.at("d/b"), "edited");
    expect((await scratch.side().perform(act)).state).toBe("cancelled");
    expect(scratch.user()).toEqual({ "d/a": "one", "d/b": "edited" });
  });

  test("unknown content keeps the folder as a leftover; only what is known goes", async () => {
    using scratch = new Scratch({
      "d/a": "one",
      "d/s/b": "two",
      "d/s/.git/HEAD": "x",
      "d/e/c": "3",
    });
    const act = await displacing(scratch, "d", ["a", "s", "s/b", "e", "e/c"]);
    const outcome = await scratch.side().perform(act);
    expect(outcome).toMatchObject({ state: "done", leftover: true, putBack: [] });
    expect(outcome.stat?.kind).toBe("folder");
    expect(scratch.user()).toEqual({ "d/s/.git/HEAD": "x" });
    expect(scratch.area(trash)).toEqual({ "d/a": "one", "d/s/b": "two", "d/e/c": "3" });
  });

  test("S74: a leftover is finished after a stop at any call", async () => {
    const files = { "d/a": "one", "d/s/b": "two", "d/s/keep": "mine" };
    for (let at = 0; ; at += 1) {
      using scratch = new Scratch(files);
      const act = await displacing(scratch, "d", ["a", "s", "s/b"]);
      const { disk, calls } = plannedDisk({ stop: { at, when: "after" } });
      await scratch
        .side(disk)
        .perform(act)
        .catch(() => undefined);
      const settled = await scratch.side().settle(act);
      const after = settled.state === "done" ? { "d/s/keep": "mine" } : files;
      expect(scratch.user()).toEqual(after);
      if (calls.length <= at) break;
    }
  });

  test("pieces that lie in the area already are joined, not overwritten", async () => {
    using scratch = new Scratch({ "d/a": "one", "d/b": "two" });
    const first: DisplaceAct = {
      ...(await displacing(scratch, "d", [])),
      path: rel("d/a"),
      before: await scratch.expectation("d/a"),
    };
    const rest = await displacing(scratch, "d", ["b"]);
    await scratch.side().perform(first);
    const outcome = await scratch.side().perform(rest);
    expect(outcome).toMatchObject({ state: "done", leftover: false });
    expect(outcome.stat).toBeUndefined();
    expect(scratch.user()).toEqual({});
    expect(scratch.area(trash)).toEqual({ "d/a": "one", "d/b": "two" });
  });

  test("what appears during the rename is put back with its folder", async () => {
    using scratch = new Scratch({ "d/s/a": "one" });
    const act = await displacing(scratch, "d", ["s", "s/a"]);
    const { disk } = plannedDisk({});
    let raced = false;
    const racing = {
      ...disk,
      rename: (from: string, to: string) => {
        if (!raced) {
          writeFileSync(scratch.at("d/s/new"), "late");
          mkdirSync(scratch.at("d/f/deep"), { recursive: true });
          writeFileSync(scratch.at("d/s/a"), "edited late");
        }
        disk.rename(from, to);
        raced = true;
      },
    };
    const outcome = await scratch.side(racing).perform(act);
    expect(outcome).toMatchObject({ state: "done", leftover: true });
    expect(outcome.putBack.toSorted()).toEqual(["d/f", "d/s/a", "d/s/new"]);
    expect(scratch.user()).toEqual({ "d/f/deep": "/", "d/s/a": "edited late", "d/s/new": "late" });
  });
});
