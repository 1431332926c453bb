import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RepositoryUnits } from "../../src/core/repo/unit.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";
import { MemorySpool } from "../support/memory-spool.ts";

const manual = { reason: "manual" } as const;

const kept = { mode: 0o644, mtimeNs: 5n };

/** Hands over files out of order; one of them twice, one of them in vain, one that is taken back. */
function memoryUnits(files: Readonly<Record<string, Buffer>>): RepositoryUnits {
  return {
    makeSpool: () => new MemorySpool(),
    capture: async (_place, sink) => {
      const put = async (name: string, content: Buffer, end: "done" | "drop"): Promise<void> => {
        const path = Buffer.from(name);
        const writer = await sink.file({ ...kept, kind: "file", path, size: content.length });
        const piece = Buffer.alloc(70_000);
        for (let at = 0; at < content.length; at += piece.length) {
          await writer.write(piece.subarray(0, content.copy(piece, 0, at)));
        }
        await writer[end]();
      };
      await put("x", noise(300_000, 3), "done");
      await put("gone", Buffer.from("gone"), "done");
      for (const [name, content] of Object.entries(files).toReversed()) {
        await put(name, noise(5000, 4), "done");
        await put(name, content, "done");
      }
      await put("x", noise(300_000, 5), "drop");
      await sink.remove(Buffer.from("gone"));
      await sink.plain({ ...kept, kind: "folder", path: Buffer.from("refs") });
      const target = Buffer.from([0xff, 0x61]);
      await sink.plain({ ...kept, kind: "symlink", path: Buffer.from("l"), target });
      return {
        word: "verified",
        reasons: [],
        movedDuring: false,
        leftOut: [],
        state: { stashes: 2 },
      };
    },
  };
}

class UnitSource extends MemorySource {
  readonly units: RepositoryUnits;

  constructor(units: RepositoryUnits) {
    super();
    this.units = units;
    this.write("a", "a").folder("r").folder("r/.git", { unit: "r/.git" }).write("z", "z");
  }
}

function tree(version: string): UnitSource {
  return new UnitSource(
    memoryUnits({
      HEAD: Buffer.from(version),
      "objects/ab/c": noise(9_000_000, 6),
      "objects/ab/d": Buffer.from(`${version} d`),
    }),
  );
}

test("N44: what comes unordered, twice, in vain or is taken back becomes one ordered unit", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(tree("one"), manual);
  expect(root.git).toEqual([
    {
      id: "r/.git",
      vcs: "git",
      consistency: "verified",
      reasons: [],
      movedDuring: false,
      stashes: 2,
    },
  ]);
  const entries = await all(store.entries(root.id));
  expect(entries.map(({ path, unit }) => `${path} ${unit ?? ""}`)).toEqual([
    "a ",
    "r ",
    "r/.git r/.git",
    "r/.git/HEAD r/.git",
    "r/.git/l r/.git",
    "r/.git/objects r/.git",
    "r/.git/objects/ab r/.git",
    "r/.git/objects/ab/c r/.git",
    "r/.git/objects/ab/d r/.git",
    "r/.git/refs r/.git",
    "z ",
  ]);
  const link = await entryAt(store, root, "r/.git/l");
  expect(Buffer.from(link.linkBytes ?? "", "base64")).toEqual(Buffer.from([0xff, 0x61]));
  const pack = await contentOf(store, await entryAt(store, root, "r/.git/objects/ab/c"));
  expect(pack.equals(noise(9_000_000, 6))).toBe(true);
  expect(await store.capture(tree("one"), manual)).toMatchObject({ created: false });
});

test("N43: a repository that cannot be captured is a gap that is told, and what lies below a link makes one torn", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const refuse = new SnapError("too-large", "It is too large");
  const { root } = await store.capture(
    new UnitSource({ makeSpool: () => new MemorySpool(), capture: () => Promise.reject(refuse) }),
    manual,
  );
  expect(root).toMatchObject({
    completeness: "partial",
    git: [],
    left: { items: [{ path: "r/.git", reason: "too-large: It is too large" }] },
  });
  expect((await entryAt(store, root, "r/.git")).flags).toEqual(["unreadable"]);
  const hostile = new UnitSource({
    makeSpool: () => new MemorySpool(),
    capture: async (_place, sink) => {
      await sink.plain({
        ...kept,
        kind: "symlink",
        path: Buffer.from("s"),
        target: Buffer.from("/"),
      });
      const writer = await sink.file({ ...kept, kind: "file", path: Buffer.from("s/x"), size: 0 });
      await writer.done();
      return { word: "verified", reasons: [], movedDuring: false, leftOut: [], state: {} };
    },
  });
  const { root: torn } = await store.capture(hostile, manual);
  expect(torn.git).toMatchObject([{ consistency: "torn" }]);
  expect((await all(store.entries(torn.id))).map(({ path }) => path)).not.toContain("r/.git/s/x");
});

test("N1, N2, N44: a capture of a repository killed at each file call leaves no snapshot or a whole one", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    using scratch = new ScratchStore();
    const disk = new DiskStoreFiles(scratch.top, seededRng(calls));
    const { files, close } = stoppingFiles(disk, calls);
    const options = { path: scratch.top, clock: scratch.clock, tool: "0.1.0", reserve: 0 };
    isDone = await openStoreOver(files, { ...options, rng: seededRng(calls + 1) })
      .then((store) => store.capture(tree("one"), manual))
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
    rmSync(join(scratch.top, "lock"), { force: true });
    const store = await scratch.open();
    expect((await store.list()).length, `killed at call ${calls}`).toBeLessThanOrEqual(1);
    expect(await damageOf(store, 2)).toEqual([]);
    const { root } = await store.capture(tree("one"), manual);
    const head = await contentOf(store, await entryAt(store, root, "r/.git/HEAD"));
    expect(head.toString()).toBe("one");
    expect(await damageOf(store, 2)).toEqual([]);
    await close();
    expect(calls).toBeLessThan(300);
  }
});
