import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { WriterLock } from "../../src/snapshot/writer-lock.ts";
import { SnapError, isSnapError } from "../../src/std/error.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { copyOf, dayMs, hookedFiles, killedAt, treeOf } from "./keep-scenes.ts";
import { noSources, sourcesOf } from "./repair-scenes.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const contents = { a: noise(300_000, 1), b: noise(300_000, 2), c: noise(5000, 3) };

async function captured(scratch: ScratchStore): Promise<SnapshotRoot> {
  const source = new MemorySource();
  for (const [path, content] of Object.entries(contents)) source.write(path, content);
  return (await (await scratch.open()).capture(source, manual)).root;
}

function dataPacks(scratch: ScratchStore): readonly string[] {
  return scratch.names("data").filter((name) => name.endsWith(".tar.zst"));
}

test("N53: a block of which the workspace has the content comes back, and the damaged pack goes to the trash", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const tree = await treeOf(await scratch.open(), root);
  const [pack = ""] = dataPacks(scratch);
  scratch.flip(pack, 2000);
  const sources = sourcesOf({ a: contents.a });
  const dry = await (await scratch.open()).keeping.repair(sources, { dryRun: true });
  expect(dataPacks(scratch), "a dry run changes nothing").toEqual([pack]);
  const report = await (await scratch.open()).keeping.repair(sources, {});
  expect(dry).toEqual(report);
  expect(report).toMatchObject({
    healed: { packs: 2, workspace: 1, dropbox: 0 },
    kept: [],
    missing: [],
  });
  expect(sources.asked[0]).toMatchObject({ offset: 0, length: 300_000, from: { workspace: {} } });
  const store = await scratch.open();
  expect(await damageOf(store, 2)).toEqual([]);
  expect(await treeOf(store, root)).toEqual(tree);
  const inTrash = scratch.names("trash").map((name) => name.split("/").slice(2).join("/"));
  if (report.trashed.length > 0) expect(inTrash).toContain(pack);
  else expect(dataPacks(scratch)).toEqual([pack]);
  expect(scratch.names("tmp")).toEqual([]);
  const again = await store.keeping.repair(noSources, {});
  expect(again).toMatchObject({ healed: { bytes: 0 }, trashed: [], missing: [] });
});

test("N53: what has another hash is not accepted; what stays missing is told with snapshots and paths, and its pack stays", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const [pack = ""] = dataPacks(scratch);
  scratch.flip(pack, 2000);
  const wrong = sourcesOf({ a: noise(300_000, 99) });
  const report = await (await scratch.open()).keeping.repair(wrong, {});
  expect(report).toMatchObject({ healed: { packs: 2, workspace: 0 }, trashed: [], kept: [pack] });
  expect(report.missing).toMatchObject([{ what: "block", snapshots: [root.id], paths: ["a"] }]);
  expect(dataPacks(scratch)).toContain(pack);
  const lost = (await damageOf(await scratch.open(), 2)).flatMap(({ paths }) => paths);
  expect(new Set(lost)).toEqual(new Set(["a"]));
  const later = await (await scratch.open()).keeping.repair(sourcesOf(contents), {});
  expect(later).toMatchObject({ healed: { workspace: 1 }, trashed: [pack], missing: [] });
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});

test("N53: a pack that is gone is made again from what the workspace has", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const tree = await treeOf(await scratch.open(), root);
  rmSync(join(scratch.top, "data"), { recursive: true });
  const report = await (await scratch.open()).keeping.repair(sourcesOf(contents), {});
  expect(report).toMatchObject({ healed: { packs: 0, workspace: 3 }, missing: [] });
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  expect(await treeOf(await scratch.open(), root)).toEqual(tree);
});

test("N53: lost sidecars are made again, and forgotten snapshots are healed too", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const tree = await treeOf(await scratch.open(), root);
  const { keeping } = await scratch.open();
  const { id } = await keeping.forget({ ids: [root.id], ...manual, evenLastCopy: true });
  const sidecars = scratch.names().filter((name) => name.endsWith(".idx"));
  rmSync(join(scratch.top, sidecars[0] ?? ""));
  scratch.flip(sidecars[1] ?? "", 40);
  scratch.flip(dataPacks(scratch)[0] ?? "", 2000);
  const report = await (await scratch.open()).keeping.repair(sourcesOf(contents), {});
  expect(report).toMatchObject({ sidecars: 2, missing: [] });
  scratch.clock.advance(dayMs);
  await (await scratch.open()).keeping.unforget(id);
  expect(await treeOf(await scratch.open(), root)).toEqual(tree);
});

test.each(["start", "id", "end"])(
  "N53: a root with one wrong byte (%s) has it back",
  async (where) => {
    using scratch = new ScratchStore();
    const root = await captured(scratch);
    const name = scratch.only("roots", ".json");
    const text = scratch.read(name);
    const at = { start: 3, id: text.indexOf(root.id) + 30, end: text.length - 4 }[where] ?? 0;
    const broken = Buffer.from(text);
    broken[at] = 0xff;
    scratch.write(name, broken);
    expect((await damageOf(await scratch.open(), 0)).map(({ what }) => what)).toEqual(["root"]);
    const report = await (await scratch.open()).keeping.repair(noSources, {});
    expect(report).toMatchObject({ roots: [name.slice("roots/".length)], missing: [] });
    expect(scratch.read(name)).toEqual(text);
  },
);

