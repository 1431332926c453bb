import fc from "fast-check";
import { Header } from "tar/header";
import { expect, test } from "vitest";
import { entryName } from "../../src/snapshot/frame.ts";
import { writeTarHeader } from "../../src/snapshot/pack-header.ts";

const hexDigits = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

test("N17: a header has the bytes that the package tar gives it, whatever stood there before", () => {
  const digest = fc.string({
    unit: fc.constantFrom(...hexDigits),
    minLength: 64,
    maxLength: 64,
  });
  const size = fc.oneof(
    fc.nat(2 ** 30 - 1),
    fc.nat(600),
    fc.constantFrom(0, 7, 8, 511, 512, 4_194_304),
  );
  fc.assert(
    fc.property(fc.constantFrom("data", "meta"), digest, size, (kind, hash, length) => {
      const name = entryName(kind, hash);
      const ours = Buffer.alloc(600, 0xff);
      writeTarHeader(ours, 20, { name, size: length });
      const theirs = Buffer.alloc(512);
      const plain = { mode: 0o444, uid: 0, gid: 0, mtime: new Date(0), type: "File" } as const;
      new Header({ ...plain, path: name, size: length }).encode(theirs);
      expect(ours.subarray(20, 532).equals(theirs)).toBe(true);
      expect(ours.subarray(532).equals(Buffer.alloc(68, 0xff))).toBe(true);
    }),
  );
});
