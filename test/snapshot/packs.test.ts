import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { PackCatalogue } from "../../src/snapshot/pack-catalogue.ts";
import { PackReader } from "../../src/snapshot/pack-reader.ts";
import { PackWriter } from "../../src/snapshot/pack-writer.ts";
import type { ByteRange, StoreFiles } from "../../src/snapshot/store-files.ts";
import { execFileSync } from "node:child_process";
import { noise } from "./scratch-store.ts";

let top: string;
let files: DiskStoreFiles;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "snap-packs-"));
  files = new DiskStoreFiles(top, seededRng(1));
});

afterEach(() => rmSync(top, { recursive: true }));

async function load(): Promise<PackCatalogue> {
  const catalogue = new PackCatalogue(files, "data", silentLogger);
  await catalogue.refresh();
  return catalogue;
}

async function write(blocks: readonly Buffer[]): Promise<string[]> {
  const { index } = await load();
  const known = new Set(index.packs().map(([name]) => name));
  const writer = new PackWriter({ files, kind: "data", index });
  for (const block of blocks) await writer.add(blockHashOf(block), block);
  await writer.flush();
  return index
    .packs()
    .map(([name]) => name)
    .filter((name) => !known.has(name));
}

async function readBack(block: Buffer): Promise<Buffer> {
  return Buffer.from(await new PackReader(files, await load()).read(blockHashOf(block)));
}

/** Read all blocks by one reader that starts from the disk. */
async function expectAll(blocks: readonly Buffer[]): Promise<void> {
  const reader = new PackReader(files, await load());
  for (const block of blocks) {
    expect(Buffer.from(await reader.read(blockHashOf(block))).equals(block)).toBe(true);
  }
}

const small = Array.from({ length: 300 }, (_, at) => Buffer.from(`block ${at} `.repeat(at)));
const large = [
  noise(300_000, 5),
  Buffer.alloc(4 * 1024 * 1024, "text "),
  noise(4 * 1024 * 1024, 7),
];

test("N14: tar --zstd lists a pack, named by the SHA-256 of its bytes", async () => {
  const [pack = ""] = await write([...small, ...large]);
  const listed = execFileSync("tar", ["--zstd", "-tf", join(top, pack)], { encoding: "utf8" })
    .trim()
    .split("\n");
  expect(listed.toSorted()).toEqual(
    [...small, ...large].map((block) => `d/${blockHashOf(block)}`).toSorted(),
  );
  expect(execFileSync("sha256sum", [join(top, pack)], { encoding: "utf8" }).slice(0, 64)).toBe(
    pack.slice("data/ab/".length, -".tar.zst".length),
  );
});

test("every block is read back by its hash", async () => {
  await write([...small, ...large]);
  await expectAll([...small, ...large]);
});

test("N16: small blocks share frames, large ones have their own", async () => {
  const [pack = ""] = await write([...small, ...large]);
  const [, index] = (await load()).index.packs().find(([name]) => name === pack) ?? [];
  const frames = Array.from(
    { length: index?.frameCount ?? 0 },
    (_, at) => index?.frame(at).rawLength ?? 0,
  );
  expect(frames.filter((length) => length > 310_000)).toHaveLength(3);
  expect(frames.length).toBeLessThan(6);
});

test("N16: content shares frames of 1.5 MiB, the last block of one as long as it is", async () => {
  const [pack = ""] = await write(Array.from({ length: 40 }, (_, at) => noise(100_000, at + 1)));
  const [, index] = (await load()).index.packs().find(([name]) => name === pack) ?? [];
  const lengths = Array.from({ length: index?.frameCount ?? 0 }, (_, at) => {
    return index?.frame(at).rawLength ?? 0;
  });
  const entryBytes = 512 + 196 * 512;
  expect(lengths.slice(0, -1)).toEqual([16 * entryBytes, 16 * entryBytes]);
});

test("equal blocks in equal order give an equal pack", async () => {
  const packs = await write([...small, ...large]);
  const bytes = readFileSync(join(top, packs[0] ?? ""));
  rmSync(join(top, "data"), { recursive: true });
  files = new DiskStoreFiles(top, seededRng(2));
  expect(await write([...small, ...large])).toEqual(packs);
  expect(readFileSync(join(top, packs[0] ?? "")).equals(bytes)).toBe(true);
});

test("N15: a pack is closed at 32 MiB when its writer is asked", async () => {
  const { index } = await load();
  const writer = new PackWriter({ files, kind: "data", index });
  for (let seed = 0; seed < 20; seed += 1) {
    const block = noise(4 * 1024 * 1024, 2 * seed + 1);
    await writer.add(blockHashOf(block), block);
    if (writer.isFull) await writer.flush();
  }
  await writer.flush();
  const lengths = index.packs().map(([, pack]) => pack.packLength);
  expect(lengths).toHaveLength(2);
  expect(Math.max(...lengths)).toBeLessThan(56 * 1024 * 1024);
});

