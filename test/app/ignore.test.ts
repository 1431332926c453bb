import { chmodSync, lstatSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { addExclusions } from "../../src/app/exclude.ts";
import {
  addIgnoreRules,
  checkIgnored,
  listRules,
  removeIgnoreRules,
} from "../../src/app/ignore.ts";
import { readRulesText, replaceRulesText } from "../../src/app/rules-file.ts";
import { ignoreLinesMax } from "../../src/core/ignore.ts";
import { LinkedHome } from "./linked-home.ts";

const words = (home: LinkedHome, ...patterns: readonly string[]) => ({
  place: home.place,
  patterns,
  dryRun: false,
});

test("S90: rules are added at the end and taken out, comments and order stay", async () => {
  await using home = await LinkedHome.open({ ".mignore": "# mine\r\n*.log\r\n\r\n!keep.log" });
  const { environment, place } = home;
  chmodSync(path.join(place, ".mignore"), 0o640);
  expect(addIgnoreRules(environment, words(home, "build/", "*.log  ", "build/"))).toEqual({
    changed: ["build/"],
    unchanged: ["*.log"],
  });
  expect(home.read(".mignore")).toBe("# mine\r\n*.log\r\n\r\n!keep.log\r\nbuild/\r\n");
  expect(lstatSync(path.join(place, ".mignore")).mode & 0o777).toBe(0o640);
  expect(removeIgnoreRules(environment, words(home, "*.log", "none"))).toEqual({
    changed: ["*.log"],
    unchanged: ["none"],
  });
  expect(home.read(".mignore")).toBe("# mine\r\n\r\n!keep.log\r\nbuild/\r\n");
  expect(listRules(environment, place)).toEqual([
    { line: 3, pattern: "!keep.log" },
    { line: 4, pattern: "build/" },
  ]);
  expect(readdirSync(place).filter((name) => name.startsWith(".snap-tmp"))).toEqual([]);
});

test("S90: the file is made where it is missing; a dry run writes nothing", async () => {
  await using home = await LinkedHome.open({});
  addIgnoreRules(home.environment, { ...words(home, "a"), dryRun: true });
  expect(home.tree()).toEqual([]);
  addIgnoreRules(home.environment, words(home, "a", "b\\ "));
  expect(home.read(".mignore")).toBe("a\nb\\ \n");
});

test.each(["", "  ", "# note", "a\nb", "./a", "../a", "a\u0000"])(
  "%j is no rule: exit 2, and the file is as it was",
  async (pattern) => {
    await using home = await LinkedHome.open({ ".mignore": "x\n" });
    expect(() => addIgnoreRules(home.environment, words(home, "good", pattern))).toThrow(
      expect.objectContaining({ code: "usage", exit: 2 }) as Error,
    );
    expect(home.read(".mignore")).toBe("x\n");
  },
);

test("X24: a rule that breaks a bound is refused, and the file is as it was", async () => {
  await using home = await LinkedHome.open({ ".mignore": "x\n" });
  expect(() => addIgnoreRules(home.environment, words(home, "a*b*c*d*e"))).toThrow(/line 2/u);
  const many = Array.from({ length: ignoreLinesMax }, (_, line) => `f${line}`);
  expect(() => addIgnoreRules(home.environment, words(home, ...many))).toThrow(/too many lines/u);
  expect(home.read(".mignore")).toBe("x\n");
});

test("a rule file that is a link or no text is left alone", async () => {
  await using home = await LinkedHome.open({});
  const file = path.join(home.place, ".mignore");
  writeFileSync(file, Buffer.from([0x61, 0xff, 0x0a]));
  expect(() => addIgnoreRules(home.environment, words(home, "a"))).toThrow(/not UTF-8/u);
  rmSync(file);
  symlinkSync("/etc/hostname", file);
  expect(() => addIgnoreRules(home.environment, words(home, "a"))).toThrow(/is a link/u);
});

test("an edit that somebody saves at the same moment is never overwritten", async () => {
  await using home = await LinkedHome.open({ ".mignore": "x\n" });
  const { place, environment } = home;
  const before = readRulesText(place);
  home.write(".mignore", "theirs, longer\n");
  const replace = () => replaceRulesText(place, { before, text: "ours\n" }, environment.rng);
  expect(replace).toThrow(expect.objectContaining({ code: "volatile" }) as Error);
  rmSync(path.join(place, ".mignore"));
  const nothing = readRulesText(place);
  home.write(".mignore", "theirs\n");
  const make = () => replaceRulesText(place, { before: nothing, text: "ours\n" }, environment.rng);
  expect(make).toThrow(expect.objectContaining({ code: "volatile" }) as Error);
  expect(home.read(".mignore")).toBe("theirs\n");
});

test("check names the line, the name or the exclusion that decides", async () => {
  await using home = await LinkedHome.open({
    ".mignore": "# c\n*.log\nbuild/\n!keep.log\n",
    "far/x": "1",
    "build/a": "1",
  });
  const { environment, place } = home;
  await addExclusions(environment, { place, paths: ["far"], dryRun: false });
  const checked = await checkIgnored(environment, place, [
    "d/A.LOG",
    "build",
    "build/deep/a",
    "keep.log",
    "Far/x",
    ".snap/trash",
    "d/Thumbs.db",
    "notes",
    ".mignore",
  ]);
  expect(checked.map(({ state, rule, why }) => [state, rule?.line ?? why ?? ""])).toEqual([
    ["ignored", 2],
    ["ignored", 3],
    ["ignored", 3],
    ["synced", ""],
    ["excluded", "far"],
    ["never", ".snap"],
    ["never", "Thumbs.db"],
    ["synced", ""],
    ["synced", ""],
  ]);
  await expect(checkIgnored(environment, place, ["../x"])).rejects.toThrow(/not in the workspace/u);
});
