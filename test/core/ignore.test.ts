import { describe, expect, test } from "vitest";
import {
  ignoreLineLengthMax,
  ignoreLinesMax,
  isAlwaysOutside,
  noRules,
  rulesOf,
} from "../../src/core/ignore.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";

function ignores(rules: string, path: string): boolean {
  const isFolder = path.endsWith("/");
  const bare = parseRelPath(isFolder ? path.slice(0, -1) : path);
  return rulesOf(rules).ignores(bare, isFolder ? "folder" : "file");
}

describe("S90: rules", () => {
  test.each([
    ["*.log", "a.log", true],
    ["*.log", "d/e/a.log", true],
    ["*.log", "a.log.txt", false],
    ["logs/", "logs/", true],
    ["logs/", "logs", false],
    ["logs/", "logs/1", true],
    ["logs/", "d/logs/deep/1", true],
    ["/logs", "d/logs", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["*.log\n!keep.log", "keep.log", false],
    ["logs/\n!logs/keep", "logs/keep", true],
    ["# comment\n\n  \n", "comment", false],
    ["\\#a", "#a", true],
    ["\ufeffa", "a", true],
    ["a\r\nb\r\n", "b", true],
    ["node_modules", "__proto__", false],
    ["__proto__", "x/__proto__", true],
    ["Logs", "LOGS/", true],
    ["a", "", false],
  ])("%j, path %j: %s", (rules, path, expected) => {
    expect(ignores(rules, path)).toBe(expected);
  });

  test("paths and rules are matched in one Unicode form", () => {
    expect(ignores("zoë".normalize("NFD"), "zoë")).toBe(true);
    expect(ignores("zoë", "zoë".normalize("NFD"))).toBe(true);
  });

  test("the rule file at the top is never ignored; one below is an ordinary file", () => {
    expect(ignores("*", ".mignore")).toBe(false);
    expect(ignores("*", "d/.mignore")).toBe(true);
  });

  test("without rules nothing is ignored", () => {
    expect(noRules().ignores(parseRelPath("a"), "file")).toBe(false);
  });

  test("S95: the digest changes with the rules and only with them", () => {
    expect(rulesOf("a\n").digest).toBe(rulesOf("a\n").digest);
    expect(rulesOf("a\n").digest).not.toBe(rulesOf("b\n").digest);
    expect(noRules().digest).toMatch(/^[0-9a-f]{64}$/u);
  });

  test("answers stay right over more questions than are remembered", () => {
    const rules = rulesOf("*1");
    for (let count = 0; count < 45_000; count += 1) {
      const path = parseRelPath(`d/${count}`);
      if (rules.ignores(path, "file") !== String(count).endsWith("1")) throw new Error(path);
    }
  });
});

describe("X24: bounds", () => {
  test.each([
    ["many lines", "a\n".repeat(ignoreLinesMax), ignoreLinesMax + 1],
    ["a long line", `ok\n${"a".repeat(ignoreLineLengthMax + 1)}`, 2],
    ["four stars in a segment", "ok\nok\na*b*c*d*e", 3],
    ["a run of four stars", "****", 1],
    ["four double stars", "**/a/**/b/**/c/**", 1],
    ["many double stars", "a/**/**/b/**/c/**", 1],
  ])("%s: the file is refused with the number of the line", (_, rules, line) => {
    expect(() => rulesOf(rules)).toThrow(
      expect.objectContaining({
        code: "settings-invalid",
        path: ".mignore",
        message: expect.stringContaining(`line ${line}:`),
      }),
    );
  });

  test.each([
    "a\n".repeat(ignoreLinesMax - 1),
    "a".repeat(ignoreLineLengthMax),
    "a*b*c*d/e*f*g*",
    "**/a/**/b/**",
    "# **** **** in a comment",
    "a\\*\\*\\*\\*b",
  ])("what is within them is accepted (%#)", (rules) => {
    expect(() => rulesOf(rules)).not.toThrow();
  });
});

describe("S92: always outside", () => {
  test.each([".snap", ".snap/root.json", "d/.snap/x", ".snap-tmp-1", "d/Thumbs.db", "~$a"])(
    "%j",
    (path) => {
      expect(isAlwaysOutside(parseRelPath(path))).toBe(true);
    },
  );

  test.each(["", "a", "d/.snapshots", ".mignore"])("but not %j", (path) => {
    expect(isAlwaysOutside(parseRelPath(path))).toBe(false);
  });
});
