import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { dayMs, treeOf } from "./keep-scenes.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("N19, N53: what lies behind damage in a pack without a sidecar is found", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", noise(300_000, 1)).write("b", noise(300_000, 2));
  const { root } = await store.capture(source, manual);
  const pack = scratch.only("data", ".tar.zst");
  rmSync(join(scratch.top, pack.replace(".tar.zst", ".idx")));
  scratch.flip(pack, 100_000);
  await (await scratch.open()).keeping.prune({});
  expect(scratch.names("data")).toContain(pack);
  const fresh = await scratch.open();
  const entries = await Array.fromAsync(fresh.entries(root.id));
  const last = entries.find(({ path }) => path === "b");
  const bytes = last && Buffer.concat(await Array.fromAsync(fresh.open(last)));
  expect(bytes?.equals(noise(300_000, 2))).toBe(true);
});

test("N53: a repair leaves a pack of which nobody knows all that it holds, while something is missing", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", noise(300_000, 1)), manual);
  const pack = scratch.only("data", ".tar.zst");
  rmSync(join(scratch.top, pack.replace(".tar.zst", ".idx")));
  scratch.flip(pack, 0);
  const nothing = { prepare: () => Promise.resolve(), offers: async function* () {} };
  const report = await (await scratch.open()).keeping.repair(nothing, {});
  expect(report.missing).toHaveLength(1);
  expect(report.kept).toEqual([pack]);
  expect(scratch.names("data")).toContain(pack);
});

test("N56: a pack whose end nobody could read stays where it is", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", noise(300_000, 1)), manual);
  const pack = scratch.only("data", ".tar.zst");
  const sidecar = pack.replace(".tar.zst", ".idx");
  const [whole, index] = [scratch.read(pack), scratch.read(sidecar)];
  rmSync(join(scratch.top, sidecar));
  // The magic number of the first frame: nothing can be measured.
  scratch.flip(pack, 0);
  scratch.clock.advance(dayMs);
  await (await scratch.open()).keeping.prune({});
  expect(scratch.names("data")).toContain(pack);
  scratch.write(pack, whole);
  scratch.write(sidecar, index);
  const again = await scratch.open();
  const [root] = await again.list();
  expect(root && Object.keys(await treeOf(again, root))).toEqual(["a"]);
});
