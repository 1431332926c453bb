import fc from "fast-check";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { MemorySource } from "../support/memory-source.ts";
import { dayMs, treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

type Step =
  | { readonly do: "write"; readonly path: string; readonly size: number; readonly seed: number }
  | { readonly do: "remove"; readonly path: string }
  | { readonly do: "capture" | "takeBack" | "prune" | "wait" }
  | { readonly do: "forget"; readonly which: number };

const path = fc.constantFrom("a", "b", "c/d", "c/e", "f");

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      path,
      // Small ones share frames; the largest have one of their own.
      size: fc.constantFrom(10, 3000, 90_000, 300_000),
      seed: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), path }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "capture" as const,
        "takeBack" as const,
        "prune" as const,
        "wait" as const,
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("forget" as const), which: fc.nat(9) }) },
);

/** What must be in the store: every snapshot with its content, and what was forgotten within the grace time. */
class Model {
  readonly scratch: ScratchStore;
  readonly source: MemorySource = new MemorySource().write("first", "first");
  readonly trees: Map<string, Record<string, string>> = new Map();
  listed: SnapshotRoot[] = [];
  forgotten: { id: string; root: SnapshotRoot; atMs: number }[] = [];

  constructor(scratch: ScratchStore) {
    this.scratch = scratch;
  }

  async act(one: Step): Promise<void> {
    const { keeping } = await this.scratch.open();
    switch (one.do) {
      case "write":
        this.source.write(one.path, noise(one.size, one.seed));
        return;
      case "remove":
        this.source.remove(one.path);
        return;
      case "capture":
        await this.#capture();
        return;
      case "forget":
        await this.#forget(one.which);
        return;
      case "takeBack":
        await this.#takeBack();
        return;
      case "wait":
        this.scratch.clock.advance(4 * dayMs);
        return;
      case "prune":
        if (this.trees.size > 0) await keeping.prune({});
        await this.expectAll();
    }
  }

  async expectAll(): Promise<void> {
    const store = await this.scratch.open();
    expect(await store.list()).toEqual(this.listed);
    expect(await damageOf(store, 2)).toEqual([]);
    const waiting = this.forgotten.filter(({ atMs }) => this.#isKept(atMs)).map(({ root }) => root);
    for (const root of [...this.listed, ...waiting])
      expect(await treeOf(store, root)).toEqual(this.trees.get(root.id));
  }

  #isKept(atMs: number): boolean {
    return this.scratch.clock.now() - atMs <= 7 * dayMs;
  }

  async #capture(): Promise<void> {
    const store = await this.scratch.open();
    this.scratch.clock.advance(60_000);
    const { root, created } = await store.capture(this.source, manual);
    if (!created) return;
    this.listed.push(root);
    this.trees.set(root.id, await treeOf(store, root));
  }

  async #forget(which: number): Promise<void> {
    const root = this.listed[which % Math.max(1, this.listed.length)];
    if (root === undefined) return;
    const { keeping } = await this.scratch.open();
    const atMs = this.scratch.clock.now();
    const { id } = await keeping.forget({ ids: [root.id], ...manual, evenLastCopy: true });
    this.listed = this.listed.filter((one) => one !== root);
    this.forgotten.push({ id, root, atMs });
  }

  async #takeBack(): Promise<void> {
    const last = this.forgotten.findLast(({ atMs }) => this.#isKept(atMs));
    if (last === undefined) return;
    await (await this.scratch.open()).keeping.unforget(last.id);
    this.forgotten = this.forgotten.filter((one) => one !== last);
    this.listed = [...this.listed, last.root].toSorted((a, b) => (a.time < b.time ? -1 : 1));
  }
}

test("N7, N56: whatever is captured, forgotten, taken back and pruned, what is kept is whole and nothing else stays", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 30 }), async (steps) => {
      using scratch = new ScratchStore();
      const model = new Model(scratch);
      for (const one of steps) await model.act(one);
      await model.act({ do: "capture" });
      await model.act({ do: "prune" });
      // In the end nobody needs anything, and after two grace times nothing is left.
      while (model.listed.length > 0) await model.act({ do: "forget", which: 0 });
      for (let round = 0; round < 2; round += 1) {
        scratch.clock.advance(8 * dayMs);
        await (await scratch.open()).keeping.prune({});
      }
      scratch.clock.advance(8 * dayMs);
      await (await scratch.open()).keeping.prune({});
      const left = ["data", "meta", "trash", "roots"].flatMap((folder) => scratch.names(folder));
      expect(left).toEqual([]);
    }),
    { numRuns: 12 },
  );
});
