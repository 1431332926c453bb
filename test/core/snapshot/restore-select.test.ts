import { expect, test } from "vitest";
import type { RelPath } from "../../../src/core/path/rel-path.ts";
import { selectionOf } from "../../../src/core/snapshot/restore-select.ts";

const selects = (patterns: readonly string[], path: string): boolean =>
  selectionOf(patterns).selects(path as RelPath);

test.each([
  [["d/"], "d/b", true],
  [["./d"], "d/b/c", true],
  [["d"], "de", false],
  [["*.txt"], "a.txt", true],
  [["*.txt"], "d/a.txt", false],
  [["**/*.txt"], "a.txt", true],
  [["**/*.txt"], "d/e/a.txt", true],
  [["d/*"], "d/e/f", true],
  [["d/?"], "d/ab", false],
  [["a+(b)"], "a+(b)", true],
  [["a.b*"], "axb", false],
  [["x[1]*"], "x[1]y", true],
  [[], "anything", true],
  [["."], "anything", true],
])("T14: %j selects %j: %j", (patterns, path, expected) => {
  expect(selects(patterns, path)).toBe(expected);
});

test("T14: patterns that match nothing are known", () => {
  const selection = selectionOf(["a", "b*"]);
  selection.selects("a" as RelPath);
  expect(selection.unmatched()).toEqual(["b*"]);
});

test("X2: a path that leaves the workspace is refused", () => {
  expect(() => selectionOf(["../x"])).toThrow(expect.objectContaining({ code: "path-invalid" }));
});

test("X24: a pattern with endless wildcards is refused", () => {
  expect(() => selectionOf(["*a".repeat(40)])).toThrow(
    expect.objectContaining({ code: "path-invalid" }),
  );
});
