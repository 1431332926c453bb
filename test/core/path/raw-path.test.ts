import { isUtf8 } from "node:buffer";
import { expect, test } from "vitest";
import { isRaw, rawBytes, rawText } from "../../../src/core/path/raw-path.ts";
import { randomFraction, seededRng } from "../../../src/std/random.ts";

test("N23: a raw text stands for its bytes and no others", () => {
  const rng = seededRng(7);
  const pieces = [[0x61], [0x2f], [0xc3, 0xa9], [0xe9], [0xff], [0xf0, 0x9f, 0x98, 0x80], [0x80]];
  const seen = new Map<string, string>();
  for (let count = 0; count < 2_000; count += 1) {
    const length = Math.floor(randomFraction(rng) * 6);
    const chosen = Array.from(
      { length },
      () => pieces[Math.floor(randomFraction(rng) * pieces.length)] ?? [],
    );
    const bytes = Buffer.concat([Buffer.from(chosen.flat()), Buffer.from(rng.bytes(length % 3))]);
    const text = rawText(bytes);
    expect(rawBytes(text)).toEqual(bytes);
    expect(isRaw(text)).toBe(!isUtf8(bytes));
    const before = seen.get(text);
    if (before !== undefined) expect(before).toBe(bytes.toString("hex"));
    seen.set(text, bytes.toString("hex"));
  }
});

test("N23: what is UTF-8 is its own raw text; halves of pairs, cut and overlong characters are bytes", () => {
  for (const text of ["a/b", "caf\u00e9", "\ufffd", "\ufeffa", "😀", ""]) {
    expect(rawText(Buffer.from(text))).toBe(text);
    expect(rawBytes(text)).toEqual(Buffer.from(text));
  }
  expect(rawText(Buffer.from([0x61, 0xe9]))).toBe("a\udce9");
  expect(rawText(Buffer.from([0xed, 0xa0, 0x80]))).toBe("\udced\udca0\udc80");
  expect(rawText(Buffer.from([0xc0, 0xaf]))).toBe("\udcc0\udcaf");
  expect(rawText(Buffer.from([0xf0, 0x9f, 0x98]))).toBe("\udcf0\udc9f\udc98");
});
