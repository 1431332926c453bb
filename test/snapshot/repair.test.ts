import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { MemorySource } from "../support/memory-source.ts";
import { copyOf, dayMs, killedAt, treeOf } from "./keep-scenes.ts";
import { noSources, sourcesOf } from "./repair-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

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
