import { expect, test } from "vitest";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const remoteFacts = { ...memoryFacts, side: "remote" } as const;

function thinSource(): MemorySource {
  const source = new MemorySource(remoteFacts);
  source.isThin = true;
  return source;
}

test("N40: a listing without content is stored as thin entries, and nothing is opened", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = thinSource().write("d/a", "only in Dropbox");
  const { root } = await store.capture(source, { reason: "manual" });
  expect(root).toMatchObject({
    completeness: "thin",
    side: "remote",
    counts: { files: 1, bytes: 15 },
  });
  expect(source.opened).toEqual([]);
  const entry = await entryAt(store, root, "d/a");
  expect(entry).toMatchObject({ flags: ["thin"], remote: { id: "id:d/a" } });
  expect(entry.hash).toHaveLength(64);
  await expect(contentOf(store, entry)).rejects.toMatchObject({
    code: "not-found",
    hint: "It is only in Dropbox.",
  });
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N40: content that any snapshot knows, at whatever path, is held", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const large = noise(5_000_000);
  await store.capture(new MemorySource().write("here", large).write("small", "s"), {
    reason: "manual",
  });
  const source = thinSource()
    .write("there", large)
    .write("elsewhere/small", "s")
    .write("empty?", "");
  const { root } = await store.capture(source.write("new", "unknown"), { reason: "manual" });
  expect(root.completeness).toBe("thin");
  expect(await contentOf(store, await entryAt(store, root, "there"))).toHaveLength(5_000_000);
  expect(await entryAt(store, root, "elsewhere/small")).toMatchObject({ flags: [] });
  expect(await entryAt(store, root, "new")).toMatchObject({ flags: ["thin"] });
});

test("N40: a remote side whose content is all known is full", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", "1"), { reason: "manual" });
  const { root } = await store.capture(thinSource().write("b", "1"), { reason: "manual" });
  expect(root.completeness).toBe("full");
});

test("N39: the same listing again gives the same snapshot", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = thinSource().write("a", "1");
  await store.capture(source, { reason: "manual" });
  expect((await store.capture(source, { reason: "manual" })).created).toBe(false);
});
