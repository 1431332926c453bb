import fc from "fast-check";
import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Progress } from "../../src/std/events.ts";
import { SnapError } from "../../src/std/error.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

function smallTree(): MemorySource {
  return new MemorySource()
    .write("a.txt", "alpha")
    .write("d/b.txt", "beta")
    .write("d/empty", "")
    .folder("d/hollow")
    .link("l", "d/b.txt");
}

test("a capture gives back every entry and every byte", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree()
    .write("big", noise(9_000_000))
    .write("zeros", new Uint8Array(8 * 1024 * 1024));
  const { root, created } = await store.capture(source, { ...manual, label: "one", tags: ["t"] });

  expect(created).toBe(true);
  expect(root).toMatchObject({
    ...memoryFacts,
    completeness: "full",
    label: "one",
    tags: ["t"],
    reason: "manual",
    counts: { files: 5, folders: 2, others: 1 },
    left: { count: 0, items: [] },
  });
  const entries = await all(store.entries(root.id));
  expect(entries.map((entry) => entry.path)).toEqual([
    "a.txt",
    "big",
    "d",
    "d/b.txt",
    "d/empty",
    "d/hollow",
    "l",
    "zeros",
  ]);
  for (const entry of entries.filter(({ type }) => type === "file")) {
    const content = source.files.get(entry.path)?.content ?? Buffer.alloc(0);
    expect((await contentOf(store, entry)).equals(content), entry.path).toBe(true);
    expect(entry).toMatchObject({
      hash: contentHashOf(content),
      size: content.length,
      mode: "644",
    });
  }
  expect(await damageOf(store, 2)).toEqual([]);
});

const content = fc.oneof(
  fc.string(),
  fc.constant("same"),
  fc.nat(600_000).map((length) => noise(length, length)),
);
const tree = fc.dictionary(
  fc.constantFrom("a", "b/c", "b/d", "e/f/g", "e/f/h", "é", "z z"),
  content,
);

test("over random trees, captured one after the other, each snapshot is the tree it was taken of", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(tree, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (trees, isTrusted) => {
        using scratch = new ScratchStore();
        const taken: string[] = [];
        for (const files of trees) {
          const source = new MemorySource();
          source.isTrusted = isTrusted;
          for (const [path, bytes] of Object.entries(files)) source.write(path, bytes);
          taken.push((await (await scratch.open()).capture(source, manual)).root.id);
        }
        const store = await scratch.open();
        for (const [at, id] of taken.entries()) {
          const files = (await all(store.entries(id))).filter((entry) => entry.type === "file");
          const found = await Promise.all(
            files.map(async (entry) => [
              entry.path,
              (await contentOf(store, entry)).toString("hex"),
            ]),
          );
          const expected = Object.entries(trees[at] ?? {}).map(([path, bytes]) => [
            path,
            Buffer.from(bytes).toString("hex"),
          ]);
          expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("N35: content that the index trusts and the parent holds is not opened", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree().write("big", noise(5_000_000));
  await store.capture(source, manual);
  source.isTrusted = true;
  source.opened.length = 0;
  source.write("d/b.txt", "changed");
  const { root } = await store.capture(source, manual);
  expect(source.opened).toEqual(["d/b.txt"]);
  expect((await contentOf(store, await entryAt(store, root, "d/b.txt"))).toString()).toBe(
    "changed",
  );
});

test("N35: a hash that is not trusted is read, and nothing is stored twice", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree();
  await store.capture(source, manual);
  const packs = scratch.names("data");
  source.opened.length = 0;
  await store.capture(source, { ...manual, force: true });
  expect(source.opened.toSorted()).toEqual(["a.txt", "d/b.txt", "d/empty"]);
  expect(scratch.names("data")).toEqual(packs);
});

test("N35: a capture of some paths takes content over from a whole one", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree();
  await store.capture(source, manual);
  source.isTrusted = true;
  source.opened.length = 0;
  source.captureFacts = { ...memoryFacts, paths: ["d"] };
  source.remove("a.txt").remove("l");
  const { root } = await store.capture(source, { reason: "before-restore" });
  expect(source.opened).toEqual([]);
  expect(root.parent).toBeUndefined();
  expect((await contentOf(store, await entryAt(store, root, "d/b.txt"))).toString()).toBe("beta");
});

test("N39: nothing changed gives the parent and writes no file", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree();
  const first = await store.capture(source, manual);
  const names = scratch.names();
  expect(await store.capture(source, { reason: "schedule" })).toEqual({
    root: first.root,
    created: false,
  });
  expect(scratch.names()).toEqual(names);

  const forced = await store.capture(source, { ...manual, force: true });
  expect(forced).toMatchObject({
    created: true,
    root: { parent: first.root.id, lists: first.root.lists, stored: 0 },
  });
});

