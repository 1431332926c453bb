import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { MemorySource } from "../support/memory-source.ts";
import { dayMs, forgetForGood, packBytes, treeOf } from "./keep-scenes.ts";
import { ScratchStore, all, contentOf, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("N56: what nobody needs goes to the trash, and for good after the grace time", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root: old } = await store.capture(
    new MemorySource().write("a", noise(900_000, 1)),
    manual,
  );
  const source = new MemorySource().write("b", noise(700_000, 2));
  const { root: kept } = await store.capture(source, manual);
  const tree = await treeOf(store, kept);
  await forgetForGood(scratch, [old]);

  const preview = await store.keeping.prune({ dryRun: true });
  const before = scratch.names();
  const report = await (await scratch.open()).keeping.prune({});
  expect(preview).toEqual(report);
  expect(before).not.toEqual(scratch.names());
  expect(report.emptied.files).toBe(2);
  expect(report.dropped.packs).toBe(2);
  expect(packBytes(scratch)).toBeLessThan(720_000);
  expect(scratch.names("trash")).toHaveLength(4);
  const fresh = await scratch.open();
  expect(await treeOf(fresh, kept)).toEqual(tree);
  expect(await damageOf(fresh, 2)).toEqual([]);

  scratch.clock.advance(8 * dayMs);
  const second = await fresh.keeping.prune({});
  expect(second.emptied.files).toBe(4);
  expect(second.dropped).toEqual({ packs: 0, bytes: 0 });
  expect(scratch.names("trash")).toEqual([]);
});

test("N7: a snapshot in the trash is needed until the grace time is over", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root: old } = await store.capture(
    new MemorySource().write("a", noise(900_000, 1)),
    manual,
  );
  await store.capture(new MemorySource().write("b", "b"), manual);
  const tree = await treeOf(store, old);
  const ids = [old.id];
  const { id } = await store.keeping.forget({ ids, ...manual, evenLastCopy: true });
  scratch.clock.advance(6 * dayMs);
  expect((await store.keeping.prune({})).dropped.packs).toBe(0);
  await store.keeping.unforget(id);
  expect(await treeOf(store, old)).toEqual(tree);
});

test("N56: a worn pack is rewritten; what is needed of it stays the same, whatever shares frames", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  // Three frames of small blocks that nobody needs later, and one in which most is needed.
  for (let at = 0; at < 60; at += 1) source.write(`gone/${at}`, noise(40_000, 100 + at));
  for (let at = 0; at < 30; at += 1) source.write(`kept/${at}`, noise(20_000, 200 + at));
  source.write("large", noise(1_200_000, 4)).write("z", "last in the archive");
  const { root: first } = await store.capture(source, manual);
  for (let at = 0; at < 60; at += 1) source.remove(`gone/${at}`);
  source.remove("kept/3");
  const { root: second } = await store.capture(source, manual);
  const tree = await treeOf(store, second);
  await forgetForGood(scratch, [first]);
  const before = packBytes(scratch);
  const report = await (await scratch.open()).keeping.prune({});
  expect(report.rewritten.packs).toBeGreaterThanOrEqual(1);
  expect(before - packBytes(scratch)).toBeGreaterThan(2_300_000);
  const fresh = await scratch.open();
  expect(await treeOf(fresh, second)).toEqual(tree);
  expect(await damageOf(fresh, 2)).toEqual([]);
  // The end of an old archive is in no new one: tar sees every entry of each pack.
  for (const name of scratch.names("data").filter((one) => one.endsWith(".zst"))) {
    const listed = scratch.run("tar", "--zstd", "-tf", name).trim().split("\n");
    const sidecar = scratch.read(name.replace(/\.tar\.zst$/, ".idx"));
    expect(listed).toHaveLength(sidecar.readUInt32LE(20));
  }
  // There is nothing left to do.
  const again = await fresh.keeping.prune({});
  expect(again.rewritten.packs + again.dropped.packs).toBe(0);
});

test("N56: more than 32 small packs are put together, and the rest stays as it is", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  const roots: SnapshotRoot[] = [];
  for (let at = 0; at < 33; at += 1) {
    source.write(`f${at}`, noise(3000, at + 1));
    roots.push((await store.capture(source, manual)).root);
    if (at === 31) expect((await store.keeping.prune({})).rewritten.packs).toBe(0);
  }
  const trees = await Promise.all(roots.map((root) => treeOf(store, root)));
  // A small pack that is rewritten alone comes out as it was, under its own name.
  const packs = scratch.names("data").filter((name) => name.endsWith(".zst"));
  const maxRepack = Math.max(...packs.map((name) => scratch.read(name).length));
  const alone = await store.keeping.prune({ maxRepack });
  expect(alone.rewritten.packs).toBe(0);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  const report = await store.keeping.prune({});
  expect(report.rewritten.packs).toBe(66);
  expect(scratch.names("data")).toHaveLength(2);
  expect(scratch.names("meta")).toHaveLength(2);
  // A store that was opened before reads on.
  expect(await Promise.all(roots.map((root) => treeOf(store, root)))).toEqual(trees);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});

