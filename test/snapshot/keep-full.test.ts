import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
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
