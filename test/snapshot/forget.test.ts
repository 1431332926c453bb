import { expect, test } from "vitest";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const dayMs = 86_400_000;

const everywhere = (): boolean => true;

/** A store with two snapshots of one tree; only the first holds `old`. */
async function withTwo(scratch: ScratchStore) {
  const store = await scratch.open();
  const source = new MemorySource().write("same", noise(300_000, 2)).write("old", noise(5000, 3));
  const { root: first } = await store.capture(source, manual);
  source.remove("old");
  const { root: second } = await store.capture(source, manual);
  return { store, source, first, second };
}

test("N55: a forgotten snapshot leaves every list, and comes back whole", async () => {
  using scratch = new ScratchStore();
  const { store, first, second } = await withTwo(scratch);
  const before = scratch.names("roots");
  const ids = [first.id];
  const record = await store.keeping.forget({ ids, ...manual, elsewhere: everywhere });
  expect(record.snapshots.map(({ id }) => id)).toEqual(ids);
  expect(await store.list()).toEqual([second]);
  await expect(store.find(first.id)).rejects.toMatchObject({ code: "snapshot-not-found" });
  expect(await store.keeping.forgets()).toEqual([record]);

  expect(await store.keeping.unforget(record.id)).toEqual(record);
  expect(scratch.names("roots")).toEqual(before);
  expect(scratch.names("trash")).toEqual([]);
  expect(await store.keeping.forgets()).toEqual([]);
  expect(await store.list()).toEqual([first, second]);
  expect(await damageOf(store, 2)).toEqual([]);
  await expect(store.keeping.unforget(record.id)).rejects.toMatchObject({ code: "refused" });
});

test("N31: who reads a snapshot while it is forgotten reads on", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  await store.keeping.forget({ ids: [first.id], ...manual, elsewhere: everywhere });
  expect((await all(store.entries(first.id))).map(({ path }) => path)).toEqual(["old", "same"]);
  expect(await contentOf(store, await entryAt(store, first, "old"))).toEqual(noise(5000, 3));
});

test("N55: the last copy of something is refused, with the bytes at stake, unless it is said", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  const ids = [first.id];
  expect(await store.keeping.lastCopies({ ids })).toEqual([
    { id: first.id, bytes: 5000, files: 1, paths: ["old"] },
  ]);
  await expect(store.keeping.forget({ ids, ...manual })).rejects.toMatchObject({
    code: "refused",
    exit: 3,
    message: expect.stringContaining('5000 bytes in 1 file, such as "old"'),
  });
  expect(await store.list()).toHaveLength(2);
  await store.keeping.forget({ ids, ...manual, evenLastCopy: true });
  expect(await store.list()).toHaveLength(1);
});

test("N55: another snapshot, also of another workspace, holds a copy; what is known elsewhere is none to lose", async () => {
  using scratch = new ScratchStore();
  const { store, first, second } = await withTwo(scratch);
  const hash = (await entryAt(store, first, "old")).hash;
  const elsewhere = (content: string): boolean => content === hash;
  expect(await store.keeping.lastCopies({ ids: [first.id], elsewhere })).toEqual([]);
  // Together they hold the last copy of what each of them alone does not.
  const both = await store.keeping.lastCopies({ ids: [first.id, second.id], elsewhere });
  expect(both.map(({ id, bytes }) => [id, bytes])).toEqual([[second.id, 300_000]]);
  const workspace = { ...memoryFacts.workspace, id: "w2" };
  const other = new MemorySource({ ...memoryFacts, workspace }).write("x", noise(5000, 3));
  await store.capture(other, manual);
  expect(await store.keeping.lastCopies({ ids: [first.id] })).toEqual([]);
});

test("N55: a copy that only a forgotten snapshot has does not count", async () => {
  using scratch = new ScratchStore();
  const { store, source, first } = await withTwo(scratch);
  source.write("old", noise(5000, 3));
  const { root: third } = await store.capture(source, manual);
  await store.keeping.forget({ ids: [third.id], ...manual });
  await expect(store.keeping.forget({ ids: [first.id], ...manual })).rejects.toMatchObject({
    code: "refused",
  });
});

test("N55: a pinned snapshot is never forgotten, until its pin ends", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  const until = new Date(scratch.clock.now() + dayMs).toISOString();
  await store.keeping.note(first.id, { pin: { until } });
  const forget = (): Promise<unknown> =>
    store.keeping.forget({ ids: [first.id], ...manual, evenLastCopy: true });
  await expect(forget()).rejects.toMatchObject({ code: "refused", exit: 3 });
  scratch.clock.advance(dayMs);
  await expect(forget()).resolves.toBeDefined();
});

test("N25: label, tags and pin given later count in list, find and filters; the root is not touched", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  const roots = scratch.names("roots").map((name) => scratch.read(name));
  await store.keeping.note(first.id, { label: "submitted", addTags: ["paper", "v1"] });
  const noted = await store.keeping.note(first.id, { pin: {}, removeTags: ["v1"] });
  expect(noted).toMatchObject({ label: "submitted", tags: ["paper"], pin: {} });
  const fresh = await scratch.open();
  expect(await fresh.find("submitted")).toEqual(noted);
  expect(await fresh.list({ tag: "paper" })).toEqual([noted]);
  expect(await fresh.list({ tag: "v1" })).toEqual([]);
  await fresh.keeping.note(first.id, { label: null, pin: null });
  expect((await fresh.list())[0]).toEqual({ ...first, tags: ["paper"] });
  expect(scratch.names("notes")).toHaveLength(1);
  expect(scratch.names("roots").map((name) => scratch.read(name))).toEqual(roots);
});

test("N25: the highest number counts; a damaged note keeps its snapshot until a new one is given", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  for (let at = 1; at <= 11; at += 1) await store.keeping.note(first.id, { label: `n${at}` });
  expect((await store.list())[0]?.label).toBe("n11");
  scratch.write(`notes/${first.id.slice(0, 16)}.12.json`, "{");
  expect((await store.list())[0]).toEqual({ ...first, pin: {} });
  const forget = { ids: [first.id], ...manual, evenLastCopy: true };
  await expect(store.keeping.forget(forget)).rejects.toMatchObject({ code: "refused" });
  await store.keeping.note(first.id, { pin: null });
  await expect(store.keeping.forget(forget)).resolves.toBeDefined();
});

test("N55: an unknown snapshot is not forgotten, and no other with it", async () => {
  using scratch = new ScratchStore();
  const { store, first } = await withTwo(scratch);
  const ids = [first.id, "0".repeat(64)];
  await expect(store.keeping.forget({ ids, ...manual, evenLastCopy: true })).rejects.toMatchObject({
    code: "snapshot-not-found",
  });
  expect(await store.list()).toHaveLength(2);
  expect(scratch.names().filter((name) => name.startsWith("trash"))).toEqual([]);
});
