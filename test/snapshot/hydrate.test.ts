import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ThinCloud, revOf } from "./hydrate-scenes.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

test("N42: the new snapshot is the thin one with its content, of the same moment", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const large = noise(9_000_000);
  const cloud = new ThinCloud().write("d/a", "one").write("big", large).write("empty", "");
  const thin = await cloud.capture(store);
  scratch.clock.advance(86_400_000);
  const { root, created } = await cloud.hydrate(store, thin);
  expect(created).toBe(true);
  const moment = new Date(Date.parse(thin.time) + 1000).toISOString().replace(".000Z", "Z");
  expect(root).toMatchObject({
    completeness: "full",
    parent: thin.id,
    time: moment,
    counts: thin.counts,
    left: { count: 0 },
  });
  expect(Date.parse(root.hydrated ?? "") - Date.parse(thin.time)).toBeGreaterThanOrEqual(
    86_400_000,
  );
  expect(cloud.asked).toEqual([revOf(large), revOf("one")]);
  const [before, after] = [await all(store.entries(thin.id)), await all(store.entries(root.id))];
  const plain = before.map(({ flags: _flags, ...entry }) => entry);
  expect(after.map(({ flags: _flags, blocks: _blocks, ...entry }) => entry)).toEqual(
    plain.map(({ blocks: _blocks, ...entry }) => entry),
  );
  expect(after.every(({ flags }) => flags.length === 0)).toBe(true);
  expect(await contentOf(store, await entryAt(store, root, "big"))).toEqual(large);
  expect((await contentOf(store, await entryAt(store, root, "d/a"))).toString()).toBe("one");
  expect(await damageOf(store, 2)).toEqual([]);
  expect(await store.find(root.id)).toEqual(root);
});

test("N42: what the store has is not fetched, and a content only once", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const large = noise(5_000_000, 2);
  await store.capture(new MemorySource().write("x", "here").write("y", large), {
    reason: "manual",
  });
  const cloud = new ThinCloud().write("a", "here").write("b", large);
  for (let at = 0; at < 300; at += 1) cloud.write(`c/${at}`, "the same");
  const { root } = await cloud.hydrate(store, await cloud.capture(store));
  expect(cloud.asked).toEqual([revOf("the same")]);
  expect(root.completeness).toBe("full");
});

test("N42: what is gone leaves a partial snapshot that lists it, and the next try goes on from there", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const cloud = new ThinCloud().write("a", "kept").write("b", "gone").write("c", "restricted");
  cloud.serve("gone", undefined);
  cloud.troubles.set(revOf("restricted"), new SnapError("content-restricted", "taken down"));
  const thin = await cloud.capture(store);
  const { root: partial } = await cloud.hydrate(store, thin);
  expect(partial).toMatchObject({
    completeness: "partial",
    parent: thin.id,
    left: {
      count: 2,
      items: [
        { path: "b", reason: "Dropbox does not keep this revision any more" },
        { path: "c", reason: "content-restricted: taken down" },
      ],
    },
  });
  expect((await contentOf(store, await entryAt(store, partial, "a"))).toString()).toBe("kept");
  const lost = await entryAt(store, partial, "b");
  expect(lost).toMatchObject({ flags: ["thin"], remote: { rev: revOf("gone") } });
  expect(lost.hash).toHaveLength(64);

  // Nothing new: no further snapshot.
  expect(await cloud.hydrate(store, partial)).toMatchObject({ created: false, root: partial });
  cloud.troubles.clear();
  cloud.serve("gone", "gone");
  cloud.asked.length = 0;
  const { root } = await cloud.hydrate(store, partial);
  expect(root).toMatchObject({ completeness: "full", parent: partial.id });
  expect(cloud.asked.toSorted()).toEqual([revOf("gone"), revOf("restricted")].toSorted());
});

test("N42: what is not the content that was listed is fetched again, and never taken", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const large = noise(4_200_000, 3);
  const cloud = new ThinCloud().write("a", "right").write("b", large).write("c", "short");
  cloud.serve("right", "wrong");
  cloud.serve("short", "shor");
  const thin = await cloud.capture(store);
  const { root } = await cloud.hydrate(store, thin);
  expect(root.completeness).toBe("partial");
  expect(root.left.items.map(({ path }) => path)).toEqual(["a", "c"]);
  expect(root.left.items[0]?.reason).toContain("content-wrong");
  expect(cloud.asked.filter((rev) => rev === revOf("right"))).toHaveLength(3);
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N40: a server that tells another size than a known content has is not believed", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("x", "here").write("y", noise(5_000_000)), {
    reason: "manual",
  });
  const cloud = new ThinCloud();
  const known = await all(store.entries((await store.find("latest")).id));
  for (const { path, hash } of known) {
    const remote = { id: "id:1", rev: "000000000001", modified: -5 };
    cloud.source.entry({ path, type: "file", size: 7, hash: hash ?? "", flags: ["thin"], remote });
  }
  const thin = await cloud.capture(store);
  const entries = await all(store.entries(thin.id));
  expect(entries.map(({ path, size, flags }) => [path, size, flags])).toEqual([
    ["x", 7, ["thin"]],
    ["y", 7, ["thin"]],
  ]);
  expect(entries[0]?.remote?.modified).toBe(0);
});

