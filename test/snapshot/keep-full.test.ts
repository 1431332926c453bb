import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { silentLogger } from "../../src/std/log.ts";
import { WriterLock } from "../../src/snapshot/writer-lock.ts";
import { MemorySource } from "../support/memory-source.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { copyOf, hookedFiles, makeScene, treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

/** Calls that need room. */
const growing: ReadonlySet<string> = new Set(["put", "create", "append", "move", "write"]);

/** A store on a disk that is full from some call on, until the reserve is given up; whether it became full. */
async function onFullDisk(
  scratch: ScratchStore,
  calls: number,
  act: (store: OpenedStore) => Promise<unknown>,
): Promise<boolean> {
  const disk = new DiskStoreFiles(scratch.top, seededRng(calls));
  let done = 0;
  const before = async (method: string): Promise<void> => {
    if (!growing.has(method)) return;
    done += 1;
    if (done <= calls || (await disk.size("reserve")) === undefined) return;
    throw new SnapError("disk-full", "full");
  };
  const files = hookedFiles(disk, { kind: "changes", before });
  const { top: path, clock } = scratch;
  await act(await openStoreOver(files, { path, clock, rng: seededRng(calls + 1), tool: "0.1.0" }));
  return done > calls;
}

test("N29: forgetting, taking back, noting and pruning work on a disk that is full at any call", async () => {
  using scratch = new ScratchStore();
  const { kept, trees, waiting } = await makeScene(scratch);
  scratch.write("reserve", "room");
  const [first = waiting.root] = kept;
  const acts: readonly ((store: OpenedStore) => Promise<unknown>)[] = [
    (store) => store.keeping.prune({}),
    (store) => store.keeping.forget({ ids: [first.id], reason: "manual", evenLastCopy: true }),
    (store) => store.keeping.unforget(waiting.id),
    (store) => store.keeping.note(first.id, { label: "l" }),
  ];
  for (const [place, act] of acts.entries()) {
    let calls = 0;
    for (let isFull = true; isFull; calls += 1) {
      const copy = copyOf(scratch, "copy");
      isFull = await onFullDisk(copy, calls, act);
      expect(copy.names().includes("reserve"), `act ${place}, call ${calls}`).toBe(!isFull);
      const store = await copy.open();
      expect(await damageOf(store, 2)).toEqual([]);
      for (const [at, root] of kept.entries()) expect(await treeOf(store, root)).toEqual(trees[at]);
    }
    expect(calls).toBeGreaterThan(1);
  }
});

test("N29: a disk that is full without a reserve fails with its own error and harms nothing", async () => {
  using disk = SmallDisk.mount(3 * 1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const store = await scratch.open();
  const source = new MemorySource()
    .write("gone", noise(700_000, 1))
    .write("kept", noise(1_000_000, 2));
  const { root: old } = await store.capture(source, { reason: "manual" });
  source.remove("gone");
  const { root } = await store.capture(source, { reason: "manual" });
  await store.keeping.forget({ ids: [old.id], reason: "manual", evenLastCopy: true });
  scratch.clock.advance(8 * 86_400_000);
  const room = 3 * 1024 * 1024 - 1_800_000;
  scratch.write("filler", noise(room - 200_000));
  await expect(store.keeping.prune({})).rejects.toMatchObject({ code: "disk-full", exit: 7 });
  expect(scratch.names("tmp")).toEqual([]);
  expect(scratch.names().includes("lock")).toBe(false);
  const fresh = await scratch.open();
  expect(await damageOf(fresh, 2)).toEqual([]);
  expect((await treeOf(fresh, root))["kept"]).toHaveLength(1_000_000);
  expect(statSync(join(scratch.top, "filler")).size).toBeGreaterThan(0);
});

test("an interrupted prune leaves the store whole, without lock and temporary files, and says so", async () => {
  using scratch = new ScratchStore();
  const scene = await makeScene(scratch);
  const steps = new Set<string>();
  for (const stopAt of ["mark", "repack data"]) {
    const copy = copyOf(scratch, "copy");
    const controller = new AbortController();
    const { keeping } = await copy.open();
    const pruned = keeping.prune({
      signal: controller.signal,
      onProgress: ({ step }) => {
        steps.add(step);
        if (step === stopAt) controller.abort();
      },
    });
    await expect(pruned).rejects.toMatchObject({ code: "interrupted", exit: 130 });
    expect(copy.names("tmp")).toEqual([]);
    expect(copy.names()).not.toContain("lock");
    const store = await copy.open();
    expect(await damageOf(store, 2)).toEqual([]);
    for (const [at, root] of scene.kept.entries())
      expect(await treeOf(store, root)).toEqual(scene.trees[at]);
  }
  expect([...steps]).toEqual(["mark", "repack data"]);
});

test("N30: forgetting, taking back, noting and pruning wait for another writer, and then say who it is", async () => {
  using scratch = new ScratchStore();
  const { kept, waiting } = await makeScene(scratch);
  const id = kept[0]?.id ?? "";
  const files = new DiskStoreFiles(scratch.top, seededRng(1));
  const { clock } = scratch;
  const doing = "capture, manual";
  await using _lock = await WriterLock.acquire({
    files,
    clock,
    rng: seededRng(2),
    logger: silentLogger,
    waitMs: 0,
    doing,
  });
  const { keeping } = await scratch.open({ wait: 1000 });
  const before = scratch.names();
  const busy = { code: "busy", exit: 6, message: expect.stringContaining(doing) };
  await expect(keeping.prune({})).rejects.toMatchObject(busy);
  await expect(
    keeping.forget({ ids: [id], reason: "manual", evenLastCopy: true }),
  ).rejects.toMatchObject(busy);
  await expect(keeping.unforget(waiting.id)).rejects.toMatchObject(busy);
  await expect(keeping.note(id, { label: "l" })).rejects.toMatchObject(busy);
  expect(clock.slept.length).toBeGreaterThanOrEqual(16);
  expect(scratch.names()).toEqual(before);
  // Looking needs no lock.
  expect((await keeping.prune({ dryRun: true })).dropped.packs).toBeGreaterThan(0);
  expect((await keeping.stats({})).snapshots).toHaveLength(2);
});
