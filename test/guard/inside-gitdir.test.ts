import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { rulesOf } from "../../src/core/ignore.ts";
import { makeOverride } from "../../src/guard/overrides.ts";
import { isRefusedUnderExclude } from "../../src/guard/report.ts";
import { brief, git, now, Scratch } from "./repositories.ts";

test("G8: the gitdir of a submodule whose folder is gone is a finding of its own", async () => {
  using scratch = new Scratch();
  scratch.submodule(scratch.base(), "lib/x");
  rmSync(scratch.at("lib"), { recursive: true });
  const before = scratch.fingerprint();
  const report = await scratch.check();
  expect(brief(report)).toEqual([
    ". git dir live refuse",
    ".git/modules/lib/x git submodule live refuse",
  ]);
  expect(report.findings[1]).toMatchObject({ nestedIn: ".", marker: "", atRisk: true });
  expect(report.findings.some(isRefusedUnderExclude), "it lies below .git").toBe(false);
  expect(scratch.fingerprint()).toBe(before);
});

test("G44: a history inside another one goes with the override of that one", async () => {
  using scratch = new Scratch();
  scratch.submodule(scratch.base(), "lib/x");
  rmSync(scratch.at("lib"), { recursive: true });
  const [finding] = (await scratch.check()).findings;
  if (finding === undefined) throw new Error("no finding");
  const reason = "one device, pushed daily";
  const record = makeOverride({ finding, reason, who: "ada", host: "desk", now });
  const report = await scratch.check(scratch.top, { overrides: [record] });
  expect(report.findings.map(({ override }) => override)).toEqual([record, record]);
});

test("G8: a repository that was put into a gitdir is found, objects and refs are passed over", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.base(".git/backup");
  scratch.base(".git/objects/hidden");
  expect(brief(await scratch.check())).toEqual([
    ". git dir live refuse",
    ".git/backup git dir live refuse",
  ]);
});

test("G9: a rule for the file `.git` alone does not hide the history that it leads to", async () => {
  using scratch = new Scratch();
  scratch.folder("work");
  git(scratch.top, "init", "-q", "-b", "main", "--separate-git-dir", "history", "work");
  const rules = rulesOf("work/\n");
  const report = await scratch.check(scratch.top, {
    rules: (path, kind) => rules.ignores(path, kind),
  });
  expect(brief(report)).toEqual([
    "history git bare live refuse",
    "work git separate live warn covered",
  ]);
});

test("G12: git-annex, LFS and DVC are told with their repository", async () => {
  using scratch = new Scratch();
  scratch.base();
  for (const folder of [".git/annex/objects", ".git/lfs/objects", ".dvc"]) scratch.folder(folder);
  const [finding] = (await scratch.check()).findings;
  expect(finding?.adjacent).toEqual(["annex", "lfs", "dvc"]);
});