test("N53: with a root that cannot be saved no damaged pack goes, for nobody knows what it needs", async () => {
  using scratch = new ScratchStore();
  await captured(scratch);
  const name = scratch.only("roots", ".json");
  scratch.flip(name, 3);
  scratch.flip(name, 30);
  const [pack = ""] = dataPacks(scratch);
  scratch.flip(pack, 2000);
  const report = await (await scratch.open()).keeping.repair(noSources, {});
  expect(report).toMatchObject({ trashed: [], kept: [pack], missing: [{ what: "root" }] });
  expect(dataPacks(scratch)).toContain(pack);
});

test("N53, N2: a repair killed at each file call leaves nothing worse, and the next one ends the work", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const tree = await treeOf(await scratch.open(), root);
  scratch.flip(dataPacks(scratch)[0] ?? "", 2000);
  rmSync(join(scratch.top, scratch.only("meta", ".idx")));
  scratch.flip(scratch.only("roots", ".json"), 3);
  scratch.write("README.txt", "gone");
  const sources = sourcesOf({ b: contents.b, a: contents.a });
  const unhealed = copyOf(scratch, "unhealed");
  const before = (await damageOf(await unhealed.open(), 2)).map(({ name }) => name);
  let calls = 0;
  for (let isDone = false; !isDone; calls += 1) {
    const copy = copyOf(scratch, "copy");
    isDone = await killedAt(copy, calls, (store) => store.keeping.repair(sources, {}));
    const between = (await damageOf(await copy.open(), 2)).map(({ name }) => name);
    expect(before).toEqual(expect.arrayContaining(between));
    const report = await (await copy.open()).keeping.repair(sources, {});
    expect(report.missing, `killed at call ${calls}`).toEqual([]);
    expect(await damageOf(await copy.open(), 2)).toEqual([]);
    expect(await treeOf(await copy.open(), root)).toEqual(tree);
    expect(copy.names("tmp")).toEqual([]);
    expect(calls).toBeLessThan(200);
  }
  expect(calls).toBeGreaterThan(15);
});

test("N29: a repair goes on with the reserve where the disk is full at any call, and tells it where there is none", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const tree = await treeOf(await scratch.open(), root);
  scratch.flip(dataPacks(scratch)[0] ?? "", 2000);
  scratch.write("reserve", "room");
  const sources = sourcesOf({ a: contents.a });
  const growing = new Set(["put", "create", "append", "move", "write"]);
  for (const hasReserve of [true, false]) {
    for (let calls = 0, isFull = true; isFull; calls += 1) {
      const copy = copyOf(scratch, "copy");
      if (!hasReserve) rmSync(join(copy.top, "reserve"));
      const disk = new DiskStoreFiles(copy.top, seededRng(calls));
      let done = 0;
      const before = async (method: string): Promise<void> => {
        if (!growing.has(method)) return;
        done += 1;
        const isGiven = hasReserve && (await disk.size("reserve")) === undefined;
        if (done > calls && !isGiven) throw new SnapError("disk-full", "full");
      };
      const files = hookedFiles(disk, { kind: "changes", before });
      const options = { path: copy.top, clock: copy.clock, rng: seededRng(9), tool: "0.1.0" };
      const { keeping } = await openStoreOver(files, options);
      const ended = await keeping.repair(sources, {}).catch((error: unknown) => error);
      isFull = done > calls;
      if (isFull && !hasReserve && isSnapError(ended))
        expect(ended, `call ${calls}`).toMatchObject({ code: "disk-full" });
      else expect(ended, `call ${calls}`).toMatchObject({ missing: [] });
      await (await copy.open()).keeping.repair(sources, {});
      expect(await damageOf(await copy.open(), 2)).toEqual([]);
      expect(await treeOf(await copy.open(), root)).toEqual(tree);
      expect(calls).toBeLessThan(100);
    }
  }
});

test("N31: who reads what is sound while a repair runs never fails", async () => {
  using scratch = new ScratchStore();
  const root = await captured(scratch);
  const reader = await scratch.open();
  const [b, c] = [await entryAt(reader, root, "b"), await entryAt(reader, root, "c")];
  scratch.flip(dataPacks(scratch)[0] ?? "", 2000);
  let looks = 0;
  const before = async (): Promise<void> => {
    looks += 1;
    for (const store of [reader, await scratch.open()]) {
      expect(await contentOf(store, b)).toEqual(contents.b);
      expect(await contentOf(store, c)).toEqual(contents.c);
    }
  };
  const files = hookedFiles(new DiskStoreFiles(scratch.top, seededRng(7)), {
    kind: "changes",
    before,
  });
  const options = { path: scratch.top, clock: scratch.clock, rng: seededRng(8), tool: "0.1.0" };
  const { keeping } = await openStoreOver(files, options);
  const report = await keeping.repair(sourcesOf({ a: contents.a }), {});
  expect(report.trashed).toHaveLength(1);
  expect(looks).toBeGreaterThan(5);
});

test("N30: a repair waits for another writer, and a dry run does not", async () => {
  using scratch = new ScratchStore();
  await captured(scratch);
  const lock = await WriterLock.acquire({
    files: new DiskStoreFiles(scratch.top, seededRng(1)),
    clock: scratch.clock,
    rng: seededRng(2),
    logger: silentLogger,
    waitMs: 0,
    doing: "capture",
  });
  const { keeping } = await scratch.open({ wait: 0 });
  await expect(keeping.repair(noSources, {})).rejects.toMatchObject({ code: "busy", exit: 6 });
  expect(await keeping.repair(noSources, { dryRun: true })).toMatchObject({ missing: [] });
  await lock[Symbol.asyncDispose]();
  expect(await keeping.repair(noSources, {})).toMatchObject({ missing: [] });
});
