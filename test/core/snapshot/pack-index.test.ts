import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BlockIndex } from "../../../src/core/snapshot/block-index.ts";
import { PackIndex, encodeSidecar } from "../../../src/core/snapshot/pack-index.ts";
import type { PackContents } from "../../../src/core/snapshot/pack-index.ts";
import { atOnce } from "../../../src/std/steps.ts";

function hashNumber(number: number): string {
  return hash("sha256", String(number), "hex");
}

/** A pack with the given blocks, ten bytes each, all in one frame. */
function packOf(numbers: readonly number[]): PackContents {
  return {
    packLength: 1000,
    frames: [{ offset: 0, length: 1000, rawLength: 10 * numbers.length }],
    entries: numbers.map((number, at) => ({
      hash: hashNumber(number),
      frame: 0,
      offset: at * 10,
      length: 10,
    })),
  };
}

const contents: PackContents = {
  packLength: 5_000_000_000,
  frames: [
    { offset: 0, length: 100, rawLength: 400 },
    { offset: 4_294_967_300, length: 200, rawLength: 300 },
  ],
  entries: [
    { hash: hashNumber(1), frame: 1, offset: 0, length: 300 },
    { hash: hashNumber(2), frame: 0, offset: 100, length: 300 },
    { hash: hashNumber(3), frame: 0, offset: 0, length: 0 },
  ],
};

test("N19: a sidecar comes back as it was, entries sorted by hash", () => {
  const index = PackIndex.read(atOnce(encodeSidecar(contents)));
  expect(index?.packLength).toBe(contents.packLength);
  expect([index?.frame(0), index?.frame(1)]).toEqual(contents.frames);
  const entries = [0, 1, 2].map((at) => index?.entry(at));
  expect(entries).toEqual(contents.entries.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)));
});

test("N19: the bytes are those of the format", () => {
  const bytes = atOnce(encodeSidecar(packOf([7])));
  expect(bytes.subarray(0, 8).toString()).toBe("SNAPIDX1");
  expect(bytes.readBigUInt64LE(8)).toBe(1000n);
  expect([bytes.readUInt32LE(16), bytes.readUInt32LE(20)]).toEqual([1, 1]);
  expect(bytes.length).toBe(24 + 16 + 44 + 32);
  expect(bytes.subarray(40, 72).toString("hex")).toBe(hashNumber(7));
  expect(bytes.subarray(-32).toString("hex")).toBe(hash("sha256", bytes.subarray(0, -32), "hex"));
});

test("N19: a sidecar with any byte changed, or cut at any place, is no sidecar", () => {
  const bytes = atOnce(encodeSidecar(contents));
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    expect(PackIndex.read(changed), `byte ${at}`).toBeUndefined();
    expect(PackIndex.read(bytes.subarray(0, at)), `cut at ${at}`).toBeUndefined();
  }
});

function forged(change: (body: Buffer) => void): PackIndex | undefined {
  const bytes = atOnce(encodeSidecar(contents));
  const body = Buffer.from(bytes.subarray(0, -32));
  change(body);
  return PackIndex.read(Buffer.concat([body, hash("sha256", body, "buffer")]));
}

test("N19: a sidecar with a right sum that points outside is no sidecar", () => {
  expect(forged(() => {})).toBeDefined();
  expect(
    forged((body) => body.writeUInt32LE(0xffffffff, 16)),
    "giant frame count",
  ).toBeUndefined();
  expect(
    forged((body) => body.writeUInt32LE(0xffffffff, 20)),
    "giant entry count",
  ).toBeUndefined();
  expect(
    forged((body) => body.writeBigUInt64LE(2n ** 60n, 24)),
    "frame beyond the pack",
  ).toBeUndefined();
  expect(
    forged((body) => body.writeUInt32LE(0xffffffff, 36)),
    "giant raw frame",
  ).toBeUndefined();
  expect(
    forged((body) => body.writeUInt32LE(9, 56 + 32)),
    "frame that is not there",
  ).toBeUndefined();
  expect(
    forged((body) => body.writeUInt32LE(9999, 56 + 40)),
    "entry beyond its frame",
  ).toBeUndefined();
  expect(
    forged((body) => body.fill(0xff, 56, 88)),
    "entries out of order",
  ).toBeUndefined();
});