test("N31: who still reads what a prune throws away finds it in the trash", async () => {
  using scratch = new ScratchStore();
  const reader = await scratch.open();
  const source = new MemorySource().write("a", noise(900_000, 1)).write("b", noise(90_000, 2));
  const { root: old } = await reader.capture(source, manual);
  await reader.capture(new MemorySource().write("c", "c"), manual);
  const [a, b] = await all(reader.entries(old.id));
  if (a === undefined || b === undefined) throw new Error("two entries");
  expect(await contentOf(reader, b)).toHaveLength(90_000);
  await forgetForGood(scratch, [old]);
  expect((await (await scratch.open()).keeping.prune({})).dropped.packs).toBe(2);
  expect(await contentOf(reader, a)).toEqual(noise(900_000, 1));
  // To a writer it is not there.
  const { root } = await (await scratch.open()).capture(source, manual);
  expect(root.stored).toBeGreaterThan(990_000);
});

test("N56: no more is rewritten than is asked for, the most worn first", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const roots: SnapshotRoot[] = [];
  for (const [at, dead] of [500_000, 900_000].entries()) {
    const source = new MemorySource();
    source.write("dead", noise(dead, 10 + at)).write("live", noise(400_000, 20 + at));
    roots.push((await store.capture(source, manual)).root);
    source.remove("dead");
    await store.capture(source, manual);
  }
  await forgetForGood(scratch, roots);
  const report = await store.keeping.prune({ maxRepack: 1_500_000 });
  expect(report.rewritten.packs).toBe(1);
  expect(report.rewritten.bytes).toBeGreaterThan(1_300_000);
  expect(report.deadLeft).toBeGreaterThan(450_000);
  expect(await damageOf(store, 2)).toEqual([]);
  expect((await store.keeping.prune({ maxRepack: 10 })).rewritten.packs).toBe(0);
});

/** Two packs with one block, and in the second one more that nobody needs; whether the second is the one that is read. */
async function pruneTwins(seed: number): Promise<boolean> {
  using scratch = new ScratchStore();
  const source = new MemorySource().write("a", noise(500_000, seed));
  await (await scratch.open()).capture(source, manual);
  const [pack = ""] = scratch.names("data").filter((name) => name.endsWith(".zst"));
  const aside = join(scratch.top, "..", "aside");
  // The pack is away while the same content is stored once more with something else.
  renameSync(join(scratch.top, pack), aside);
  source.write("b", noise(400_000, seed + 1));
  const { root: both } = await (await scratch.open()).capture(source, manual);
  renameSync(aside, join(scratch.top, pack));
  const [first = ""] = scratch.names("data").filter((name) => name.endsWith(".zst"));
  source.remove("b");
  const { root } = await (await scratch.open()).capture(source, { ...manual, force: true });
  await forgetForGood(scratch, [both]);
  await (await scratch.open()).keeping.prune({});
  const fresh = await scratch.open();
  expect(packBytes(scratch)).toBeLessThan(520_000);
  expect((await treeOf(fresh, root))["a"]).toBe(noise(500_000, seed).toString("latin1"));
  expect(await damageOf(fresh, 2)).toEqual([]);
  return first !== pack;
}

test("N56: a block in two packs is needed once, also where a pack comes out under the name of its twin", async () => {
  const isSecondRead = new Set<boolean>();
  for (let seed = 10; seed < 26; seed += 2) isSecondRead.add(await pruneTwins(seed));
  // Both orders of names were met, so that each of the two packs was once the one to be dropped.
  expect(isSecondRead.size).toBe(2);
});

test("N56: the trash is emptied without following links out of it", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root: old } = await store.capture(new MemorySource().write("a", "a"), manual);
  await store.capture(new MemorySource().write("b", "b"), manual);
  await forgetForGood(scratch, [old]);
  const outside = join(scratch.top, "..", "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "mine"), "mine");
  const [batch = ""] = scratch.names("trash").map((name) => name.split("/")[1]);
  symlinkSync(outside, join(scratch.top, "trash", batch, "data"));
  symlinkSync(outside, join(scratch.top, "trash", "20200101T000000Z"));
  await store.keeping.prune({});
  expect(readFileSync(join(outside, "mine"), "utf8")).toBe("mine");
  expect(scratch.names("trash").some((name) => name.includes(batch))).toBe(false);
});

test("N57: a prune nobody asked for waits a week, and for a twentieth of the store", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  expect(await store.keeping.pruneWorth({})).toEqual({ isWorth: false, freed: 0, stored: 0 });
  const { root: old } = await store.capture(
    new MemorySource().write("a", noise(90_000, 1)),
    manual,
  );
  await store.capture(new MemorySource().write("b", noise(900_000, 2)), manual);
  await store.keeping.prune({});
  await store.keeping.forget({ ids: [old.id], ...manual, evenLastCopy: true });
  scratch.clock.advance(6 * dayMs);
  expect(await store.keeping.pruneWorth({})).toMatchObject({ isWorth: false, freed: 0 });
  scratch.clock.advance(2 * dayMs);
  const worth = await store.keeping.pruneWorth({});
  expect(worth.isWorth).toBe(true);
  expect(worth.freed).toBeGreaterThan(90_000);
  expect(worth.stored).toBeGreaterThan(990_000);
  const names = scratch.names();
  expect(await store.keeping.pruneWorth({})).toEqual(worth);
  expect(scratch.names()).toEqual(names);
});
