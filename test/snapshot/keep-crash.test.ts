import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { copyOf, dayMs, hookedFiles, killedAt, makeScene, treeOf } from "./keep-scenes.ts";
import type { Scene } from "./keep-scenes.ts";
import { ScratchStore, damageOf } from "./scratch-store.ts";

const callsMax = 200;

/** Whatever happened: the snapshots that stay are whole, and the one that waits can come back. */
async function expectWhole(scratch: ScratchStore, { kept, trees, waiting }: Scene): Promise<void> {
  const store = await scratch.open();
  expect((await store.list()).map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  expect(await damageOf(store, 2)).toEqual([]);
  for (const [place, root] of kept.entries())
    expect(await treeOf(store, root)).toEqual(trees[place]);
  expect((await store.keeping.forgets()).map(({ id }) => id)).toContain(waiting.id);
  expect((await treeOf(store, waiting.root))["w"]).toHaveLength(50_000);
}

test("N56: a prune killed at each file call harms no snapshot, and the next one ends the work", async () => {
  using scratch = new ScratchStore();
  const scene = await makeScene(scratch);
  const done = copyOf(scratch, "done");
  const report = await (await done.open()).keeping.prune({});
  // There is something of each kind to be cut off.
  expect(report.emptied.files).toBeGreaterThan(2);
  expect(report.dropped.packs).toBeGreaterThan(0);
  expect(report.rewritten.packs).toBeGreaterThan(0);
  let calls = 0;
  for (let isDone = false; !isDone; calls += 1) {
    const copy = copyOf(scratch, "copy");
    isDone = await killedAt(copy, calls, (store) => store.keeping.prune({}));
    await expectWhole(copy, scene);
    const store = await copy.open();
    await store.keeping.prune({});
    await expectWhole(copy, scene);
    const packs = (one: ScratchStore): readonly string[] => [
      ...one.names("data"),
      ...one.names("meta"),
    ];
    expect(packs(copy), `killed at call ${calls}`).toEqual(packs(done));
    expect(copy.names("tmp")).toEqual([]);
    await store.keeping.unforget(scene.waiting.id);
    expect(await store.list()).toHaveLength(3);
    expect(await damageOf(store, 2)).toEqual([]);
    expect(calls).toBeLessThan(callsMax);
  }
  expect(calls).toBeGreaterThan(20);
});

test("N55: a forget killed at each file call leaves each snapshot in one place, and can be taken back", async () => {
  using scratch = new ScratchStore();
  const { kept } = await makeScene(scratch);
  const ids = kept.map(({ id }) => id);
  const isKept = ({ id }: { readonly id: string }): boolean => ids.includes(id);
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    const copy = copyOf(scratch, "copy");
    isDone = await killedAt(copy, calls, (store) =>
      store.keeping.forget({ ids, reason: "manual", evenLastCopy: true }),
    );
    const store = await copy.open();
    const listed = (await store.list()).map(({ id }) => id);
    const record = (await store.keeping.forgets()).find((one) => one.snapshots.some(isKept));
    const gone = record?.snapshots.map(({ id }) => id) ?? [];
    expect([...gone, ...listed].toSorted(), `killed at call ${calls}`).toEqual(ids.toSorted());
    expect(await damageOf(store, 2)).toEqual([]);
    if (record !== undefined) await store.keeping.unforget(record.id);
    expect((await store.list()).map(({ id }) => id)).toEqual(ids);
    expect(await damageOf(store, 2)).toEqual([]);
    expect(calls).toBeLessThan(callsMax);
  }
});

test("N55: the undo of a forget killed at each file call can be done again", async () => {
  using scratch = new ScratchStore();
  const { kept } = await makeScene(scratch);
  const ids = kept.map(({ id }) => id);
  const { id } = await (
    await scratch.open()
  ).keeping.forget({ ids, reason: "manual", evenLastCopy: true });
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    const copy = copyOf(scratch, "copy");
    isDone = await killedAt(copy, calls, (store) => store.keeping.unforget(id));
    const store = await copy.open();
    const isLeft = (await store.keeping.forgets()).some((record) => record.id === id);
    if (isLeft) await store.keeping.unforget(id);
    expect(
      (await store.list()).map((root) => root.id),
      `killed at call ${calls}`,
    ).toEqual(ids);
    expect(await damageOf(store, 2)).toEqual([]);
    // What was left of the record goes with its grace time.
    copy.clock.advance(8 * dayMs);
    await store.keeping.prune({});
    expect((await store.list()).map((root) => root.id)).toEqual(ids);
    expect(await damageOf(store, 2)).toEqual([]);
    expect(calls).toBeLessThan(callsMax);
  }
});

