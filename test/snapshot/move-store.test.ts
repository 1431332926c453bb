import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { moveStore } from "../../src/snapshot/move-store.ts";
import { WriterLock } from "../../src/snapshot/writer-lock.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { makers, toldBy } from "./golden-stores.ts";
import { ScratchStore } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

/** Move a store as one process; the new place, where programs are told to look there. */
async function move(
  scratch: ScratchStore,
  target: string,
  files: (disk: StoreFiles, which: "from" | "to") => StoreFiles = (disk) => disk,
): Promise<string | undefined> {
  const rng = seededRng(5);
  const from = files(new DiskStoreFiles(scratch.top, rng), "from");
  const to = files(new DiskStoreFiles(target, rng), "to");
  const options = { files: from, clock: scratch.clock, rng, logger: silentLogger, waitMs: 0 };
  let place: string | undefined;
  await using lock = await WriterLock.acquire({ ...options, doing: "move" });
  await moveStore({ from, to, lock, onCopied: () => (place = target) }, {});
  return place;
}

test("N9: a moved store tells all that it told, and the old place keeps it and takes no more", async () => {
  using scratch = new ScratchStore();
  await makers["kept"]?.(scratch, await scratch.open());
  const told = await toldBy(await scratch.open());
  const target = join(scratch.top, "../moved");
  expect(await move(scratch, target)).toBe(target);
  using moved = new ScratchStore(target);
  expect(await toldBy(await moved.open())).toEqual(told);
  const old = await scratch.open();
  expect(await toldBy(old)).toEqual(told);
  const source = new MemorySource().write("a", "1");
  const refused = { code: "refused", message: expect.stringContaining("was moved to") };
  await expect(old.capture(source, { reason: "manual" })).rejects.toMatchObject(refused);
  expect(existsSync(join(scratch.top, "lock"))).toBe(false);
  expect((await (await moved.open()).capture(source, { reason: "manual" })).created).toBe(true);
});

test("N9: a store that comes back to its old place takes snapshots there again, and the other one no more", async () => {
  using scratch = new ScratchStore();
  const first = new MemorySource().write("a", "1");
  await (await scratch.open()).capture(first, { reason: "manual" });
  const target = join(scratch.top, "../moved");
  await move(scratch, target);
  using moved = new ScratchStore(target);
  await (await moved.open()).capture(first.write("b", "2"), { reason: "manual" });
  const told = await toldBy(await moved.open());
  expect(await move(moved, scratch.top)).toBe(scratch.top);
  expect(await toldBy(await scratch.open())).toEqual(told);
  const third = first.write("c", "3");
  const back = await (await scratch.open()).capture(third, { reason: "manual" });
  expect(back.created).toBe(true);
  await expect((await moved.open()).capture(third, { reason: "manual" })).rejects.toMatchObject({
    code: "refused",
  });
});

test.each(["from", "to"] as const)(
  "N9: a move killed at each file call of the place it goes %s leaves one store that has all snapshots; the same command goes on",
  async (killed) => {
    for (let calls = 0, isDone = false; !isDone; calls += 1) {
      using scratch = new ScratchStore();
      const first = new MemorySource().write("a", "1");
      await (await scratch.open()).capture(first, { reason: "manual" });
      const told = await toldBy(await scratch.open());
      const target = join(scratch.top, "../moved");
      let close = (): Promise<void> => Promise.resolve();
      const place = await move(scratch, target, (disk, which) => {
        if (which !== killed) return disk;
        const stopped = stoppingFiles(disk, calls);
        ({ close } = stopped);
        return stopped.files;
      }).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return undefined;
      });
      await close();
      // The lock names this process, which lives: that of a killed one would be broken.
      rmSync(join(scratch.top, "lock"), { force: true });
      expect(await toldBy(await scratch.open()), `killed at call ${calls}`).toEqual(told);
      isDone = place !== undefined && !existsSync(join(scratch.top, "lock"));
      expect(await move(scratch, target)).toBe(target);
      using moved = new ScratchStore(target);
      expect(await toldBy(await moved.open())).toEqual(told);
      expect(calls).toBeLessThan(100);
    }
  },
);

test("N9: what is foreign in the new place is left alone, and nothing is copied there", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), { reason: "manual" });
  using other = new ScratchStore();
  await (await other.open()).capture(new MemorySource().write("b", "2"), { reason: "manual" });
  const names = other.names();
  await expect(move(scratch, other.top)).rejects.toMatchObject({ code: "refused" });
  expect(other.names()).toEqual(names);
  expect((await (await scratch.open()).list()).length).toBe(1);
});
