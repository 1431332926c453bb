import { expect, test } from "vitest";
import {
  countReflog,
  parseGitdirFile,
  parseHead,
  parseLooseRef,
  parsePackedRefs,
} from "../../src/guard/git-text.ts";
import { isRefName } from "../../src/core/repo/ref-name.ts";

const oid = "4be1f3c1a5d3a2b0c9d8e7f6a5b4c3d2e1f00112";

test.each([
  ["ref: refs/heads/main\n", { kind: "ref", ref: "refs/heads/main" }],
  ["ref:refs/heads/a b\n", { kind: "ref", ref: "refs/heads/a b" }],
  [`${oid}\n`, { kind: "oid", oid }],
  ["a".repeat(64), { kind: "oid", oid: "a".repeat(64) }],
  ["", undefined],
  ["ref: elsewhere\n", undefined],
  [`${oid.slice(1)}\n`, undefined],
  ["\0\0\0\0", undefined],
])("G30: HEAD %j", (text, expected) => {
  expect(parseHead(text)).toEqual(expected);
});

test("G30: packed refs leave out comments, peeled tags and what is no ref", () => {
  const text = `# pack-refs with: peeled fully-peeled sorted\n${oid} refs/heads/main\n${oid} refs/tags/v1\n^${oid}\nrubbish\n`;
  expect([...parsePackedRefs(text).keys()]).toEqual(["refs/heads/main", "refs/tags/v1"]);
});

test("G30: a loose ref is an object id and nothing else", () => {
  expect(parseLooseRef(`${oid}\n`)).toBe(oid);
  expect(parseLooseRef("ref: refs/heads/x\n")).toBeUndefined();
  expect(parseLooseRef("")).toBeUndefined();
});

test.each([
  ["gitdir: ../.git/modules/x\n", "../.git/modules/x"],
  ["gitdir: /with space/r.git\r\n", "/with space/r.git"],
  ["gitdir: \n", undefined],
  ["something else\n", undefined],
  ["gitdir: a\nb\n", undefined],
])("G11: a .git file %j", (text, expected) => {
  expect(parseGitdirFile(text)).toBe(expected);
});

test("G30: a reflog has one entry a line", () => {
  expect(countReflog("")).toBe(0);
  expect(countReflog("a\nb\n")).toBe(2);
});

test.each([
  ["refs/heads/main", true],
  ["refs/heads/a/b.c-d", true],
  ["refs/heads/ümlaut", true],
  ["refs/heads/main (HOST's conflicted copy 2024-05-01)", false],
  ["refs/heads/../x", false],
  ["refs/heads/.x", false],
  ["refs/heads/x.lock", false],
  ["refs/heads/x.", false],
  ["refs/heads/x./y", true],
  ["refs/heads//x", false],
  ["refs/heads/a~1", false],
  ["refs/heads/a\u0001", false],
  ["refs/heads/a@{1}", false],
  ["HEAD", false],
])("G30: %j as the name of a ref: %s", (name, expected) => {
  expect(isRefName(name)).toBe(expected);
});
