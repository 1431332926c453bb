import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import type { ReadEachRequest, WholeFile } from "../../src/core/tree/local-stat.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** A source that reads small files into the given memory, after a while, as another thread does. */
class AheadSource extends MemorySource {
  readonly #turns: readonly number[];
  onRead: ((paths: readonly RelPath[]) => void | Promise<void>) | undefined;
  underWay = 0;
  mostUnderWay = 0;

  constructor(turns: readonly number[] = [3]) {
    super();
    this.#turns = turns;
  }

  async readEach(
    { paths, into }: ReadEachRequest,
    { signal }: { readonly signal?: AbortSignal | undefined },
  ): Promise<ReadonlyMap<RelPath, WholeFile>> {
    const turns = this.#turns[(paths[0] ?? "").length % this.#turns.length] ?? 0;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await this.onRead?.(paths);
      for (let count = 0; count < turns; count += 1) await turn();
      if (signal?.aborted === true) throw new SnapError("interrupted", "Interrupted");
      return await this.#readInto(paths, into);
    } finally {
      this.underWay -= 1;
    }
  }

  async #readInto(
    paths: readonly RelPath[],
    into: Uint8Array,
  ): Promise<ReadonlyMap<RelPath, WholeFile>> {
    const found = new Map<RelPath, WholeFile>();
    let at = 0;
    for (const path of paths) {
      await using file = await super.open(path);
      into.set(await file.read(0, file.stat.size), at);
      const bytes = into.subarray(at, at + file.stat.size);
      at += file.stat.size;
      found.set(path, { bytes, stat: file.stat, startedAt: 0, hash: blockHashOf(bytes) });
    }
    return found;
  }
}

/** Files for a dozen batches, long and short. */
function fill(source: AheadSource): AheadSource {
  for (let at = 1000; at < 3500; at += 1) {
    source.write(`n${"n".repeat(at % 7)}/f${at}`, noise(at % 9 === 0 ? 60_000 : 300, at));
  }
  return source.write("zz", noise(9_000_000, 5)).write("zy", noise(400_000, 6));
}

async function expectWhole(scratch: ScratchStore, source: MemorySource): Promise<void> {
  const store = await scratch.open();
  const root = await store.find("latest");
  let files = 0;
  for (const entry of await all(store.entries(root.id))) {
    if (entry.type !== "file") continue;
    files += 1;
    const content = source.files.get(entry.path)?.content ?? Buffer.alloc(0);
    expect((await contentOf(store, entry)).equals(content), entry.path).toBe(true);
  }
  expect(files).toBe(source.files.size);
  expect(await damageOf(store, 2)).toEqual([]);
}

test("N36, N6: files read ahead are stored whole and in path order, however long it takes; few batches are under way", async () => {
  const packs: (readonly string[])[] = [];
  const pace = fc.array(fc.nat(12), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pace, async (turns) => {
      using scratch = new ScratchStore();
      const source = fill(new AheadSource(turns));
      await (await scratch.open()).capture(source, manual);
      await expectWhole(scratch, source);
      expect(source.mostUnderWay).toBeLessThanOrEqual(5);
      packs.push(scratch.names("data"));
    }),
    { numRuns: 3 },
  );
  for (const names of packs) expect(names).toEqual(packs[0]);
});

test("N30, N27: what a writer that goes first takes away is read and stored again, also what was begun before", async () => {
  using scratch = new ScratchStore();
  const shared = noise(50_000, 77);
  const first = new MemorySource();
  for (let at = 0; at < 5; at += 1) first.write(`zx/${at}`, Buffer.concat([shared, noise(9, at)]));
  await (await scratch.open()).capture(first, manual);
  const pack = scratch.only("data", ".tar.zst");
  const waiter = `wait/${"5".repeat(32)}`;
  const files = new DiskStoreFiles(scratch.top, seededRng(3));
  const source = fill(new AheadSource());
  // These come last, with trusted hashes: they are taken over by their blocks unless those are gone.
  for (const [path, { content }] of first.files) source.write(path, content);
  source.isTrusted = true;
  let isAsked = false;
  source.onRead = async () => {
    if (isAsked || source.underWay < 4) return;
    isAsked = true;
    await files.put(waiter, scratch.read("lock"));
    scratch.clock.advance(11_000);
  };
  let wentFirst = 0;
  const clock: Clock = {
    now: () => scratch.clock.now(),
    sleep: async () => {
      wentFirst += 1;
      expect(source.underWay).toBe(0);
      for (const name of [pack, pack.replace(".tar.zst", ".idx"), waiter]) {
        rmSync(join(scratch.top, name), { force: true });
      }
      await turn();
    },
  };
  await (await scratch.open({ clock })).capture(source, manual);
  expect(wentFirst).toBeGreaterThan(0);
  await expectWhole(scratch, source);
});

test("an interrupted capture ends only when nothing is read ahead any more", async () => {
  using scratch = new ScratchStore();
  const controller = new AbortController();
  const source = fill(new AheadSource([40]));
  source.onRead = () => {
    if (source.underWay === 4) controller.abort();
  };
  const store = await scratch.open();
  await expect(
    store.capture(source, { ...manual, signal: controller.signal }),
  ).rejects.toMatchObject({ code: "interrupted" });
  expect(source.underWay).toBe(0);
  expect(scratch.names("tmp")).toEqual([]);
  source.onRead = undefined;
  await store.capture(source, manual);
  await expectWhole(scratch, source);
});

test("a source that fails while it reads ahead ends the capture, and is waited for", async () => {
  using scratch = new ScratchStore();
  const source = fill(new AheadSource([20]));
  let calls = 0;
  source.onRead = () => {
    calls += 1;
    if (calls === 3) throw new SnapError("workspace-missing", "The workspace is not there");
  };
  const store = await scratch.open();
  await expect(store.capture(source, manual)).rejects.toMatchObject({ code: "workspace-missing" });
  expect(source.underWay).toBe(0);
  expect(await store.list()).toEqual([]);
  expect(scratch.names().includes("lock")).toBe(false);
});
