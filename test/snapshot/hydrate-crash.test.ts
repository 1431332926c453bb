import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { ThinCloud } from "./hydrate-scenes.ts";
import { hookedFiles } from "./keep-scenes.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const large = noise(4_300_000, 7);

function cloudOf(): ThinCloud {
  const cloud = new ThinCloud().write("a", "one").write("big", large).write("gone", "gone");
  for (let at = 0; at < 80; at += 1) cloud.write(`d/${at}`, `content ${at}`);
  cloud.serve("gone", undefined);
  return cloud;
}

function openOver(scratch: ScratchStore, files: StoreFiles, seed: number) {
  const { top: path, clock } = scratch;
  const rng = seededRng(seed);
  return openStoreOver(files, { path, clock, rng, tool: "0.1.0", reserve: 0 });
}

/** Whatever became of a hydration: the thin snapshot is as it was, and the next hydration comes to its end. */
async function expectToGoOn(scratch: ScratchStore, what: string): Promise<void> {
  const store = await scratch.open();
  const [thin, hydrated, ...more] = await store.list();
  expect(more, what).toEqual([]);
  if (thin === undefined) throw new Error("the thin snapshot is gone");
  expect(thin.completeness).toBe("thin");
  expect(await damageOf(store, 2), what).toEqual([]);
  if (hydrated !== undefined) expect(hydrated.completeness).toBe("partial");
  const cloud = cloudOf();
  cloud.serve("gone", "gone");
  const { root } = await cloud.hydrate(store, hydrated ?? thin);
  expect(root.completeness, what).toBe("full");
  expect(await contentOf(store, await entryAt(store, root, "big"))).toEqual(large);
  expect((await contentOf(store, await entryAt(store, root, "d/79"))).toString()).toBe(
    "content 79",
  );
  expect(scratch.names("tmp")).toEqual([]);
  expect(scratch.names().filter((name) => name.startsWith("partial/"))).toEqual([]);
  expect(await damageOf(store, 2), what).toEqual([]);
}

test("N1, N42: a hydration killed at each file call harms nothing, and the next one goes on", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    using scratch = new ScratchStore();
    const cloud = cloudOf();
    const thin = await cloud.capture(await scratch.open());
    const disk = new DiskStoreFiles(scratch.top, seededRng(calls));
    const { files, close } = stoppingFiles(disk, calls);
    const store = await openOver(scratch, files, calls + 1);
    isDone = await cloud.hydrate(store, thin).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    // The lock names this process, which lives: that of a killed one would be broken.
    rmSync(join(scratch.top, "lock"), { force: true });
    await expectToGoOn(scratch, `killed at call ${calls}`);
    await close();
    expect(calls).toBeLessThan(200);
  }
});

test("N29, N42: a disk that is full at any call ends a hydration with its own error, and harms nothing", async () => {
  const growing: ReadonlySet<string> = new Set(["put", "create", "append", "move", "write"]);
  for (let calls = 0, isFull = true; isFull; calls += 1) {
    using scratch = new ScratchStore();
    const cloud = cloudOf();
    const thin = await cloud.capture(await scratch.open());
    let done = 0;
    const before = (method: string): Promise<void> => {
      if (growing.has(method)) done += 1;
      return growing.has(method) && done > calls
        ? Promise.reject(new SnapError("disk-full", "full"))
        : Promise.resolve();
    };
    const disk = new DiskStoreFiles(scratch.top, seededRng(calls));
    const files = hookedFiles(disk, { kind: "changes", before });
    const store = await openOver(scratch, files, calls + 1);
    isFull = await cloud.hydrate(store, thin).then(
      () => false,
      (error: unknown) => {
        expect(error).toMatchObject({ code: "disk-full", exit: 7 });
        return true;
      },
    );
    await expectToGoOn(scratch, `full at call ${calls}`);
    expect(calls).toBeLessThan(200);
  }
});
