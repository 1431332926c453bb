import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** A source that calls back when a file is opened. */
function watched(onOpen: (path: string) => void): MemorySource {
  const source = new MemorySource();
  source.onOpen = onOpen;
  return source;
}

test("an interrupted capture leaves the store as it was, without lock and temporary files", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const first = await store.capture(new MemorySource().write("a", "1"), manual);
  const controller = new AbortController();
  const source = watched((path) => {
    if (path === "f500") controller.abort();
  });
  for (let at = 100; at < 900; at += 1) source.write(`f${at}`, noise(100_000, at));
  await expect(
    store.capture(source, { ...manual, signal: controller.signal }),
  ).rejects.toMatchObject({
    code: "interrupted",
    exit: 130,
  });
  expect(scratch.names("tmp")).toEqual([]);
  expect(scratch.names().includes("lock")).toBe(false);
  expect(await store.list()).toEqual([first.root]);
  expect(await damageOf(store, 2)).toEqual([]);

  // What reached a pack before is there for the next capture.
  const packs = scratch.names("data").length;
  expect(packs).toBeGreaterThan(2);
  const { root } = await store.capture(source, manual);
  expect(root.stored).toBeLessThan(80_000_000 - 32_000_000 + 4_000_000);
});

test("a capture interrupted while it waits for a changing file says interrupted", async () => {
  using scratch = new ScratchStore();
  const controller = new AbortController();
  const source = watched(() => controller.abort()).write("log", "x", { unstableReads: 99 });
  await expect(
    (await scratch.open()).capture(source, { ...manual, signal: controller.signal }),
  ).rejects.toMatchObject({ code: "interrupted" });
});

test("a source that fails as a whole fails the capture, and nothing stays", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", noise(1_000_000));
  source.entries = async function* () {
    yield [{ path: "a", type: "file", size: 1_000_000, flags: [] }];
    throw new Error("the disk went away");
  };
  await expect(store.capture(source, manual)).rejects.toThrow("the disk went away");
  expect(scratch.names("tmp")).toEqual([]);
  expect(scratch.names("data")).toEqual([]);
  expect(await store.list()).toEqual([]);
});

test("N29: a full disk ends the capture with the missing bytes, and earlier snapshots stay whole", async () => {
  using disk = SmallDisk.mount(2 * 1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const store = await scratch.open();
  const first = await store.capture(new MemorySource().write("a", noise(300_000)), manual);
  const source = new MemorySource().write("a", noise(300_000)).write("b", noise(5_000_000, 3));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(store.capture(source, manual)).rejects.toMatchObject({
      code: "disk-full",
      exit: 7,
      message: expect.stringMatching(/at least \d+ more bytes/),
    });
    expect(scratch.names("tmp")).toEqual([]);
  }
  expect(await store.list()).toEqual([first.root]);
  expect(await contentOf(store, await entryAt(store, first.root, "a"))).toHaveLength(300_000);
  expect(await damageOf(store, 2)).toEqual([]);
  source.write("b", "small");
  expect((await store.capture(source, manual)).created).toBe(true);
});

test("N29: a disk that is full at each possible moment never costs a snapshot", async () => {
  using disk = SmallDisk.mount(1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const filler = join(disk.path, "filler");
  const outcomes = new Set<string>();
  for (let room = 0; room <= 200; room += 8) {
    execFileSync("rm", ["-rf", scratch.top, filler]);
    execFileSync("dd", [
      "if=/dev/zero",
      `of=${filler}`,
      "bs=1K",
      `count=${1024 - room}`,
      "status=none",
    ]);
    const store = await scratch.open();
    const taken = await store.capture(new MemorySource().write("a", noise(90_000)), manual).then(
      (result) => result.root,
      (error: { code: string }) => error.code,
    );
    outcomes.add(typeof taken === "string" ? taken : "taken");
    expect(await store.list()).toEqual(typeof taken === "string" ? [] : [taken]);
    expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  }
  expect([...outcomes]).toEqual(["disk-full", "taken"]);
});

test("N29: the reserve is set aside on a roomy disk, and given up when the disk is full", async () => {
  using disk = SmallDisk.mount(1200 * 1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const store = await scratch.open({ reserve: 1024 * 1024 });
  await store.capture(new MemorySource().write("a", "1"), manual);
  expect(statSync(join(scratch.top, "reserve")).blocks * 512).toBeGreaterThanOrEqual(1024 * 1024);
  // The disk shrinks around what is there, which fills it without writing a gigabyte.
  execFileSync("mount", ["-o", "remount,size=2M", disk.path]);
  await expect(
    store.capture(new MemorySource().write("b", noise(5_000_000)), manual),
  ).rejects.toMatchObject({ code: "disk-full" });
  expect(readdirSync(scratch.top)).not.toContain("reserve");
  expect((await store.capture(new MemorySource().write("b", noise(500_000)), manual)).created).toBe(
    true,
  );
});

test("a read-only disk refuses a capture, and its snapshots can be read and verified", async () => {
  using disk = SmallDisk.mount(4 * 1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const { root } = await (await scratch.open()).capture(new MemorySource().write("a", "1"), manual);
  scratch.flip(scratch.only("data", ".idx"), 40);
  disk.remount("ro");
  const store = await scratch.open();
  expect(await contentOf(store, await entryAt(store, root, "a"))).toEqual(Buffer.from("1"));
  expect(await damageOf(store, 2)).toEqual([]);
  await expect(store.capture(new MemorySource(), manual)).rejects.toMatchObject({
    code: "disk-read-only",
    exit: 7,
  });
  disk.remount("rw");
});

test("a file in the place of the store is told", async () => {
  using scratch = new ScratchStore();
  execFileSync("touch", [scratch.top]);
  await expect(scratch.open()).rejects.toMatchObject({ code: "disk-error", exit: 7 });
});