test("N25: a note that is cut off is there or not", async () => {
  using scratch = new ScratchStore();
  const { kept } = await makeScene(scratch);
  const id = kept[0]?.id ?? "";
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    const copy = copyOf(scratch, "copy");
    isDone = await killedAt(copy, calls, (store) => store.keeping.note(id, { label: "l" }));
    const store = await copy.open();
    expect(["l", undefined]).toContain((await store.list())[0]?.label);
    expect((await store.keeping.note(id, { label: "m" })).label).toBe("m");
    expect((await store.find("m")).id).toBe(id);
    expect(calls).toBeLessThan(callsMax);
  }
});

test("N31: who reads while a prune runs never fails, opened before it or at any moment of it", async () => {
  using scratch = new ScratchStore();
  const scene = await makeScene(scratch);
  const [, root = scene.waiting.root] = scene.kept;
  const before = await scratch.open();
  await treeOf(before, root);
  let looks = 0;
  const look = async (): Promise<void> => {
    looks += 1;
    expect(await treeOf(before, root)).toEqual(scene.trees[1]);
    expect(await treeOf(await scratch.open(), root)).toEqual(scene.trees[1]);
  };
  const files = hookedFiles(new DiskStoreFiles(scratch.top, seededRng(7)), {
    kind: "changes",
    before: look,
  });
  const { top: path, clock } = scratch;
  const store = await openStoreOver(files, { path, clock, rng: seededRng(8), tool: "0.1.0" });
  await store.keeping.prune({});
  expect(looks).toBeGreaterThan(15);
  await look();
});

test("N31: a prune between any two looks of a reader does it no harm", async () => {
  using scratch = new ScratchStore();
  const scene = await makeScene(scratch);
  const [, root = scene.waiting.root] = scene.kept;
  let isPruned = true;
  for (let at = 0; isPruned; at += 1) {
    const copy = copyOf(scratch, "copy");
    let looks = 0;
    isPruned = false;
    const before = async (): Promise<void> => {
      looks += 1;
      if (looks !== at + 1) return;
      isPruned = true;
      await (await copy.open()).keeping.prune({});
    };
    const disk = new DiskStoreFiles(copy.top, seededRng(7));
    const { top: path, clock } = copy;
    const options = { path, clock, rng: seededRng(8), tool: "0.1.0" };
    const reader = await openStoreOver(hookedFiles(disk, { kind: "looks", before }), options);
    expect((await reader.list()).map(({ id }) => id)).toEqual(scene.kept.map(({ id }) => id));
    expect(await treeOf(reader, root), `pruned at look ${at}`).toEqual(scene.trees[1]);
    expect(await damageOf(reader, 2), `pruned at look ${at}`).toEqual([]);
    // Nothing that only moved is noted as damaged.
    expect(copy.read("checks.jsonl").toString()).not.toContain('"pack"');
    expect(at).toBeLessThan(callsMax * 2);
  }
});

test("N31: a forget between any two looks of a reader does it no harm", async () => {
  using scratch = new ScratchStore();
  const { kept } = await makeScene(scratch);
  const ids = kept.slice(0, 1).map(({ id }) => id);
  let isForgotten = true;
  for (let at = 0; isForgotten; at += 1) {
    const copy = copyOf(scratch, "copy");
    let looks = 0;
    isForgotten = false;
    const before = async (): Promise<void> => {
      looks += 1;
      if (looks !== at + 1) return;
      isForgotten = true;
      const { keeping } = await copy.open();
      await keeping.forget({ ids, reason: "manual", evenLastCopy: true });
    };
    const disk = new DiskStoreFiles(copy.top, seededRng(7));
    const { top: path, clock } = copy;
    const options = { path, clock, rng: seededRng(8), tool: "0.1.0" };
    const reader = await openStoreOver(hookedFiles(disk, { kind: "looks", before }), options);
    expect(await reader.damagedRoots(), `forgotten at look ${at}`).toEqual([]);
    expect((await reader.list()).length).toBeGreaterThanOrEqual(1);
    expect(await damageOf(reader, 1)).toEqual([]);
    expect(at).toBeLessThan(callsMax);
  }
});
