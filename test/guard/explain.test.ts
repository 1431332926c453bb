import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rulesOf } from "../../src/core/ignore.ts";
import { explainFinding, type Explanation } from "../../src/guard/explain.ts";
import type { GuardOptions } from "../../src/guard/repo-guard.ts";
import { Scratch } from "./repositories.ts";

async function explain(
  scratch: Scratch,
  options: Partial<GuardOptions> = {},
): Promise<readonly Explanation[]> {
  const report = await scratch.check(scratch.top, options);
  return report.findings.map((finding) => explainFinding(finding, report));
}

test("G6: a finding is explained: what, where, each number with its mark, each way with its commands", async () => {
  using scratch = new Scratch();
  const folder = scratch.base("it's mine");
  scratch.pushed(folder);
  scratch.commit(folder, "more");
  const [told] = await explain(scratch);
  expect(told?.what).toContain(`"${folder}" is a live repository of Git`);
  expect(told?.where).toBe(`Its history lies in "${folder}/.git".`);
  expect(told?.numbers.map(({ text }) => text)).toEqual([
    "1 commit is on no remote-tracking branch; that is exact.",
    "No stash is kept; that is certain.",
    "No file is staged and not committed; that is certain.",
    "No file is changed and not staged; that is certain.",
    "No file is in conflict; that is certain.",
    "No file or folder is not under version control; that is certain.",
  ]);
  expect(told?.decision).toContain("Work in it would be lost");
  expect(told?.waysOut.map(({ way }) => way)).toEqual(["push", "exclude", "leave-out", "override"]);
  const words = `'${folder.replace("'", String.raw`'\''`)}'`;
  expect(told?.waysOut[0]?.commands).toEqual([`git -C ${words} push origin main`]);
  expect(told?.waysOut[3]?.commands).toEqual([`snap guard override ${words} --reason "..."`]);
});

test("G6: the commands do what they say: the push pushes, the line in .mignore covers", async () => {
  using scratch = new Scratch();
  const folder = scratch.base("odd [name] *#!\u001B");
  scratch.pushed(folder);
  scratch.commit(folder, "more");
  const [told] = await explain(scratch);
  const commandOf = (name: string): string =>
    told?.waysOut.find(({ way }) => way === name)?.commands[0] ?? "false";
  execFileSync("bash", ["-c", commandOf("leave-out")], { stdio: "pipe" });
  execFileSync("bash", ["-c", commandOf("push")], { stdio: "pipe" });
  const rules = rulesOf(readFileSync(scratch.at(".mignore"), "utf8"));
  const report = await scratch.check(scratch.top, {
    rules: (path, kind) => rules.ignores(path, kind),
  });
  expect(report.findings[0]).toMatchObject({ covered: true, severity: "warn" });
  expect((await scratch.check()).findings[0]?.facts?.work.unpushed).toMatchObject({ value: 0 });
});

test("G36: what is not known is said to be not known, with the reason in words", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.commit(scratch.top, "x");
  const [told] = await explain(scratch, { engine: "none" });
  const [unpushed] = told?.numbers ?? [];
  expect(unpushed?.text).toBe(
    "It is not known how many commits are on no remote-tracking branch: nobody was to be asked for it.",
  );
  expect(told?.notComputed).toEqual([
    "It was examined by no program.",
    "Not everything is exact: nobody was to be asked for it.",
    "Its structure was searched for damage.",
    "Its newest objects were searched for damage.",
    "All that they lead to was not searched for damage: that takes long, and is done with --deep.",
  ]);
});

test("G6: a repository without a remote is told how to get one, a broken one where it should be", async () => {
  using scratch = new Scratch();
  const folder = scratch.base("a");
  writeFileSync(join(folder, "file1"), "changed");
  scratch.write("b/.git", "gitdir: ../gone\n");
  const [first, second] = await explain(scratch);
  expect(first?.waysOut[0]?.commands).toEqual([
    `git -C ${folder} status`,
    `git -C ${folder} remote add origin URL`,
    `git -C ${folder} push origin main`,
  ]);
  expect(second?.what).toContain("a broken repository of Git");
  expect(second?.where).toBe('Its history should lie at "../gone", and is not there.');
});

test("G6: damage is told, and that a rule covers is told", async () => {
  using scratch = new Scratch();
  scratch.base("r");
  rmSync(scratch.at("r/.git/HEAD"));
  const [told] = await explain(scratch, { rules: (path) => path.startsWith("r") });
  expect(told?.damage[0]).toContain('Damaged at "HEAD"');
  expect(told?.decision).toContain("A rule leaves it out");
});

test("G6: what forbids nothing is told with the reason, and no way out is needed", async () => {
  using scratch = new Scratch();
  for (const name of ["Entries", "Root", "Repository"]) scratch.write(`c/CVS/${name}`, "");
  const [told] = await explain(scratch);
  expect(told).toMatchObject({
    what: `"${scratch.at("c")}" is known to CVS: a checkout; its history lies on a server.`,
    where: "A sync of its files harms no history.",
    numbers: [],
    waysOut: [],
  });
});
