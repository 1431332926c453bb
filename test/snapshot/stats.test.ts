import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { dayMs } from "./keep-scenes.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("§11: stats tell what is shared, alone, forgotten and dead", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", noise(500_000, 1)).write("b", noise(300_000, 2));
  const { root: first } = await store.capture(source, manual);
  source.remove("a").write("c", noise(400_000, 3));
  const { root: second } = await store.capture(source, manual);
  const stats = await store.keeping.stats({});
  expect(stats.raw).toBe(1_500_000);
  expect(stats.unique).toBe(1_200_000);
  expect(stats.compressed).toBeGreaterThan(1_200_000);
  expect(stats.compressed).toBeLessThan(1_210_000);
  const alone = stats.snapshots.map((one) => Math.round(one.alone / 100_000));
  expect(alone).toEqual([5, 4]);
  expect(stats.dead).toBe(0);
  expect(stats.growth).toEqual([{ month: "2026-11", stored: first.stored + second.stored }]);

  await store.keeping.forget({ ids: [first.id], ...manual, evenLastCopy: true });
  const later = await store.keeping.stats({});
  expect(Math.round(later.forgotten / 100_000)).toBe(5);
  expect(later.trash).toBeGreaterThan(100);
  scratch.clock.advance(8 * dayMs);
  expect(Math.round((await store.keeping.stats({})).dead / 100_000)).toBe(5);
});
