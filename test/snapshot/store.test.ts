import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { canonicalJson } from "../../src/core/snapshot/checked-json.ts";
import { pathOf } from "../../src/core/snapshot/diff.ts";
import { hash } from "node:crypto";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, all, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("opening a store that does not exist makes nothing; it has no snapshots", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  expect(await store.list()).toEqual([]);
  await expect(store.find("latest")).rejects.toMatchObject({ code: "snapshot-not-found" });
  await expect(all(store.entries("ab".repeat(32)))).rejects.toMatchObject({
    code: "snapshot-not-found",
  });
  expect(await damageOf(store, 2)).toEqual([]);
  expect(existsSync(scratch.top)).toBe(false);
});

test("§3, N12: the layout, files 0600 and folders 0700", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), manual);
  const shape = scratch
    .names()
    .map((name) => name.replaceAll(/[0-9a-f]{64}/g, "HASH").replace(/\/[0-9a-f]{2}\//, "/ab/"));
  expect(shape).toEqual([
    "README.txt",
    "STORE.json",
    "data/ab/HASH.idx",
    "data/ab/HASH.tar.zst",
    "meta/ab/HASH.idx",
    "meta/ab/HASH.tar.zst",
    expect.stringMatching(/^roots\/20261121T120000Z-[0-9a-f]{16}\.json$/),
  ]);
  expect(scratch.run("sh", "-c", "find . -type f ! -perm 600; find . -type d ! -perm 700")).toBe(
    "",
  );
});

test("entries below a path, without reading other pages", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  for (let at = 0; at < 3000; at += 1) source.write(`d${at % 30}/f${at}`, `${at}`);
  const { root } = await store.capture(source, manual);
  const below = await all(store.entries(root.id, parseRelPath("d7")));
  expect(below.map((entry) => entry.path)[0]).toBe("d7");
  expect(below).toHaveLength(101);
  expect(await all(store.entries(root.id, parseRelPath("d7/f7")))).toHaveLength(1);
  expect(await all(store.entries(root.id, parseRelPath("nowhere")))).toEqual([]);
  expect(await all(store.entries(root.id))).toHaveLength(3030);
});

test("a diff of two snapshots tells what changed, added, removed and moved", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  for (let at = 0; at < 2000; at += 1) source.write(`f${at}`, `${at}`);
  const before = await store.capture(source, manual);
  source
    .write("f7", "changed")
    .write("new/f1500", "1500")
    .remove("f1500")
    .remove("f9")
    .write("added", "+");
  const after = await store.capture(source, manual);
  const changes = await all(store.diff(before.root.id, after.root.id));
  expect(changes.map((one) => `${one.change} ${pathOf(one)}`)).toEqual([
    "changed f7",
    "added new",
    "added added",
    "removed f9",
    "moved new/f1500",
  ]);
  expect(await all(store.diff(after.root.id, after.root.id))).toEqual([]);
});

test("N22: a diff leaves pages that both snapshots share unread", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  for (let at = 10_000; at < 16_000; at += 1) source.write(`f${at}`, "");
  const before = await store.capture(source, manual);
  const pack = scratch.only("meta", ".tar.zst");
  const after = await store.capture(source.write("f15999", "changed"), manual);
  // The first frame holds pages of the first paths: they are the same in both.
  scratch.flip(pack, 1000);
  const reader = await scratch.open();
  await expect(all(reader.entries(before.root.id))).rejects.toMatchObject({ code: "damaged" });
  const changes = await all(reader.diff(before.root.id, after.root.id));
  expect(changes.map((one) => `${one.change} ${pathOf(one)}`)).toEqual(["changed f15999"]);
});

test("N25: snapshots are found by id, label and order, within a workspace and side", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const one = await store.capture(new MemorySource().write("a", "1"), {
    ...manual,
    label: "first",
  });
  const other = new MemorySource({
    ...memoryFacts,
    workspace: { ...memoryFacts.workspace, id: "w2" },
  });
  const two = await store.capture(other.write("a", "2"), manual);
  expect(await store.find(one.root.id.slice(0, 8))).toEqual(one.root);
  expect(await store.find("first")).toEqual(one.root);
  expect(await store.find("latest")).toEqual(two.root);
  expect(await store.find("latest", { workspace: "w1" })).toEqual(one.root);
  await expect(store.find("first", { workspace: "w2" })).rejects.toMatchObject({
    code: "snapshot-not-found",
  });
  await expect(store.find("latest", { side: "remote" })).rejects.toMatchObject({
    code: "snapshot-not-found",
  });
  expect(await store.list({ workspace: "w2" })).toEqual([two.root]);
});

