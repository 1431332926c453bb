import { cpSync } from "node:fs";
import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { MemorySource } from "../support/memory-source.ts";
import { makers } from "./golden-stores.ts";
import { ScratchStore, all, contentOf, damageOf } from "./scratch-store.ts";

/** What a store says of itself: names of snapshots with labels, tags and pins, and every content that it hands out. */
async function saidBy(store: OpenedStore): Promise<ReadonlyMap<string, string>> {
  const said = new Map<string, string>();
  for (const root of await store.list()) {
    const { id, label, tags, pin } = root;
    said.set(id, JSON.stringify([label, tags, pin]));
    for (const entry of await all(store.entries(id))) {
      if (entry.blocks === undefined) continue;
      const content = await contentOf(store, entry);
      said.set(`${id} ${entry.path}`, content.toString("base64").slice(0, 2_000));
    }
  }
  return said;
}

/** Undefined where it is refused, with an error that has a name. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isSnapError(error, "damaged", "version-too-new", "refused", "not-found")) throw error;
    return undefined;
  }
}

async function keep(scratch: ScratchStore): Promise<void> {
  const store = await scratch.open();
  for (const { id } of await store.keeping.forgets()) {
    await unlessRefused(() => store.keeping.unforget(id));
  }
  await unlessRefused(() => store.keeping.prune({}));
  await unlessRefused(() =>
    store.capture(new MemorySource().write("x", "x"), { reason: "manual" }),
  );
}

/** Whether what a store says is true as far as it goes, and it owns up to what it does not say. */
async function isHonest(
  scratch: ScratchStore,
  truth: ReadonlyMap<string, string>,
): Promise<boolean> {
  const store = await unlessRefused(() => scratch.open());
  if (store === undefined) return true;
  const said = await unlessRefused(() => saidBy(store));
  if (said === undefined) return (await damageOf(store, 2)).length > 0;
  for (const [what, content] of said) {
    const isTold = truth.get(what) === content;
    // What a note said is not known any more: the snapshot counts as pinned, and a verification says why.
    const isNote =
      !what.includes(" ") &&
      content.includes("{}") &&
      (await damageOf(store, 0)).some((one) => one.what === "note");
    if (!isTold && !isNote) return false;
  }
  const isWhole = [...truth.keys()].every((what) => said.has(what));
  return isWhole || (await damageOf(store, 2)).length > 0;
}

/** Nothing that is done with a damaged store makes it hand out another content. */
async function expectSound(
  scratch: ScratchStore,
  { truth, where }: { readonly truth: ReadonlyMap<string, string>; readonly where: string },
): Promise<void> {
  await unlessRefused(() => keep(scratch));
  const said = (await unlessRefused(async () => saidBy(await scratch.open()))) ?? truth;
  for (const [what, content] of truth) {
    if (what.includes(" ") && said.has(what)) expect(said.get(what), where).toBe(content);
  }
}

async function flippedStore(): Promise<ScratchStore> {
  const scratch = new ScratchStore();
  await makers["kept"]?.(scratch, await scratch.open());
  const store = await scratch.open();
  const [first] = await store.list();
  await store.keeping.note(first?.id ?? "", { label: "named", addTags: ["t3"] });
  await store.keeping.prune({});
  scratch.write("lock", '{"pid":1}');
  return scratch;
}

test("N8: whichever byte of whichever file of a store is flipped, it tells nothing that is not so", async () => {
  using scratch = await flippedStore();
  const truth = await saidBy(await scratch.open());
  const kinds = new Set(scratch.names().map((name) => name.replace(/\/.*/u, "")));
  for (const kind of [
    "STORE.json",
    "README.txt",
    "roots",
    "data",
    "meta",
    "notes",
    "partial",
    "trash",
    "checks.jsonl",
    "lock",
    "pruned.json",
  ]) {
    expect([...kinds], kind).toContain(kind);
  }
  for (const name of scratch.names()) {
    const { length } = scratch.read(name);
    for (const part of [0, 0.21, 0.5, 0.77, 1]) {
      using copy = new ScratchStore();
      cpSync(scratch.top, copy.top, { recursive: true });
      copy.flip(name, Math.min(length - 1, Math.floor(length * part)));
      const where = `${name} at ${part}`;
      expect(await isHonest(copy, truth), where).toBe(true);
      if (part === 0.5) await expectSound(copy, { truth, where });
    }
  }
});
