import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { end, imported, member } from "./made-archives.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const archive = Buffer.concat([
  member({ name: "same", content: noise(300_000, 8).toString("latin1") }),
  ...Array.from({ length: 50 }, (_, at) => member({ name: `d/${at}`, content: `content ${at}` })),
  member({ name: "again", type: "Link", target: "same" }),
  end,
]);

test("N1, N2: an import killed at each file call leaves no snapshot or a whole one, and harms none", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    using scratch = new ScratchStore();
    const earlier = new MemorySource().write("a", "1");
    const { root } = await (await scratch.open()).capture(earlier, { reason: "manual" });
    const disk = new DiskStoreFiles(scratch.top, seededRng(calls));
    const { files, close } = stoppingFiles(disk, calls);
    const rng = seededRng(calls + 1);
    const options = { path: scratch.top, clock: scratch.clock, rng, tool: "0.1.0", reserve: 0 };
    isDone = await openStoreOver(files, options)
      .then((store) => imported(store, archive))
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
    // The lock names this process, which lives: that of a killed one would be broken.
    rmSync(join(scratch.top, "lock"), { force: true });
    const store = await scratch.open();
    expect((await store.list())[0], `killed at call ${calls}`).toEqual(root);
    expect((await store.list()).length).toBeLessThanOrEqual(2);
    expect(await damageOf(store, 2)).toEqual([]);
    const next = await imported(store, archive);
    const again = await entryAt(store, next, "again");
    expect((await contentOf(store, again)).length).toBeGreaterThan(300_000);
    expect(await all(store.entries(next.id))).toHaveLength(53);
    expect(scratch.names("tmp")).toEqual([]);
    await close();
    expect(calls).toBeLessThan(200);
  }
});

test("N29: a full disk ends an import, and earlier snapshots stay whole", async () => {
  using disk = SmallDisk.mount(1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore(join(disk.path, "store"));
  const store = await scratch.open();
  const earlier = new MemorySource().write("a", "1");
  const { root } = await store.capture(earlier, { reason: "manual" });
  const large = member({ name: "large", content: noise(3_000_000).toString("base64") });
  await expect(imported(store, Buffer.concat([large, end]))).rejects.toMatchObject({
    code: "disk-full",
    exit: 7,
  });
  expect(await store.list()).toEqual([root]);
  expect(scratch.names("tmp")).toEqual([]);
  expect(await damageOf(store, 2)).toEqual([]);
});