test("what another process captured meanwhile is seen", async () => {
  using scratch = new ScratchStore();
  const reader = await scratch.open();
  const writer = await scratch.open();
  const source = new MemorySource().write("a", noise(1000));
  const first = await writer.capture(source, manual);
  expect(await all(reader.entries(first.root.id))).toHaveLength(1);
  const second = await writer.capture(source.write("b", noise(2000)), manual);
  const entries = await all(reader.entries(second.root.id));
  const contents = await Promise.all(entries.map((entry) => all(reader.open(entry))));
  expect(contents.flat().map((block) => block.length)).toEqual([1000, 2000]);
});

test("foreign files in the store's folders are left alone", async () => {
  using scratch = new ScratchStore();
  mkdirSync(join(scratch.top, "roots"), { recursive: true });
  mkdirSync(join(scratch.top, "tmp/mine"), { recursive: true });
  const foreign = ["notes.txt", "tmp/notes.txt", "tmp/mine/x"];
  for (const name of foreign) scratch.write(name, "mine");
  const store = await scratch.open();
  const { root } = await store.capture(new MemorySource().write("a", "1"), manual);
  for (const name of ["roots/.DS_Store", "roots/copy of root.json", "meta/.directory"])
    scratch.write(name, "mine");
  expect(await store.list()).toEqual([root]);
  expect(await damageOf(store, 2)).toEqual([]);
  await store.capture(new MemorySource().write("a", "2"), manual);
  for (const name of foreign) expect(scratch.read(name).toString()).toBe("mine");
});

test("N26: what a crash left in tmp/ is swept by the next writer", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", "1"), manual);
  writeFileSync(join(scratch.top, "tmp", "ab".repeat(12)), "half a pack");
  writeFileSync(join(scratch.top, "tmp", `lock-${"cd".repeat(8)}`), "half a lock");
  await store.capture(new MemorySource().write("a", "1"), manual);
  expect(scratch.names("tmp")).toEqual([]);
});

test("a store whose making was interrupted is made again", async () => {
  using scratch = new ScratchStore();
  for (const folder of ["tmp", "roots", "data"])
    mkdirSync(join(scratch.top, folder), { recursive: true });
  scratch.write("README.txt", "half");
  const store = await scratch.open();
  const { root } = await store.capture(new MemorySource().write("a", "1"), manual);
  expect(await store.list()).toEqual([root]);
  expect(scratch.read("README.txt").length).toBeGreaterThan(1000);
});

function sealed(content: Readonly<Record<string, unknown>>): string {
  return canonicalJson({ ...content, id: hash("sha256", canonicalJson(content), "hex") });
}

test("N13: a store that needs a later version is neither read nor written", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), manual);
  const { id: _id, ...content } = JSON.parse(scratch.read("STORE.json").toString());
  const tooNew = { code: "version-too-new", exit: 2 };

  scratch.write("STORE.json", sealed({ ...content, format: 2, tool: "9.0" }));
  await expect(scratch.open()).rejects.toMatchObject({
    ...tooNew,
    hint: expect.stringContaining("9.0"),
  });
  scratch.write("STORE.json", sealed({ ...content, cipher: "aes" }));
  await expect(scratch.open()).rejects.toMatchObject(tooNew);
  scratch.write(
    "STORE.json",
    sealed({ ...content, features: { read: ["chunks"], write: [], prune: [] } }),
  );
  await expect(scratch.open()).rejects.toMatchObject({
    ...tooNew,
    message: expect.stringContaining("chunks"),
  });

  scratch.write(
    "STORE.json",
    sealed({ ...content, features: { read: [], write: ["x"], prune: [] } }),
  );
  const store = await scratch.open();
  expect(await store.list()).toHaveLength(1);
  await expect(store.capture(new MemorySource(), manual)).rejects.toMatchObject(tooNew);
  scratch.write(
    "STORE.json",
    sealed({ ...content, features: { read: [], write: [], prune: ["x"] } }),
  );
  expect((await store.capture(new MemorySource(), manual)).created).toBe(true);
});

test("a store that lost its STORE.json says so, instead of having no snapshots", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), manual);
  scratch.run("rm", "STORE.json");
  await expect(scratch.open()).rejects.toMatchObject({ code: "damaged", exit: 5 });
});

test("N8: a store that lost its folder of snapshots says so, and no pack is taken for one that nobody needs", async () => {
  using scratch = new ScratchStore();
  const opened = await scratch.open();
  await opened.capture(new MemorySource().write("a", "1"), manual);
  scratch.run("rm", "-r", "roots");
  const lost = { code: "damaged", message: expect.stringContaining('lost its folder "roots"') };
  await expect(scratch.open()).rejects.toMatchObject(lost);
  await expect(opened.capture(new MemorySource(), manual)).rejects.toMatchObject(lost);
  await expect(opened.list()).rejects.toMatchObject(lost);
  expect(existsSync(join(scratch.top, "roots")), "it is not made anew").toBe(false);
});