test("a block that is there, or on its way, is not written again", async () => {
  const block = noise(1000);
  expect(await write([block, block, block])).toHaveLength(1);
  expect(await write([block])).toEqual([]);
});

test("a writer that is given up leaves nothing", async () => {
  const writer = new PackWriter({ files, kind: "data", index: (await load()).index });
  await writer.add(blockHashOf(large[0] ?? noise(1)), large[0] ?? noise(1));
  await writer.discard();
  expect(await files.list("tmp")).toEqual([]);
  expect(await files.list("data")).toEqual([]);
});

function sidecarOf(pack: string): string {
  return join(top, pack.replace(".tar.zst", ".idx"));
}

test.each(["lost", "empty", "flipped", "of another pack"])(
  "N19: a sidecar that is %s is made again, equal to the first",
  async (how) => {
    const [pack = ""] = await write([...small, ...large]);
    const [other = ""] = await write([noise(10, 9)]);
    const before = readFileSync(sidecarOf(pack));
    const flipped = Buffer.from(before);
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const wrong: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      flipped,
      "of another pack": readFileSync(sidecarOf(other)),
    };
    if (how === "lost") rmSync(sidecarOf(pack));
    else writeFileSync(sidecarOf(pack), wrong[how] ?? "");
    await expectAll([...small, ...large]);
    expect(readFileSync(sidecarOf(pack)).equals(before)).toBe(true);
  },
);

test("N19: of a truncated pack the frames before the cut stay readable, and its blocks behind are missing", async () => {
  const [pack = ""] = await write(large);
  truncateSync(join(top, pack), 400_000);
  const catalogue = await load();
  const [first = noise(1), second = noise(1), third = noise(1)] = large;
  expect((await readBack(first)).equals(first)).toBe(true);
  expect((await readBack(second)).equals(second)).toBe(true);
  expect(catalogue.index.has(blockHashOf(third))).toBe(false);
  await expect(readBack(third)).rejects.toMatchObject({ code: "damaged" });
});

test("N27: a block behind a damage that was found is stored again", async () => {
  const [pack = ""] = await write(large);
  truncateSync(join(top, pack), 400_000);
  expect(await write(large)).toHaveLength(1);
  const third = large[2] ?? noise(1);
  expect((await readBack(third)).equals(third)).toBe(true);
});

test("a damaged block is named with its pack, and read from another pack that has it sound", async () => {
  const [pack = ""] = await write(small);
  const block = small[50] ?? noise(1);
  const bytes = readFileSync(join(top, pack));
  bytes[2000] = (bytes[2000] ?? 0) ^ 1;
  writeFileSync(join(top, pack), bytes);
  await expect(readBack(block)).rejects.toMatchObject({
    code: "damaged",
    path: pack,
    message: expect.stringContaining(blockHashOf(block)),
  });

  const elsewhere = new PackWriter({
    files,
    kind: "data",
    index: new PackCatalogue(files, "data", silentLogger).index,
  });
  await elsewhere.add(blockHashOf(block), block);
  await elsewhere.flush();
  expect((await readBack(block)).equals(block)).toBe(true);
});

test("foreign files are passed over", async () => {
  await write(small);
  mkdirSync(join(top, "data/zz"));
  mkdirSync(join(top, `data/ab/${"ab".repeat(32)}.tar.zst`), { recursive: true });
  writeFileSync(join(top, "data/notes.txt"), "mine");
  writeFileSync(join(top, "data/zz/x.tar.zst"), "mine");
  writeFileSync(join(top, "data/ab/x.tar.zst"), "mine");
  writeFileSync(join(top, `data/ab/${"cd".repeat(32)}.tar.zst`), "no pack at all");
  await expectAll(small);
});

test("N18: frames that are read one after the other are decoded ahead, and a damaged one troubles nobody before its turn", async () => {
  const blocks = Array.from({ length: 10 }, (_, at) => noise(300_000, 50 + at));
  const [pack = ""] = await write(blocks);
  const bytes = readFileSync(join(top, pack));
  bytes[4 * 300_600] = (bytes[4 * 300_600] ?? 0) ^ 1;
  writeFileSync(join(top, pack), bytes);
  const asked: number[] = [];
  const watched: StoreFiles = Object.create(files, {
    range: {
      value: (name: string, range: ByteRange) => {
        asked.push(range.offset);
        return files.range(name, range);
      },
    },
  });
  const reader = new PackReader(watched, await load());
  const hashes = blocks.map((block) => blockHashOf(block));
  for (const [at, hash] of hashes.entries()) {
    if (at === 4) await expect(reader.read(hash)).rejects.toMatchObject({ code: "damaged" });
    else
      expect(Buffer.from(await reader.read(hash)).equals(blocks[at] ?? Buffer.alloc(0))).toBe(true);
    if (at === 1) expect(asked).toHaveLength(5);
  }
  // The last one holds nothing but the end of the archive.
  expect(new Set(asked).size).toBe(11);
});
