import { expect, test } from "vitest";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import {
  bareRepository,
  dangerName,
  isDisplacedGitName,
  repositoryMarker,
  subversionServer,
  type NamedEntry,
} from "../../../src/core/repo/marker.ts";
import { hasMarkerComponent, markerDepth } from "../../../src/core/repo/repo-path.ts";

test.each([
  [".git", ".git"],
  [".GIT", ".git"],
  [".git.", ".git"],
  [".git . .", ".git"],
  ["git~1", ".git"],
  ["GIT~1", ".git"],
  [".g\u200cit", ".git"],
  ["\ufeff.git", ".git"],
  [".git\u202e", ".git"],
  [".git:stream", ".git"],
  [".\u017fvn", ".svn"],
  [".git::$INDEX_ALLOCATION", ".git"],
  [".gitignore", ".gitignore"],
  ["git", "git"],
  ["a.git", "a.git"],
  ["", ""],
  [":", ""],
])("G10: the danger name of %j is %j", (name, expected) => {
  expect(dangerName(name)).toBe(expected);
});

test.each([
  [".git", "folder", "git"],
  [".git", "file", "git"],
  [".git", "symlink", "git"],
  [".git", "special", "git"],
  [".hg", "folder", "hg"],
  ["_darcs", "folder", "darcs"],
  ["_darcs", "file", undefined],
  [".repo", "symlink", "repo"],
  ["_FOSSIL_", "file", "fossil"],
  [".gitignore", "file", undefined],
  [".gitmodules", "file", undefined],
  ["constructor", "folder", undefined],
  ["__proto__", "folder", undefined],
] as const)("G11: %s as a %s", (name, kind, vcs) => {
  expect(repositoryMarker(name, kind)?.vcs).toBe(vcs);
});

test("G11: another spelling is a variant", () => {
  expect(repositoryMarker(".git", "folder")?.variant).toBe(false);
  expect(repositoryMarker(".Git", "folder")?.variant).toBe(true);
  expect(repositoryMarker("CVSROOT", "folder")?.variant).toBe(false);
});

function entries(text: string): NamedEntry[] {
  return text.split(" ").map((name) => ({
    name: name.replace("/", ""),
    kind: name.endsWith("/") ? "folder" : "file",
  }));
}

test.each([
  ["HEAD objects/ refs/ config", "whole"],
  ["HEAD objects refs", undefined],
  ["objects/ refs/", "suspect"],
  ["objects/ refs/ packed-refs", "torn"],
  ["HEAD objects/ packed-refs", "torn"],
  ["HEAD refs/ reftable/", "torn"],
  ["HEAD refs/ config", "suspect"],
  ["HEAD refs/", undefined],
  ["HEAD", undefined],
  ["git objects/", undefined],
] as const)("G11: a folder with %s is %s", (text, shape) => {
  expect(bareRepository(entries(text))).toBe(shape);
});

test("G11: a Subversion server is known by all its folders together", () => {
  expect(subversionServer(entries("format db/ conf/ hooks/ locks/ README.txt"))).toBe(true);
  expect(subversionServer(entries("db/ conf/ hooks/ locks/"))).toBe(false);
});

test.each([
  [".git 2", true],
  ["git 3", true],
  [".git (1)", true],
  [".git (desk's conflicted copy 2024-05-01)", true],
  [".git (conflicted copy desk 2026-11-21)", true],
  [".git.sync-conflict-20240501-1", true],
  ["_git", true],
  ["dot_git", true],
  [".git", false],
  ["my_git", false],
  [".gitignore 2", false],
])("G11: %j is a displaced name: %s", (name, expected) => {
  expect(isDisplacedGitName(name)).toBe(expected);
});

test.each([
  ["", false],
  ["a/b", false],
  [".git", true],
  ["a/.git/config", true],
  ["a/.GIT /hooks/x", true],
  ["a/.hg", true],
  ["a/.github/x", false],
  ["a/_darcs/x", true],
])("G14, G21 a: %j has a marker component: %s", (path, expected) => {
  expect(hasMarkerComponent(parseRelPath(path))).toBe(expected);
});

test("G21 a: the kind of the last component counts, a component above it is a folder", () => {
  expect(hasMarkerComponent(parseRelPath("a/_darcs"), "file")).toBe(false);
  expect(hasMarkerComponent(parseRelPath("a/_darcs"), "folder")).toBe(true);
  expect(hasMarkerComponent(parseRelPath("_darcs/x"), "file")).toBe(true);
  expect(markerDepth(parseRelPath("a/b/.git/c"))).toBe(3);
});

test("G10: the parts of a bare repository count however they are spelled", () => {
  const parts: readonly NamedEntry[] = [
    { name: "Head", kind: "file" },
    { name: "OBJECTS", kind: "folder" },
    { name: "refs.", kind: "folder" },
  ];
  expect(bareRepository(parts)).toBe("whole");
  // On a disk that tells them apart, the one that is spelled as Git does is the part.
  expect(bareRepository([...parts, { name: "HEAD", kind: "folder" }])).not.toBe("whole");
});
