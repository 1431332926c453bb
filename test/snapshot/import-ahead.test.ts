import { expect, test } from "vitest";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { CaptureSource } from "../../src/ports.ts";
import { memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const count = 40;
const size = 300_000;

/** Something that is read once, and counts how many of its blocks are asked for and not yet kept. */
class ReadOnce implements CaptureSource {
  heldMax = 0;
  readonly kept: string[] = [];
  readonly #entries: SnapshotEntry[] = [];
  #asked = 0;

  facts(): Promise<typeof memoryFacts> {
    return Promise.resolve(memoryFacts);
  }

  async *prepare(): ReturnType<NonNullable<CaptureSource["prepare"]>> {
    for (let at = 10; at < 10 + count; at += 1) {
      await Promise.resolve();
      this.#asked += 1;
      this.heldMax = Math.max(this.heldMax, this.#asked - this.kept.length);
      const path = `f${at}`;
      const keep = (hash: string): void => {
        this.kept.push(path);
        this.#entries.push({ path, type: "file", size, blocks: [hash], flags: [] });
      };
      yield { path, bytes: noise(size, at), keep };
    }
  }

  async *entries(): AsyncGenerator<readonly SnapshotEntry[]> {
    await Promise.resolve();
    yield this.#entries;
  }

  open(): Promise<never> {
    return Promise.reject(new Error("it is read once"));
  }
}

async function importOnce(): Promise<{
  readonly source: ReadOnce;
  readonly packs: readonly string[];
}> {
  using scratch = new ScratchStore();
  const source = new ReadOnce();
  const store = await scratch.open();
  const { root } = await store.capture(source, { reason: "import" });
  expect(await contentOf(store, await entryAt(store, root, "f49"))).toHaveLength(size);
  expect(await damageOf(store, 2)).toEqual([]);
  return { source, packs: scratch.names("data") };
}

test("N6, N61: blocks of an archive are hashed ahead of the one that is stored, a bounded number, and packs are equal", async () => {
  const first = await importOnce();
  expect(first.source.heldMax).toBeGreaterThan(2);
  expect(first.source.heldMax).toBeLessThanOrEqual(5);
  expect(first.source.kept).toEqual(first.source.kept.toSorted());
  expect((await importOnce()).packs).toEqual(first.packs);
});
