import { execFileSync } from "node:child_process";
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { measureFrame } from "../../src/snapshot/frame-walk.ts";
import { compressFrame, isIncompressible } from "../../src/snapshot/compress-frame.ts";
import {
  decodeFrame,
  endOfArchive,
  entryName,
  hashOfEntryName,
  tarEntries,
  tarEntry,
} from "../../src/snapshot/frame.ts";
import { noise } from "./scratch-store.ts";

const damaged = expect.objectContaining({ code: "damaged" });
const digest = "ab".repeat(32);

test("N17: tar reads our entries, and equal input gives equal bytes", () => {
  const contents = ["", "x", "a".repeat(512), "b".repeat(513)];
  const entries = contents.map((content, at) =>
    tarEntry(entryName("data", at + digest.slice(1)), Buffer.from(content)),
  );
  const listing = execFileSync("tar", ["-tvf", "-"], {
    input: Buffer.concat([...entries, endOfArchive]),
    encoding: "utf8",
    env: { TZ: "UTC" },
  });
  const lines = listing.trim().split("\n");
  expect(lines[3]).toBe(`-r--r--r-- 0/0             513 1970-01-01 00:00 d/3${digest.slice(1)}`);
  expect(lines).toHaveLength(4);
  expect(tarEntry("d/x", Buffer.from("y"))).toEqual(tarEntry("d/x", Buffer.from("y")));
});

test("tar entries are found again, up to the zero records", () => {
  const raw = Buffer.concat([
    tarEntry("d/a", Buffer.from("one")),
    tarEntry("d/b", Buffer.from("")),
    endOfArchive,
  ]);
  expect([...tarEntries(raw)]).toEqual([
    { name: "d/a", offset: 512, length: 3 },
    { name: "d/b", offset: 1536, length: 0 },
  ]);
});

test("what is no tar entry is damage", () => {
  const entry = tarEntry("d/a", Buffer.from("one"));
  expect(() => [...tarEntries(noise(2048))]).toThrow(damaged);
  expect(() => [...tarEntries(entry.subarray(0, 100))]).toThrow(damaged);
  entry.write("77777777777", 124);
  expect(() => [...tarEntries(entry)]).toThrow(damaged);
});

test("names of entries are read strictly", () => {
  expect(hashOfEntryName(entryName("data", digest))).toBe(digest);
  expect(hashOfEntryName(entryName("meta", digest))).toBe(digest);
  for (const name of [
    "d/../x",
    `d/${digest}x`,
    `d/${digest}.jsonl`,
    `m/${digest}`,
    `x/d/${digest}`,
    "d/",
    `d/${digest.slice(1)}`,
  ]) {
    expect(hashOfEntryName(name), name).toBeUndefined();
  }
});

const raws: readonly (readonly [string, Buffer])[] = [
  ["one byte", Buffer.from("x")],
  ["a small text", Buffer.from("hello world ".repeat(20))],
  ["300 bytes", noise(300)],
  ["a long text", Buffer.from("hello world ".repeat(30_000))],
  ["zeros", Buffer.alloc(1_000_000)],
  ["noise", noise(700_000)],
  ["4 MiB", noise(4 * 1024 * 1024)],
];

describe("N16, N18: a frame has checksum and raw size, and its length can be measured", () => {
  test.each(raws)("%s", async (_name, raw) => {
    for (const fast of [true, false]) {
      const frame = compressFrame(raw, { fast });
      const behind = Buffer.concat([frame, compressFrame(Buffer.from("next"), { fast })]);
      expect(measureFrame(behind)).toEqual({ length: frame.length, rawLength: raw.length });
      expect((await decodeFrame(frame, raw.length)).equals(raw)).toBe(true);
      expect((frame[4] ?? 0) & 4, "checksum flag").toBe(4);
    }
  });
});

test("N14: the zstd program reads our frames, one behind the other", async () => {
  const frames = raws.map(([, raw]) => compressFrame(raw, { fast: false }));
  const together = execFileSync("zstd", ["-dc"], {
    input: Buffer.concat(frames),
    maxBuffer: 2 ** 26,
  });
  expect(together.equals(Buffer.concat(raws.map(([, raw]) => raw)))).toBe(true);
});

test("frames of the zstd program are measured too", () => {
  const input = Buffer.from("hello world ".repeat(30_000));
  const frame = execFileSync(
    "zstd",
    ["-19", "--content-size", `--stream-size=${input.length}`, "-c"],
    { input },
  );
  expect(measureFrame(Buffer.concat([frame, noise(50)]))).toEqual({
    length: frame.length,
    rawLength: input.length,
  });
});

test("X13: a frame never gives more than was promised", async () => {
  const bomb = compressFrame(Buffer.alloc(50_000_000), { fast: false });
  await expect(decodeFrame(bomb, 1000)).rejects.toMatchObject({ code: "damaged" });
  await expect(decodeFrame(bomb, 50_000)).rejects.toMatchObject({ code: "damaged" });
  await expect(
    decodeFrame(compressFrame(Buffer.from("short"), { fast: false }), 1000),
  ).rejects.toMatchObject({
    code: "damaged",
  });
});

test("a frame with any bit flipped, or cut, does not decode", async () => {
  const raw = Buffer.from("the quick brown fox jumps over the lazy dog ".repeat(10));
  const frame = compressFrame(raw, { fast: false });
  for (let at = 0; at < frame.length; at += 1) {
    const flipped = Buffer.from(frame);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    const decoded = await decodeFrame(flipped, raw.length).catch(() => undefined);
    // A few header bits say nothing about the content: then the content is right.
    if (decoded !== undefined) expect(decoded.equals(raw)).toBe(true);
    expect(() => measureFrame(frame.subarray(0, at))).toThrow(damaged);
  }
});

test("a frame that does not tell its size is refused", () => {
  const frame = zstdCompressSync("x".repeat(100_000), {
    params: { [constants.ZSTD_c_contentSizeFlag]: 0 },
  });
  expect(() => measureFrame(frame)).toThrow(damaged);
});

test("N16: noise counts as incompressible, text does not", () => {
  expect(isIncompressible(noise(500_000))).toBe(true);
  expect(isIncompressible(Buffer.from("text ".repeat(100_000)))).toBe(false);
});
