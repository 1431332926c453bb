import fc from "fast-check";
import { expect, test } from "vitest";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { end, exported, imported, linesOf, member, resultOf } from "./made-archives.ts";
import { ScratchStore, all, contentOf, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

const name = fc
  .string({
    unit: fc.constantFrom("a", "B", ".", "-", "é", "e\u0301", "\n", "😀", " "),
    minLength: 1,
    maxLength: 60,
  })
  .filter((text) => text !== "." && text !== "..");
const mode = fc.constantFrom("600", "644", "755", "0", "777");
const modifiedNs = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 20n - 1n }).map(String);
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 2000 }) },
  { weight: 1, arbitrary: fc.constantFrom(262_144, 4_194_304, 4_194_305) },
);

type Leaf =
  | {
      readonly kind: "file";
      readonly seed: number;
      readonly size: number;
      readonly mode: string;
      readonly modifiedNs: string;
      readonly group: string;
    }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "folder"; readonly mode: string; readonly modifiedNs: string }
  | { readonly kind: "other" | "unreadable" | "thin" };

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    seed: fc.nat(3),
    size,
    mode,
    modifiedNs,
    group: fc.constantFrom("", "", "7", "8"),
  }),
  fc.record({ kind: fc.constant("symlink" as const), target: name }),
  fc.record({ kind: fc.constant("folder" as const), mode, modifiedNs }),
  fc.record({ kind: fc.constantFrom("other" as const, "unreadable" as const, "thin" as const) }),
);

const tree = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), leaf), {
  maxLength: 25,
});

/** Entries that other things would stand below are passed over. */
function sourceOf(leaves: readonly (readonly [readonly string[], Leaf])[]): MemorySource {
  const source = new MemorySource();
  const groups = new Map<string, string>();
  for (const [names, each] of leaves) {
    const path = names.join("/");
    const above = names.map((_name, at) => names.slice(0, at).join("/")).slice(1);
    const isFolder = (one: string): boolean => source.others.get(one)?.type === "folder";
    const isTaken = (one: string): boolean => source.files.has(one) || source.others.has(one);
    if (isTaken(path) || above.some((one) => isTaken(one) && !isFolder(one))) continue;
    if (each.kind === "file") {
      source.write(path, noise(each.size, each.seed), each);
      if (each.group !== "") groups.set(path, each.group);
    } else if (each.kind === "symlink") source.link(path, each.target);
    else if (each.kind === "folder")
      source.folder(path, { mode: each.mode, modifiedNs: each.modifiedNs });
    else source.folder(path).entry(oddEntry(path, each.kind));
  }
  const plain = source.entries.bind(source);
  source.entries = async function* (onLeft) {
    for await (const run of plain(onLeft)) {
      yield run.map((entry) => {
        const linkGroup = groups.get(entry.path);
        return linkGroup === undefined ? entry : { ...entry, linkGroup };
      });
    }
  };
  return source;
}

function oddEntry(path: string, kind: "other" | "unreadable" | "thin"): SnapshotEntry {
  if (kind === "other") return { path, type: "other", flags: [] };
  if (kind === "unreadable") return { path, type: "file", size: 7, flags: ["unreadable"] };
  const remote = { id: "id:1", rev: "0123456789", modified: 1 };
  return { path, type: "file", size: 9, hash: "3".repeat(64), remote, flags: ["thin"] };
}

