import fc from "fast-check";
import { expect, test } from "vitest";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import type { WholeFile } from "../../src/core/tree/local-stat.ts";
import type { LocalFile } from "../../src/ports.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** A source whose files take as long as chance has it, and which gives some small ones at once. */
class SlowSource extends MemorySource {
  readonly #turns: readonly number[];
  readonly #atOnce: readonly boolean[];
  #calls = 0;

  constructor({ turns, atOnce }: Pace) {
    super();
    this.#turns = turns;
    this.#atOnce = atOnce;
  }

  override async open(path: RelPath): Promise<LocalFile> {
    const file = await super.open(path);
    return {
      ...file,
      read: async (offset, lengthMax) => {
        this.#calls += 1;
        const turns = this.#turns[this.#calls % this.#turns.length] ?? 0;
        for (let turn = 0; turn < turns; turn += 1) {
          await new Promise<void>((resolve) => {
            setImmediate(resolve);
          });
        }
        return await file.read(offset, lengthMax);
      },
    };
  }

  async readEach(request: {
    readonly paths: readonly RelPath[];
  }): Promise<ReadonlyMap<RelPath, WholeFile>> {
    const given = request.paths.filter((_path, at) => this.#atOnce[at % this.#atOnce.length]);
    const found = given.map(async (path) => {
      await using file = await super.open(path);
      const bytes = await file.read(0, file.stat.size);
      return [path, { bytes, stat: file.stat, startedAt: 0 }] as const;
    });
    return new Map(await Promise.all(found));
  }
}

type Pace = { readonly turns: readonly number[]; readonly atOnce: readonly boolean[] };

const sizes = [10, 9_000_000, 0, 300_000, 400, 270_000, 4_194_304, 4_194_305, 100, 60_000];

async function packsOf(pace: Pace): Promise<readonly string[]> {
  using scratch = new ScratchStore();
  const source = new SlowSource(pace);
  for (const [at, size] of sizes.entries()) source.write(`f${at}`, noise(size, at + 1));
  for (let at = 0; at < 300; at += 1) source.write(`s/${at}`, `text ${at} `.repeat(at));
  const store = await scratch.open();
  const { root } = await store.capture(source, manual);
  for (const entry of await all(store.entries(root.id))) {
    if (entry.type !== "file") continue;
    const file = source.files.get(entry.path);
    expect((await contentOf(store, entry)).equals(file?.content ?? Buffer.alloc(0))).toBe(true);
  }
  expect(await damageOf(store, 2)).toEqual([]);
  return scratch.names("data");
}

test("N36: equal input gives equal packs, however long each file takes and whichever are read at once", async () => {
  const first = await packsOf({ turns: [0], atOnce: [true] });
  expect(first).toHaveLength(2);
  const pace = fc.record({
    turns: fc.array(fc.nat(5), { minLength: 1, maxLength: 7 }),
    atOnce: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(pace, async (one) => {
      expect(await packsOf(one)).toEqual(first);
    }),
    { numRuns: 6 },
  );
});