test("an index over many packs finds every block and no other", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(fc.nat(3000), { maxLength: 400 }), { maxLength: 8 }),
      (packs) => {
        const index = new BlockIndex();
        packs.forEach((numbers, at) =>
          index.addPack(`pack ${at}`, atOnce(PackIndex.of(packOf(numbers)))),
        );
        const all = new Set(packs.flat());
        expect(index.blockCount).toBe(all.size);
        for (let number = 0; number <= 3000; number += 7) {
          const first = packs.findIndex((numbers) => numbers.includes(number));
          const place = index.find(hashNumber(number));
          expect(index.has(hashNumber(number))).toBe(first !== -1);
          expect(place?.pack).toBe(first === -1 ? undefined : `pack ${first}`);
          if (place !== undefined) expect(place.entry.hash).toBe(hashNumber(number));
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("all packs that hold a block are found", () => {
  const index = new BlockIndex();
  index.addPack("a", atOnce(PackIndex.of(packOf([1, 2]))));
  index.addPack("b", atOnce(PackIndex.of(packOf([2, 3]))));
  index.addPack("b", atOnce(PackIndex.of(packOf([2, 3]))));
  expect(index.findAll(hashNumber(2)).map((place) => place.pack)).toEqual(["a", "b"]);
  expect(index.findAll(hashNumber(4))).toEqual([]);
  expect(index.packs().map(([name]) => name)).toEqual(["a", "b"]);
});

test("N27: what only distrusted packs hold is absent, and is looked for in trusted ones first", () => {
  const act = fc.constantFrom("add", "put", "distrust", "trust");
  const steps = fc.array(fc.tuple(act, fc.nat(5)), { maxLength: 30 });
  const blocks = fc.uniqueArray(fc.nat(40), { maxLength: 20 });
  const packs = fc.array(blocks, { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(packs, steps, (numbers, acts) => {
      const index = new BlockIndex();
      const here = new Set<number>();
      const distrusted = new Set<number>();
      const blocksOf = (of: Iterable<number>): Set<number> =>
        new Set([...of].flatMap((pack) => numbers[pack] ?? []));
      const actions: Record<string, (name: string, pack: number) => void> = {
        add: (name, pack) => {
          index.addPack(name, atOnce(PackIndex.of(packOf(numbers[pack] ?? []))));
          here.add(pack);
        },
        put: (name, pack) => {
          index.putPack(name, atOnce(PackIndex.of(packOf(numbers[pack] ?? []))));
          here.add(pack);
          distrusted.delete(pack);
        },
        distrust: (name, pack) => {
          index.distrust(name);
          distrusted.add(pack);
        },
        trust: (name, pack) => {
          index.trust(name);
          distrusted.delete(pack);
        },
      };
      for (const [does, pack] of acts) actions[does]?.(`pack ${pack}`, pack);
      const held = blocksOf(here);
      const trusted = blocksOf(here.difference(distrusted));
      expect(index.blockCount).toBe(held.size);
      for (let number = 0; number <= 40; number += 1) {
        const pack = index.find(hashNumber(number))?.pack;
        expect(index.has(hashNumber(number))).toBe(trusted.has(number));
        expect(pack !== undefined).toBe(held.has(number));
        expect(pack !== undefined && index.isTrusted(pack)).toBe(trusted.has(number));
      }
    }),
  );
});

test("N27: a pack that is written again replaces the index of the damaged one", () => {
  const index = new BlockIndex();
  index.addPack("a", atOnce(PackIndex.of(packOf([1]))));
  index.distrust("a");
  index.putPack("a", atOnce(PackIndex.of(packOf([1, 2, 3]))));
  for (const number of [1, 2, 3]) expect(index.has(hashNumber(number))).toBe(true);
  expect(index.packs()).toHaveLength(1);
});

test("N61: the sidecar of the greatest pack is made in many steps, and is the same", () => {
  const many = packOf(Array.from({ length: 65_536 }, (_, at) => at));
  const steps = encodeSidecar(many);
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count += 1;
  expect(count).toBeGreaterThanOrEqual(64);
  const index = PackIndex.read(step.value);
  const hashes = Array.from({ length: 65_536 }, (_, at) => index?.entry(at).hash);
  expect(hashes).toEqual(many.entries.map((entry) => entry.hash).toSorted());
});
