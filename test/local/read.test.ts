import { execFileSync } from "node:child_process";
import { appendFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contentHashOf, hashedContentOf } from "../../src/core/tree/content-hash.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { seededRng } from "../../src/std/random.ts";
import { plannedDisk } from "./stopping-disk.ts";
import { quickClock, rel, Scratch } from "./scratch.ts";

test("S25: a file is hashed with its blocks and its stat", async () => {
  using scratch = new Scratch();
  const bytes = Buffer.alloc(5 * 1024 * 1024, "snap");
  writeFileSync(scratch.at("a"), bytes);
  const side = scratch.side();
  const hashed = await side.hash(rel("a"));
  expect(hashed).toMatchObject({ hash: contentHashOf(bytes), size: bytes.length });
  expect(hashed.blocks).toHaveLength(2);
  expect(hashed.stat).toEqual(await side.stat(rel("a")));
});

test("S24: a file is trusted only when it is older than the granularity at the start of the hash", async () => {
  using scratch = new Scratch({ a: "x" });
  const stat = await scratch.side().stat(rel("a"));
  await scratch.side().writeMarker({ workspace: "w", generation: 0 });
  const newestMs = Number(BigInt(stat?.newestNs ?? 0) / 1_000_000n);
  const hashAfter = async (delayMs: number): Promise<boolean> => {
    const side = scratch.side(undefined, { ...quickClock, now: () => newestMs + delayMs });
    return (await side.hash(rel("a"))).trusted;
  };
  expect(await hashAfter(20)).toBe(false);
  expect(await hashAfter(22)).toBe(true);
});

test("S24: granularity is at least 20 ms, and 2 s where nothing can be measured", async () => {
  using scratch = new Scratch();
  expect(await scratch.side().granularityNs()).toBe(2_000_000_000n);
  expect(scratch.user(), "nothing was made").toEqual({});
  await scratch.side().writeMarker({ workspace: "w", generation: 0 });
  expect(await scratch.side().granularityNs()).toBe(20_000_000n);
});

test("S25: a file that changes once is read again, one that never holds still is volatile", async () => {
  using scratch = new Scratch({ a: "one" });
  const once = plannedDisk({
    meanwhile: { at: 6, act: () => appendFileSync(scratch.at("a"), " two") },
  });
  expect((await scratch.side(once.disk).hash(rel("a"))).size).toBe(7);

  const { disk } = plannedDisk({});
  const restless = {
    ...disk,
    read: async (fd: number, into: Uint8Array, position: number) => {
      appendFileSync(scratch.at("a"), "!");
      return await disk.read(fd, into, position);
    },
  };
  await expect(scratch.side(restless).hash(rel("a"))).rejects.toThrow(
    expect.objectContaining({ code: "volatile" }),
  );
});

describe("S25: an open file", () => {
  test("is read by offset and length, less at its end", async () => {
    using scratch = new Scratch({ a: "0123456789" });
    await using file = await scratch.side().open(rel("a"));
    expect(Buffer.from(await file.read(2, 3)).toString()).toBe("234");
    expect(Buffer.from(await file.read(8, 100)).toString()).toBe("89");
    expect(await file.read(20, 5)).toHaveLength(0);
    // A small file takes no more memory than it needs, whatever is asked for.
    expect((await file.read(0, 2 ** 30)).buffer.byteLength).toBe(4096);
    expect(file.stat.size).toBe(10);
    expect(await file.unchanged()).toBe(true);
    appendFileSync(scratch.at("a"), "more");
    expect(Buffer.from(await file.read(10, 2 ** 30)).toString()).toBe("more");
  });

  test.each([
    ["written to", (scratch: Scratch) => appendFileSync(scratch.at("a"), "x")],
    ["renamed", (scratch: Scratch) => renameSync(scratch.at("a"), scratch.at("b"))],
    [
      "replaced",
      (scratch: Scratch) => {
        writeFileSync(scratch.at("n"), "0123456789");
        renameSync(scratch.at("n"), scratch.at("a"));
      },
    ],
  ])("is seen to be %s", async (_, change) => {
    using scratch = new Scratch({ a: "0123456789" });
    await using file = await scratch.side().open(rel("a"));
    change(scratch);
    expect(await file.unchanged()).toBe(false);
    expect(Buffer.from(await file.read(0, 2)).toString(), "its own bytes stay readable").toBe("01");
  });

  test("may be closed while it is read", async () => {
    using scratch = new Scratch({ a: "0123456789" });
    const file = await scratch.side().open(rel("a"));
    const reading = file.read(0, 10);
    await file[Symbol.asyncDispose]();
    expect(await reading).toHaveLength(10);
    await expect(file.read(0, 1)).rejects.toThrow("while it is open");
  });
});

describe("X4, X8: what is no regular file is not opened", () => {
  test.each(["pipe", "link", "folder", "link2/file"])("%s", async (path) => {
    using scratch = new Scratch({ file: "x", "folder/file": "y" });
    execFileSync("mkfifo", [scratch.at("pipe")]);
    symlinkSync("file", scratch.at("link"));
    symlinkSync("folder", scratch.at("link2"));
    const refused = expect.objectContaining({ code: "conflict" });
    await expect(scratch.side().open(rel(path))).rejects.toThrow(refused);
    await expect(scratch.side().hash(rel(path))).rejects.toThrow(refused);
  });

  test("a pipe that is swapped in for a file does not hang", async () => {
    using scratch = new Scratch({ a: "x" });
    const meanwhile = {
      at: 2,
      act: () => execFileSync("sh", ["-c", `rm ${scratch.at("a")}; mkfifo ${scratch.at("a")}`]),
    };
    const { disk, calls } = plannedDisk({ meanwhile });
    await expect(scratch.side(disk).open(rel("a"))).rejects.toThrow(
      expect.objectContaining({ name: "SnapError" }),
    );
    expect(calls.length).toBeGreaterThan(2);
  });
});

test("X2: a symlink as any component of a deep path is refused", async () => {
  const names = ["a", "b", "c", "d", "e"];
  for (const [index] of names.slice(0, 4).entries()) {
    using scratch = new Scratch({ "a/b/c/d/e": "x" });
    const linked = names.slice(0, index + 1).join("/");
    renameSync(scratch.at(linked), scratch.at("elsewhere"));
    symlinkSync(scratch.at("elsewhere"), scratch.at(linked));
    await expect(scratch.side().open(rel(names.join("/")))).rejects.toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    await expect(
      scratch.side().makeFolder(rel(`${names.slice(0, 4).join("/")}/n`)),
    ).rejects.toThrow(expect.objectContaining({ code: "conflict" }));
  }
});

test("S57: a stretch of an open file is hashed as if it were a file", async () => {
  using scratch = new Scratch();
  const bytes = Buffer.alloc(9 * 1024 * 1024 + 5, "snapshots");
  writeFileSync(scratch.at("a"), bytes);
  const onDisk = { top: scratch.top, clock: quickClock, rng: seededRng(1) };
  for (const side of [scratch.side(), openLocalSide(onDisk)]) {
    await using file = await side.open(rel("a"));
    for (const [from, to] of [
      [0, 5],
      [4 << 20, bytes.length],
      [7, 100_000],
      [8 << 20, 9 << 20],
    ]) {
      const stretch = { from: from ?? 0, to: to ?? 0 };
      expect(await file.hashOf(stretch)).toEqual(hashedContentOf(bytes.subarray(from, to)));
    }
    expect(await file.hashOf({ from: 8 << 20, to: bytes.length + 1 })).toBeUndefined();
  }
});
