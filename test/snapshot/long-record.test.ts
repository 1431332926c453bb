import { expect, test } from "vitest";
import { readDamagedPacks, recordChecks } from "../../src/snapshot/checks.ts";
import { compactChecks } from "../../src/snapshot/compact-checks.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore } from "./scratch-store.ts";

test("N51: a record of checks that is too long to be read whole still tells what was found last", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), { reason: "manual" });
  const rng = seededRng(1);
  const files = new DiskStoreFiles(scratch.top, rng);
  const parts = { files, rng, logger: silentLogger, clock: scratch.clock };
  const filler = Buffer.alloc(1024 * 1024, "x");
  filler.write("\n", filler.length - 1);
  scratch.write("checks.jsonl", Buffer.concat(Array.from({ length: 66 }, () => filler)));
  const pack = scratch.only("data", ".tar.zst");
  await recordChecks(parts, [{ pack, level: 2, result: "damaged" }]);
  expect([...(await readDamagedPacks(parts))]).toEqual([[pack, 2]]);
  await compactChecks(parts);
  expect(scratch.read("checks.jsonl").length).toBeLessThan(1_000);
  expect([...(await readDamagedPacks(parts))]).toEqual([[pack, 2]]);
});
