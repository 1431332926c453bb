import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { World } from "../support/world.ts";

const mebibyte = 1024 * 1024;

test("S79: a download that would leave too little room waits, and nothing is taken for removed", async () => {
  await using world = await World.synced("old: o");
  await world.remote.write("big", "b".repeat(1_000));
  await world.remote.write("old", "newer");
  const reserve = 32n * 1024n * 1024n;
  for (let file = 0; file < 2; file += 1) {
    world.hooks.instead("local.freeBytes", () => reserve + 999n);
  }
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 4, counts: { downloaded: 1, removedRemote: 0 } });
  expect(report.left).toMatchObject([{ path: "big", kind: "parked" }]);
  expect(world.localText()).toBe("old: newer");
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { downloaded: 1 } });
  await world.assertAlways();
});

/** Leave no block free. */
function fill(folder: string): string {
  const filler = path.join(folder, "filler");
  for (let size = 64 * 1024; size >= 1024; size /= 2) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full for blocks of this size.
    }
  }
  return filler;
}

test("S79: a full disk under the index stops everything with 7, before anything is sent", async () => {
  using disk = SmallDisk.mount(16 * mebibyte);
  if (disk === undefined) return;
  await using world = await World.synced("a: 1");
  const file = path.join(disk.path, "index.db");
  const sync = (open: OpenIndex): Promise<unknown> => openEngine({ ...world.deps, ...open }).sync();
  {
    using first = openIndex(file, { clock: world.clock });
    await sync(first);
  }
  for (let name = 0; name < 300; name += 1) world.local.write(`new ${name}`, `content ${name}`);
  world.wire.forget();
  using open = openIndex(file, { clock: world.clock });
  const filler = fill(disk.path);
  await expect(sync(open)).rejects.toMatchObject({ code: "disk-full", exit: 7 });
  expect(world.wire.writes()).toEqual([]);
  rmSync(filler);
  expect(await sync(open)).toMatchObject({ exit: 0, counts: { uploaded: 300 } });
});
