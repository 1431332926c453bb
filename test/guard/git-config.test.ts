import { expect, test } from "vitest";
import {
  configBoolean,
  configValue,
  parseGitConfig,
  quoteConfig,
} from "../../src/guard/git-config.ts";
import { remotesOf } from "../../src/guard/remotes.ts";

test("G30: remotes are read from the configuration, and nothing is included", () => {
  const config = parseGitConfig(
    `[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n\tfetch = y\n[include]\n\tpath = /etc/x\n  [ remote "we\\"ird" ] url = z\n[remotes "no"]\nx = 1\n`,
  );
  expect(remotesOf([config], Buffer.from("/nonexistent")).names).toEqual(["origin", 'we"ird']);
  expect(configValue(config, "include.path")).toBe("/etc/x");
});

test.each([
  ["a = b", "b"],
  ["a=b # c", "b"],
  ["a = b;c", "b"],
  ['a = " b # c " ', " b # c "],
  [String.raw`a = "q\"\\\t"x  y`, 'q"\\\tx  y'],
  ["a = one \\\n two", "one  two"],
  ["A = upper\r", "upper"],
  ["a", "true"],
  ["a ; comment", "true"],
  ["a =", ""],
  ["a = 1\na = 2", "2"],
])("G30: the line %j", (line, expected) => {
  expect(configValue(parseGitConfig(`[core]\n${line}\n`), "core.a")).toBe(expected);
});

test("G30: sections are known in any case, subsections as they are written", () => {
  const config = parseGitConfig(
    `[Core] bare\n[branch "Main"]\nmerge = x\n[branch.Old]\nmerge = y\n`,
  );
  expect(configBoolean(configValue(config, "core.bare"))).toBe(true);
  expect(configValue(config, "branch.merge", "Main")).toBe("x");
  expect(configValue(config, "branch.merge", "main")).toBeUndefined();
  expect(configValue(config, "branch.merge", "old")).toBe("y");
});

test("G30: a comment ends with its line, whatever it ends with", () => {
  const text = String.raw`[core] # in C:\
# and D:\
a = 1 ; or E:\
b = "# no comment \
" # F:\
c = 3`;
  const config = parseGitConfig(text);
  const values = ["core.a", "core.b", "core.c"].map((name) => configValue(config, name));
  expect(values).toEqual(["1", "# no comment ", "3"]);
});

test("G30: rubbish is passed over", () => {
  expect(parseGitConfig('[\n]\n= 3\n[a\n\0\0\n[b "c]\nx = 1\n')).toEqual([]);
});

test.each(['a "b" c', String.raw`back\slash`, "new\nline", " space ", "# no comment"])(
  "G33: %j goes through quotes unchanged",
  (value) => {
    const config = parseGitConfig(`[core]\nexcludesFile = ${quoteConfig(value)}\n`);
    expect(configValue(config, "core.excludesfile")).toBe(value);
  },
);

test.each([
  ["yes", true],
  ["Off", false],
  ["", false],
  ["input", undefined],
  [undefined, undefined],
])("G30: %j as a boolean is %s", (value, expected) => {
  expect(configBoolean(value)).toBe(expected);
});
