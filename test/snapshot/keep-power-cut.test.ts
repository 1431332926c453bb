import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { moveStore } from "../../src/snapshot/move-store.ts";
import { WriterLock } from "../../src/snapshot/writer-lock.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { VolatileDisk, type Moment } from "../support/volatile-disk.ts";
import { copyOf, makeScene, treeOf, type Scene } from "./keep-scenes.ts";
import { leaveDeadLock, losses, PowerCuts, strict } from "./power-cuts.ts";
import { ScratchStore, damageOf } from "./scratch-store.ts";

vi.setConfig({ testTimeout: 300_000 });

/** Something done to a store on a volatile disk, and every moment of it at which the power may be cut. */
async function momentsOf(
  { place, scene }: { readonly place: PowerCuts; readonly scene: Scene },
  act: (store: OpenedStore, disk: VolatileDisk) => Promise<void>,
): Promise<readonly Moment[]> {
  const home = join(place.top, "disk");
  mkdirSync(home);
  const copy = copyOf(scene.scratch, "copy");
  renameSync(copy.top, join(home, "store"));
  const scratch = new ScratchStore(join(home, "store"));
  scratch.clock.advance(copy.clock.now() - scratch.clock.now());
  using disk = new VolatileDisk(home, losses);
  await act(await scratch.open(), disk);
  return disk.moments;
}

/** The store after a cut, at the time of the scene. */
function after(
  { place, scene }: { readonly place: PowerCuts; readonly scene: Scene },
  moment: Moment,
): Promise<OpenedStore> {
  const cut = place.after(moment, "store");
  cut.clock.advance(scene.scratch.clock.now() - cut.clock.now());
  return cut.open({ rng: seededRng(977) });
}

/** Each snapshot that stays is there to the last block, or waits in the trash and can be taken back. */
async function expectAll(store: OpenedStore, { kept, trees }: Scene, after: string): Promise<void> {
  const ids = kept.map(({ id }) => id);
  for (const record of await store.keeping.forgets())
    if (record.snapshots.some(({ id }) => ids.includes(id)))
      await store.keeping.unforget(record.id);
  expect(
    (await store.list()).map(({ id }) => id),
    after,
  ).toEqual(ids);
  for (const [at, root] of kept.entries())
    expect(await treeOf(store, root), after).toEqual(trees[at]);
  expect(await damageOf(store, 2), after).toEqual([]);
}

test("N56: a power cut at any moment of a prune takes nothing that stays, and the next one ends the work", async () => {
  using scratch = new ScratchStore();
  using place = new PowerCuts();
  const scene = await makeScene(scratch);
  const moments = await momentsOf({ place, scene }, async (store) => {
    await store.keeping.prune({});
  });
  expect(moments.length).toBeGreaterThan(10);
  for (const moment of moments) {
    const store = await after({ place, scene }, moment);
    expect(await damageOf(store, 2), moment.after).toEqual([]);
    await store.keeping.prune({});
    await expectAll(store, scene, moment.after);
    expect((await store.keeping.forgets()).map(({ id }) => id)).toContain(scene.waiting.id);
    expect((await treeOf(store, scene.waiting.root))["w"]).toHaveLength(50_000);
  }
});

test("N55: after a power cut a forget that was told has happened, and can be taken back; so has an undo", async () => {
  using scratch = new ScratchStore();
  using place = new PowerCuts();
  const scene = await makeScene(scratch);
  const ids = scene.kept.map(({ id }) => id);
  const moments = await momentsOf({ place, scene }, async (store, disk) => {
    const wish = { ids, reason: "manual", evenLastCopy: true } as const;
    const { id } = await store.keeping.forget(wish);
    disk.tell("forgotten");
    await store.keeping.unforget(id);
    disk.tell("back");
  });
  for (const moment of moments) {
    const store = await after({ place, scene }, moment);
    const listed = (await store.list()).map(({ id }) => id);
    if (moment.told.includes("back")) expect(listed, moment.after).toEqual(ids);
    await expectAll(store, scene, moment.after);
  }
  const told = moments.filter(
    (one) => one.told.length === 1 && one.after.startsWith('"forgotten"'),
  );
  for (const moment of told)
    expect(await (await after({ place, scene }, moment)).list(), moment.after).toEqual([]);
  expect(told.length).toBeGreaterThan(0);
});

test("N1, N25: after a power cut the note that was told last counts", async () => {
  using scratch = new ScratchStore();
  using place = new PowerCuts();
  const scene = await makeScene(scratch);
  const id = scene.kept[0]?.id ?? "";
  const moments = await momentsOf({ place, scene }, async (store, disk) => {
    for (const label of ["first", "second"]) {
      await store.keeping.note(id, { label });
      disk.tell(label);
    }
  });
  expect(moments.length).toBeGreaterThan(5);
  for (const moment of moments) {
    const store = await after({ place, scene }, moment);
    const labels = [undefined, "first", "second"].slice(moment.told.length);
    expect(labels, moment.after).toContain((await store.list())[0]?.label);
    expect(await damageOf(store, 2), moment.after).toEqual([]);
  }
});

/** Move a store as one process, which makes random names of its own. */
async function moved(from: ScratchStore, target: string, seed: number): Promise<void> {
  const rng = seededRng(seed);
  const files = new DiskStoreFiles(from.top, rng);
  const to = new DiskStoreFiles(target, rng);
  const options = { files, clock: from.clock, rng, logger: silentLogger, waitMs: 0, doing: "move" };
  await using lock = await WriterLock.acquire(options);
  await moveStore({ from: files, to, lock, onCopied: () => {} }, {});
}

test("N9: after a power cut the new place of a store has all of it as soon as it is told, also where a move that was killed began it", async () => {
  using place = new PowerCuts();
  const home = join(place.top, "disk");
  let isReached = true;
  let calls = 0;
  for (; isReached; calls += 1) {
    mkdirSync(home);
    const from = new ScratchStore(join(home, "store"));
    const source = new MemorySource().write("a", "1");
    const { root } = await (await from.open()).capture(source, { reason: "manual" });
    await (await from.open()).keeping.note(root.id, { label: "noted" });
    let cut: readonly Moment[] = [];
    {
      using disk = new VolatileDisk(home, strict);
      isReached = await disk.dying(calls, () => moved(from, join(home, "new"), 5));
      leaveDeadLock(from);
      await moved(from, join(home, "new"), 6);
      ({ cut } = disk);
    }
    for (const moment of cut) {
      const store = await place.after(moment, "new").open({ rng: seededRng(977) });
      expect(
        (await store.list()).map(({ label }) => label),
        `killed at ${calls}`,
      ).toEqual(["noted"]);
      expect(await treeOf(store, root)).toEqual({ a: "1" });
      expect(await damageOf(store, 2)).toEqual([]);
    }
    rmSync(home, { recursive: true });
  }
  expect(calls).toBeGreaterThan(20);
});
