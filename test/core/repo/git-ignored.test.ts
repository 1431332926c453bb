/** The rules of Git as they are written at the top of a work tree (G50, gitignore(5)). */
import { expect, test } from "vitest";
import { noRules, rulesOf } from "../../../src/core/ignore.ts";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import {
  gitIgnored,
  gitRulesAtTop,
  trackedKey,
  withGitIgnored,
} from "../../../src/core/repo/git-ignored.ts";

test.each([
  ["", "*.log\n# no\n\n/a", ["*.log", "/a"]],
  ["d", "*.log", ["/d/**/*.log"]],
  ["d/e", "/build/\r\nx/y\n", ["/d/e/build/", "/d/e/x/y"]],
  ["d", "logs/", ["/d/**/logs/"]],
  ["d", "!keep", ["!/d/**/keep"]],
  ["d", "\\!odd\n\\#odd", ["/d/**/!odd", "/d/**/#odd"]],
  ["[a]*?", "x  ", ["/\\[a\\]\\*\\?/**/x"]],
  ["d", "/\n!\n ", []],
])("G50: in %j the rules %j", (folder, text, expected) => {
  expect(gitRulesAtTop(parseRelPath(folder), text)).toEqual(expected);
});

test("G50: a file further down is stronger, and goes for its own folder only", () => {
  const lines = [
    ...gitRulesAtTop(parseRelPath(""), "*.log\nout/"),
    ...gitRulesAtTop(parseRelPath("d"), "!a.log\n!out/\n*.tmp"),
  ];
  const rules = rulesOf(lines.join("\n"));
  const ignored = ["a.log", "d/a.log", "d/b.log", "x.tmp", "d/e/x.tmp", "out/x", "d/out/x"];
  expect(ignored.filter((path) => rules.ignores(parseRelPath(path), "file"))).toEqual([
    "a.log",
    "d/b.log",
    "d/e/x.tmp",
    "out/x",
  ]);
});

const tree = {
  folder: parseRelPath("r"),
  rules: rulesOf("build/\n/*\n!/src/"),
  tracked: {
    files: new Set([trackedKey(["build", "Kept.txt"])]),
    folders: new Set([trackedKey(["build"])]),
  },
};

test("G50: what is tracked is not left out, whatever the case of its name, and its neighbours are", () => {
  const git = gitIgnored([tree], new Map());
  const paths = ["r/build/kept.TXT", "r/build/other", "r/src/a", "r/b", "b"].map(parseRelPath);
  expect(paths.filter((path) => git.ignores(path, "file"))).toEqual(["r/build/other", "r/b"]);
  expect(git.ignores(parseRelPath("r/build"), "folder")).toBe(false);
  expect(git.ignores(parseRelPath("r/dist"), "folder")).toBe(true);
});

test("G9, G50: no rule of Git hides a repository, the work tree itself, or the rules of the link", () => {
  const git = gitIgnored([{ ...tree, folder: parseRelPath("") }], new Map());
  const rules = withGitIgnored(noRules(), git);
  expect(rules.ignores(parseRelPath(".git"), "folder")).toBe(false);
  expect(rules.ignores(parseRelPath("sub/.git"), "file")).toBe(false);
  expect(rules.ignores(parseRelPath(""), "folder")).toBe(false);
  expect(rules.ignores(parseRelPath(".mignore"), "file")).toBe(false);
  expect(rules.ignores(parseRelPath("x"), "file")).toBe(true);
});
