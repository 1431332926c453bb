import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

/** A capture by a process that is killed at a call, seen by the next process. */
async function afterKill(
  scratch: ScratchStore,
  kill: { source: MemorySource; calls: number },
  look: () => Promise<void>,
): Promise<boolean> {
  const { files, close } = stoppingFiles(
    new DiskStoreFiles(scratch.top, seededRng(kill.calls)),
    kill.calls,
  );
  const rng = seededRng(kill.calls + 1);
  const options = { path: scratch.top, clock: scratch.clock, rng, tool: "0.1.0", reserve: 0 };
  const isDone = await openStoreOver(files, options)
    .then((store) => store.capture(kill.source, { reason: "manual" }))
    .then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
  // The lock names this process, which lives: that of a killed one would be broken.
  rmSync(join(scratch.top, "lock"), { force: true });
  await look();
  await close();
  return isDone;
}

function tree(version: string): MemorySource {
  const source = new MemorySource()
    .write("same", noise(400_000, 8))
    .write("changed", version)
    .link("l", "same");
  for (let at = 0; at < 200; at += 1) source.write(`d/${version}-${at}`, `${version} ${at}`);
  return source;
}

test("N1, N2: a first capture killed at each file call leaves no snapshot or a whole one, and the next one works", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    using scratch = new ScratchStore();
    isDone = await afterKill(scratch, { source: tree("one"), calls }, async () => {
      const store = await scratch.open();
      const found = await store.list();
      expect(found.length, `killed at call ${calls}`).toBeLessThanOrEqual(1);
      expect(await damageOf(store, 2)).toEqual([]);
      const { root } = await store.capture(tree("one"), { reason: "manual" });
      expect((await contentOf(store, await entryAt(store, root, "changed"))).toString()).toBe(
        "one",
      );
      expect(scratch.names("tmp")).toEqual([]);
    });
    expect(calls).toBeLessThan(200);
  }
});

test("N1, N2: a later capture killed at each file call never harms the snapshot before", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    using scratch = new ScratchStore();
    const { root: first } = await (await scratch.open()).capture(tree("one"), { reason: "manual" });
    isDone = await afterKill(scratch, { source: tree("two"), calls }, async () => {
      const store = await scratch.open();
      expect((await store.list())[0], `killed at call ${calls}`).toEqual(first);
      expect(await damageOf(store, 2)).toEqual([]);
      const { root } = await store.capture(tree("two"), { reason: "manual" });
      expect((await contentOf(store, await entryAt(store, root, "changed"))).toString()).toBe(
        "two",
      );
      expect(await damageOf(store, 2)).toEqual([]);
    });
    expect(calls).toBeLessThan(200);
  }
});