test("N42: a line that is cut ends the hydration, and the next one asks only for the rest", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const large = noise(4_500_000, 4);
  const cloud = new ThinCloud().write("a/large", large).write("z", "last");
  for (let at = 100; at < 400; at += 1) cloud.write(`f${at}`, `content ${at}`);
  const thin = await cloud.capture(store);
  cloud.troubles.set(revOf("content 390"), new SnapError("offline", "cut"));
  await expect(cloud.hydrate(store, thin)).rejects.toMatchObject({ code: "offline", exit: 7 });
  expect(await store.list()).toEqual([thin]);
  expect(scratch.names("partial")).toHaveLength(1);
  const first = new Set(cloud.asked);
  expect(first.has(revOf(large))).toBe(true);

  // A capture of Dropbox in between ends with its own checkpoints.
  cloud.source.remove("a/large");
  await cloud.capture(store);
  cloud.troubles.clear();
  cloud.asked.length = 0;
  const { root } = await cloud.hydrate(store, thin);
  expect(root.completeness).toBe("full");
  expect(cloud.asked.includes(revOf(large))).toBe(false);
  expect(cloud.asked.length).toBeLessThan(100);
  expect(scratch.names("partial")).toEqual([]);
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N42: trouble of the server with one file leaves it aside; with many in a row it is no file's", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const cloud = new ThinCloud();
  for (let at = 10; at < 60; at += 1) cloud.write(`f${at}`, `content ${at}`);
  const thin = await cloud.capture(store);
  const trouble = new SnapError("server-error", "500");
  cloud.troubles.set(revOf("content 20"), trouble);
  const { root } = await cloud.hydrate(store, thin);
  expect(root.left.items).toEqual([{ path: "f20", reason: "server-error: 500" }]);
  for (let at = 60; at < 90; at += 1) {
    cloud.write(`f${at}`, `content ${at}`);
    cloud.troubles.set(revOf(`content ${at}`), trouble);
  }
  const later = await cloud.capture(store);
  await expect(cloud.hydrate(store, later)).rejects.toMatchObject({ code: "server-error" });
});

test("N42: an interrupted hydration leaves a checkpoint, and nothing else", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const cloud = new ThinCloud();
  for (let at = 100; at < 1000; at += 1) cloud.write(`f${at}`, `content ${at}`);
  const thin = await cloud.capture(store);
  const controller = new AbortController();
  cloud.onAsk = (rev) => {
    if (rev === revOf("content 700")) controller.abort();
  };
  await expect(cloud.hydrate(store, thin, controller.signal)).rejects.toMatchObject({
    code: "interrupted",
  });
  expect(scratch.names("partial")).toHaveLength(1);
  expect(scratch.names("tmp")).toEqual([]);
  cloud.asked.length = 0;
  cloud.onAsk = undefined;
  expect((await cloud.hydrate(store, thin)).root.completeness).toBe("full");
  expect(cloud.asked.length).toBeLessThan(600);
});

test("X13: whatever sizes a server tells, the snapshot can be read, and nobody asks for what no file can be", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const cloud = new ThinCloud().write("z", "small");
  const hash = "ab".repeat(32);
  const add = (path: string, size: number): void => {
    const remote = { id: `id:${path}`, rev: path.padStart(12, "0"), modified: 5 };
    cloud.source.entry({ path, type: "file", size, hash, remote, flags: ["thin"] });
  };
  add("400 GB", 400_000_000_000);
  add("over", 2 ** 41 + 1);
  add("never", Number.MAX_SAFE_INTEGER);
  const thin = await cloud.capture(store);
  expect((await all(store.entries(thin.id))).map(({ path }) => path)).toEqual(["400 GB", "z"]);
  expect(thin.left.items).toEqual([
    { path: "never", reason: "Not stored: it is too large" },
    { path: "over", reason: "Not stored: it is too large" },
  ]);
  const { root } = await cloud.hydrate(store, thin);
  expect(root.left.items.map(({ path }) => path)).toEqual(["400 GB", "never", "over"]);
  for (let at = 0; at < 4100; at += 1) add(`f${at}`, 2 ** 41);
  const { counts } = await cloud.capture(store);
  expect(counts.bytes).toBe(Number.MAX_SAFE_INTEGER);
  expect(await damageOf(store, 2)).toEqual([]);
});