test("N39: a new label, new rules or another completeness is something to tell", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree();
  await store.capture(source, manual);
  expect((await store.capture(source, { ...manual, label: "named" })).created).toBe(true);
  expect((await store.capture(source, { ...manual, label: "named" })).created).toBe(false);
  expect((await store.capture(source, { ...manual, tags: ["x"] })).created).toBe(true);
  source.captureFacts = { ...memoryFacts, rules: "r2" };
  expect((await store.capture(source, manual)).created).toBe(true);
});

test("the parent is the newest snapshot of the same workspace, side and paths", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree();
  const first = await store.capture(source, manual);
  const elsewhere = new MemorySource({
    ...memoryFacts,
    workspace: { ...memoryFacts.workspace, id: "w2" },
  });
  expect(
    (await store.capture(elsewhere.write("a.txt", "alpha"), manual)).root.parent,
  ).toBeUndefined();
  source.captureFacts = { ...memoryFacts, paths: ["d"] };
  expect((await store.capture(source, manual)).root.parent).toBeUndefined();
  source.captureFacts = memoryFacts;
  source.write("new", "1");
  expect((await store.capture(source, manual)).root.parent).toBe(first.root.id);
});

test("N36: a file that changes is read again, and is whole when it stands still in time", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("log", "quiet at last", { unstableReads: 3 });
  const { root } = await store.capture(source, manual);
  expect(source.opened).toHaveLength(4);
  expect(scratch.clock.slept).toEqual([50, 100, 200]);
  expect(await entryAt(store, root, "log")).toMatchObject({ flags: [] });
  expect(root.completeness).toBe("full");
});

test("N36: a file that never stands still is stored as it was last read, and said to be torn", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("log", "restless", { unstableReads: 99 }).write("z", "1");
  const { root } = await store.capture(source, manual);
  expect(scratch.clock.slept).toEqual([50, 100, 200, 400, 800]);
  const entry = await entryAt(store, root, "log");
  expect(entry.flags).toEqual(["changing"]);
  expect((await contentOf(store, entry)).toString()).toBe("restless");
  expect(root).toMatchObject({
    completeness: "partial",
    left: { count: 1, items: [{ path: "log" }] },
  });
});

test.each(["permission-denied", "not-found", "disk-error"] as const)(
  "N37: a file that cannot be read (%s) is listed, and the others are captured",
  async (code) => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    const source = smallTree().write("d/secret", "x", {
      trouble: new SnapError(code, "No way in"),
    });
    const { root } = await store.capture(source, manual);
    const entry = await entryAt(store, root, "d/secret");
    expect(entry).toMatchObject({ type: "file", flags: ["unreadable"] });
    expect(entry.blocks).toBeUndefined();
    expect(root.completeness).toBe("partial");
    expect(root.left.items).toEqual([{ path: "d/secret", reason: `${code}: No way in` }]);
    await expect(contentOf(store, entry)).rejects.toMatchObject({ code: "not-found" });
  },
);

test("what the source leaves aside is in the root, at most 1000 of it", async () => {
  using scratch = new ScratchStore();
  const source = smallTree();
  source.left = Array.from({ length: 1500 }, (_, at) => ({ path: `s${at}`, reason: "a socket" }));
  const { root } = await (await scratch.open()).capture(source, manual);
  expect([root.left.count, root.left.items.length, root.completeness]).toEqual([
    1500,
    1000,
    "full",
  ]);
});

test("X1: an entry that could not be read back is left aside, not written", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = smallTree().entry({ path: ".snap/root.json", type: "folder", flags: [] });
  const { root } = await store.capture(source, manual);
  expect(root.left.items).toMatchObject([{ path: ".snap/root.json" }]);
  expect(await damageOf(store, 2)).toEqual([]);
});

test("snapshots taken within one second stay in the order they were taken", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    ids.push((await store.capture(new MemorySource().write("a", String(at)), manual)).root.id);
  }
  expect((await store.list()).map((root) => root.id)).toEqual(ids);
  expect((await store.find("latest~1")).id).toBe(ids[3]);
});

test("progress counts entries and bytes", async () => {
  using scratch = new ScratchStore();
  const seen: Progress[] = [];
  const source = smallTree().write("big", noise(9_000_000));
  await (
    await scratch.open()
  ).capture(source, { ...manual, onProgress: (event) => seen.push(event) });
  expect(seen.at(-1)).toMatchObject({ step: "capture", done: 7, bytes: 9_000_009 });
  expect(seen.map((event) => event.current)).toContain("big");
});
