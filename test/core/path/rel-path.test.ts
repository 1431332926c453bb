import { describe, expect, test } from "vitest";
import {
  baseName,
  compareBytes,
  comparePaths,
  isInside,
  isRelPath,
  joinPath,
  parentPath,
  parseRelPath,
  pathComponents,
  topPath,
} from "../../../src/core/path/rel-path.ts";

describe("paths below a top", () => {
  test.each(["", "a", "a/b", "...", "a b/ü", ".x", "..x", "a/...", "x../y./z", "a\n.\n"])(
    "%j is one",
    (path) => {
      expect(parseRelPath(path)).toBe(path);
    },
  );

  test.each([
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "a/\0",
    "a/.",
    "a/..",
    "../a",
    "a/./b",
    "a\0b/c",
  ])("%j is none", (path) => {
    expect(isRelPath(path)).toBe(false);
    expect(() => parseRelPath(path)).toThrow(
      expect.objectContaining({ code: "path-invalid", path }),
    );
  });

  test("go down and up", () => {
    const path = joinPath(joinPath(topPath, "a"), "b");
    expect(path).toBe("a/b");
    expect(parentPath(path)).toBe("a");
    expect(parentPath(parseRelPath("a"))).toBe("");
    expect(parentPath(topPath)).toBeUndefined();
    expect(baseName(path)).toBe("b");
    expect(baseName(topPath)).toBe("");
    expect(pathComponents(path)).toEqual(["a", "b"]);
    expect(pathComponents(topPath)).toEqual([]);
  });

  test("know what they are inside of", () => {
    const [a, ab, abc] = ["a", "a/b", "ab"].map(parseRelPath);
    if (a === undefined || ab === undefined || abc === undefined) throw new Error("three paths");
    expect(isInside(ab, a)).toBe(true);
    expect(isInside(a, a)).toBe(true);
    expect(isInside(a, topPath)).toBe(true);
    expect(isInside(abc, a)).toBe(false);
    expect(isInside(a, ab)).toBe(false);
  });

  test("N21: are ordered by bytes, a folder right before what it holds", () => {
    const paths = ["a.b", "a/c", "a", "a/b/c", "ｚ", "𝒳", "b"];
    expect(paths.toSorted(comparePaths)).toEqual(["a", "a/b/c", "a/c", "a.b", "b", "ｚ", "𝒳"]);
  });
});

test("N21: names are ordered by their UTF-8 bytes, also where UTF-16 has another order", () => {
  const parts = [
    "",
    "a",
    "b",
    "Z",
    "\u00e9",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\u{10000}",
    "\u{1f600}",
  ];
  const names = parts.flatMap((first) => parts.map((second) => `${first}${second}`));
  for (const left of names) {
    for (const right of names) {
      const order = Math.sign(compareBytes(left, right));
      expect(order, `${left} ${right}`).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }
  }
});
