import * as library from "isomorphic-git";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuardFinding, Measured } from "../../src/core/repo/finding.ts";
import { readGitFile } from "../../src/guard/gitdir.ts";
import { readOnlyFs } from "../../src/guard/read-only-fs.ts";
import { layouts, type Answer } from "./layouts.ts";
import { git, Scratch } from "./repositories.ts";
import { expectHonest, truthOf, type Truth } from "./truth.ts";

function findingOf(findings: readonly GuardFinding[], folder: string): GuardFinding {
  const found = findings.find(({ absolutePath }) => absolutePath === folder);
  if (found === undefined) throw new Error(`nothing found at ${folder}`);
  return found;
}

describe.each(layouts)("G34: $name", ({ make, refuses, library: expected }) => {
  test("what is said to be exact is what git says; nothing is touched", async () => {
    using scratch = new Scratch();
    const folder = make(scratch);
    const truth = truthOf(folder);
    const before = scratch.fingerprint();
    for (const engine of ["auto", "git", "isomorphic-git", "none"] as const) {
      const { findings } = await scratch.check(scratch.top, { engine });
      expect(scratch.fingerprint(), engine).toBe(before);
      const { facts, damage } = findingOf(findings, folder);
      const work = facts?.work;
      for (const name of Object.keys(truth) as (keyof Truth)[]) {
        const told = work?.[name];
        if (told === undefined) throw new Error(`no ${name}`);
        expectHonest(`${engine} ${name}`, told, truth[name]);
        if (engine === "git" || engine === "auto") {
          expect(told.precision, `${engine} ${name}`).toBe("exact");
        }
      }
      expect(damage).toEqual([]);
    }
  });

  test("isomorphic-git is asked about what it may be asked, and about nothing else", async () => {
    using scratch = new Scratch();
    const folder = make(scratch);
    const { findings } = await scratch.check(scratch.top, { engine: "isomorphic-git" });
    const work = findingOf(findings, folder).facts?.work;
    const reason = (told: Measured | undefined): string | undefined =>
      told?.precision === "notComputed" ? told.reason : undefined;
    expect(reason(work?.unpushed)).toBe(refuses.commits);
    expect(reason(work?.unstaged)).toBe(refuses.files);
  });

  test("the library by itself is as the table says", async () => {
    using scratch = new Scratch();
    const folder = make(scratch);
    const answers = await askLibrary(folder);
    const truth = {
      commits: Number(git(folder, "rev-list", "--count", "HEAD")),
      files:
        git(
          folder,
          "--no-optional-locks",
          "status",
          "--porcelain",
          "-z",
          "--no-renames",
          "-uno",
        ).split("\0").length - 1,
    };
    const judge = (answer: number | undefined, right: number): Answer =>
      answer === undefined ? "fails" : answer === right ? "right" : "wrong";
    if (expected.commits !== "unasked")
      expect(judge(answers.commits, truth.commits)).toBe(expected.commits);
    if (expected.files !== "unasked")
      expect(judge(answers.files, truth.files)).toBe(expected.files);
  });
});

async function askLibrary(
  dir: string,
): Promise<{ commits: number | undefined; files: number | undefined }> {
  const marker = join(dir, ".git");
  const isFile = lstatSync(marker).isFile();
  const gitdir = isFile
    ? (readGitFile(Buffer.from(dir), ".git").gitdir?.toString() ?? marker)
    : marker;
  const fs = readOnlyFs([Buffer.from(dir), Buffer.from(gitdir)]);
  const at = { fs, dir, gitdir, cache: {} };
  const commits = await library.log(at).then(
    (log) => log.length,
    () => undefined,
  );
  const files = await library.statusMatrix({ ...at, refresh: false }).then(
    (rows) =>
      rows.filter(
        ([, head, work, stage]) =>
          (head !== 0 || stage !== 0) && !(head === 1 && work === 1 && stage === 1),
      ).length,
    () => undefined,
  );
  return { commits, files };
}

test("G32: the library cannot write, whatever it is asked to do", async () => {
  using scratch = new Scratch();
  const dir = scratch.base();
  scratch.write("file1", "changed");
  const fs = readOnlyFs([Buffer.from(dir)]);
  const before = scratch.fingerprint();
  const author = { name: "A", email: "a@example.org" };
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => library.add({ fs, dir, filepath: "file1" }),
    () => library.commit({ fs, dir, message: "m", author }),
    () => library.branch({ fs, dir, ref: "b" }),
    () => library.checkout({ fs, dir, ref: "main", force: true }),
    () => library.init({ fs, dir: join(dir, "new") }),
    () => library.setConfig({ fs, dir, path: "user.name", value: "x" }),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toThrow();
  await library.statusMatrix({ fs, dir }).catch(() => undefined);
  expect(scratch.fingerprint()).toBe(before);
});