test("N59: to import what was exported gives the same entries and contents, in another store too", async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 5000 }), async (leaves, pieces) => {
      using scratch = new ScratchStore();
      using elsewhere = new ScratchStore();
      const [store, other] = [await scratch.open(), await elsewhere.open()];
      const { root } = await store.capture(sourceOf(leaves), manual);
      const bytes = await exported(store, root);
      const copy = await imported(other, bytes, { pieces });
      expect(copy.left).toEqual({ count: 0, items: [] });
      expect(await linesOf(other, copy)).toEqual(await linesOf(store, root));
      expect(copy.counts).toEqual(root.counts);
      expect(copy.completeness).toBe(root.completeness);
      expect(await damageOf(other, 2)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("N58, N59: changes since a snapshot lead from it to the other one", async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      using scratch = new ScratchStore();
      const store = await scratch.open();
      const { root: since } = await store.capture(sourceOf(before), manual);
      const { root } = await store.capture(sourceOf(after), { ...manual, force: true });
      const copy = await imported(store, await exported(store, root, { since }));
      expect(await linesOf(store, copy)).toEqual(await linesOf(store, root));
      expect(copy.left.count).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("N59: an imported snapshot is no latest one, no parent, and full only if nothing was refused", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", "1").write("large", noise(9_000_000));
  const { root } = await store.capture(source, manual);
  const copy = await imported(store, await exported(store, root));
  expect(copy).toMatchObject({ reason: "import", completeness: "full", side: "local" });
  expect(copy.parent).toBeUndefined();
  expect((await store.find("latest")).id).toBe(root.id);
  expect(await store.capture(source, manual)).toMatchObject({
    created: false,
    root: { id: root.id },
  });
  const large = (await all(store.entries(copy.id))).find(({ path }) => path === "large");
  expect(large && (await contentOf(store, large)).equals(noise(9_000_000))).toBe(true);
  // Nothing new but the root: contents and pages are there already.
  expect(copy.stored).toBe(0);
});

test("N59: whatever the order of its members, an archive gives the same entries", async () => {
  const members = [
    member({ name: "d/", type: "Directory", mode: 0o700 }),
    member({ name: "d/a", content: "1" }),
    member({ name: "d-e", content: "2" }),
    member({ name: "d/b/c", content: "3" }),
    member({ name: "l", type: "SymbolicLink", target: "d/a" }),
    member({ name: "z", content: "4" }),
  ];
  const inOrder = await resultOf(Buffer.concat([...members, end]));
  expect(inOrder.paths).toEqual(["d", "d/a", "d/b", "d/b/c", "d-e", "l", "z"]);
  const shuffled = fc.shuffledSubarray(members, { minLength: members.length });
  await fc.assert(
    fc.asyncProperty(shuffled, async (parts) => {
      const { entries, left } = await resultOf(Buffer.concat([...parts, end]));
      expect(entries).toEqual(inOrder.entries);
      expect(left).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test("N59: an archive of some paths gives a snapshot of those paths", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(
    new MemorySource().write("d/a", "1").write("b", "2"),
    manual,
  );
  const copy = await imported(store, await exported(store, root, { paths: ["d"] }));
  expect(copy.paths).toEqual(["d"]);
  expect((await all(store.entries(copy.id))).map(({ path }) => path)).toEqual(["d", "d/a"]);
});

test("N59: an archive of some paths says nothing of what its snapshot was not taken of", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const taken = { ...memoryFacts, paths: ["a/b", "c", "e"] };
  const source = new MemorySource(taken).write("a/b/f", "1").write("c/d/f", "2").write("e", "3");
  const { root } = await store.capture(source, manual);
  const archive = await exported(store, root, { paths: ["a", "c/d"] });
  expect(await imported(store, archive)).toMatchObject({ paths: ["a/b", "c/d"] });
});

test("N59: a thin snapshot of Dropbox stays one", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource({ ...memoryFacts, side: "remote" }).write("a", "1");
  source.isThin = true;
  const { root } = await store.capture(source, manual);
  const copy = await imported(store, await exported(store, root));
  expect(copy).toMatchObject({ side: "remote", completeness: "thin" });
  expect(await linesOf(store, copy)).toEqual(await linesOf(store, root));
});

test("N59: an archive whose content is not what its manifest says is refused as a whole", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(new MemorySource().write("a", "the content"), manual);
  const bytes = await exported(store, root);
  bytes[bytes.indexOf("the content")] = 0x54;
  await expect(imported(store, bytes)).rejects.toMatchObject({ code: "damaged", exit: 5 });
  const cut = await exported(store, root);
  for (const length of [cut.length - 1024, cut.length - 1500, 700, 512, 100]) {
    await expect(imported(store, cut.subarray(0, length)), `${length}`).rejects.toMatchObject({
      code: "damaged",
    });
  }
  expect(await store.list()).toHaveLength(1);
  expect(scratch.names("tmp")).toEqual([]);
});

test("X12: a link of our archive whose target is no UTF-8 is refused and told, and the rest is taken", async () => {
  using here = new ScratchStore();
  using there = new ScratchStore();
  const store = await here.open();
  const linkBytes = Buffer.from([0x63, 0xe9]).toString("base64");
  const link = { path: "l", type: "symlink", linkTarget: "c\ufffd", linkBytes, flags: [] } as const;
  const { root } = await store.capture(new MemorySource().write("a", "one").entry(link), manual);
  const other = await there.open();
  const copy = await imported(other, await exported(store, root));
  expect((await all(other.entries(copy.id))).map(({ path }) => path)).toEqual(["a"]);
  expect(copy.completeness).toBe("partial");
  expect(copy.left.items).toEqual([
    { path: "l", reason: "Refused: its target is not valid UTF-8" },
  ]);
});

test("X12: a manifest that gives a member another name is refused", async () => {
  using scratch = new ScratchStore();
  const pb = Buffer.from("elsewhere").toString("base64");
  const manifest = `${JSON.stringify({ p: "a", pb, t: "d" })}\n`;
  const archive = Buffer.concat([
    member({ name: ".snap/manifest.jsonl", content: manifest }),
    member({ name: "a/", type: "Directory" }),
    end,
  ]);
  await expect(imported(await scratch.open(), archive)).rejects.toMatchObject({ code: "damaged" });
});
