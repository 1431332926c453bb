import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("N56: of a block in two packs none goes before the other copy was read, whichever counts", async () => {
  let met = 0;
  for (let seed = 0; seed < 6; seed += 1) {
    using scratch = new ScratchStore();
    const precious = noise(400_000, 1);
    const source = new MemorySource().write("a", precious).write("b", noise(300_000, 10 + seed));
    await (await scratch.open()).capture(source, manual);
    const first = scratch.only("data", ".tar.zst");
    scratch.flip(first, scratch.read(first).indexOf(precious.subarray(1000, 1050)));
    expect(await damageOf(await scratch.open(), 2)).not.toEqual([]);
    // Heals it: what is damaged is written once more.
    source.write("c", noise(200_000, 30 + seed));
    const { root } = await (await scratch.open()).capture(source, { ...manual, force: true });
    expect(await damageOf(await scratch.open(), 2)).toEqual([]);
    // What is known of damage is lost.
    rmSync(join(scratch.top, "checks.jsonl"));
    const [counted] = scratch.names("data").filter((name) => name.endsWith(".tar.zst"));
    if (counted === first) met += 1;
    await (await scratch.open()).keeping.prune({});
    expect((await treeOf(await scratch.open(), root))["a"]).toBe(precious.toString("latin1"));
  }
  expect(met).toBeGreaterThan(0);
});
