import {
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rulesOf } from "../../src/core/ignore.ts";
import { guardExit, verdictOf } from "../../src/guard/report.ts";
import { brief, git, now, Scratch } from "./repositories.ts";

test("A1: files and folders with names out of a repository are no finding", async () => {
  using scratch = new Scratch();
  for (let number = 0; number < 500; number += 1) scratch.write(`a/f${number}`, "x");
  scratch.write("git", "a file");
  scratch.folder("objects");
  scratch.folder("refs");
  const report = await scratch.check();
  expect(report.findings).toEqual([]);
  expect(report.complete).toBe(true);
  expect(report.scanned).toEqual({ folders: 4, files: 501 });
  expect(guardExit(report, "warn")).toBe(0);
});

describe.each(["auto", "git", "isomorphic-git"] as const)("with engine %s", (engine) => {
  test("A2: a pushed repository is refused, with nothing unpushed proven", async () => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    const before = scratch.fingerprint();
    const report = await scratch.check(scratch.top, { engine });
    expect(brief(report)).toEqual([". git dir live refuse"]);
    const [finding] = report.findings;
    const none = { precision: "exact", value: 0 };
    expect(finding?.facts).toMatchObject({
      head: { kind: "branch", branch: "main", oid: git(scratch.top, "rev-parse", "HEAD").trim() },
      remotes: ["origin"],
      work: {
        unpushed: { ...none, branches: [] },
        staged: none,
        unstaged: none,
        conflicted: none,
        untracked: none,
        stashes: none,
      },
      format: { objects: "sha1", refs: "files", index: 2, extensions: [] },
      engine: { name: engine === "auto" ? "isomorphic-git" : engine, degraded: [] },
      operation: undefined,
      locks: [],
    });
    expect(finding?.atRisk).toBe(false);
    expect(verdictOf(report)).toBe("repo");
    expect(guardExit(report, "repo")).toBe(3);
    expect(guardExit(report, "risk")).toBe(0);
    expect(scratch.fingerprint(), "bytes and times are as before").toBe(before);
  });

  test("A3: commits ahead of the remote are counted, by branch", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    scratch.pushed(folder);
    for (const name of ["a", "b"]) scratch.commit(folder, name);
    git(folder, "checkout", "-q", "-b", "topic");
    scratch.commit(folder, "more");
    git(folder, "checkout", "-q", "main");
    const before = scratch.fingerprint();
    const report = await scratch.check(scratch.top, { engine });
    expect(report.findings[0]?.facts?.work.unpushed).toEqual({
      precision: "exact",
      value: 3,
      branches: [
        { name: "main", ahead: 2, unique: 0 },
        { name: "topic", ahead: 3, unique: 1 },
      ],
    });
    expect(verdictOf(report)).toBe("risk");
    expect(guardExit(report, "risk")).toBe(3);
    expect(guardExit(report, "repo")).toBe(3);
    expect(scratch.fingerprint()).toBe(before);
  });

  test("A4: stashes and changed files are counted, a held lock is named; the index is untouched", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    scratch.pushed(folder);
    for (const text of ["one", "two"]) {
      writeFileSync(join(folder, "file1"), text);
      git(folder, "stash", "-q");
    }
    writeFileSync(join(folder, "file2"), "edited");
    scratch.write("new", "untracked");
    for (const name of ["file1", "file2", "file3"]) utimesSync(join(folder, name), 1e9, 1e9);
    scratch.write(".git/index.lock", "");
    const before = scratch.fingerprint();
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    expect(finding?.facts?.work).toMatchObject({
      staged: { precision: "exact", value: 0 },
      unstaged: { precision: "exact", value: 1 },
      untracked: { precision: "exact", value: 1 },
      stashes: { precision: "exact", value: 2 },
    });
    expect(finding?.facts?.locks.map((lock) => lock.path)).toEqual(["index.lock"]);
    expect(finding?.atRisk).toBe(true);
    expect(scratch.fingerprint()).toBe(before);
  });
});

test("A2: packed refs say the same as loose ones", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  git(scratch.top, "pack-refs", "--all");
  const [finding] = (await scratch.check()).findings;
  expect(finding?.state).toBe("live");
  expect(finding?.facts?.work.unpushed).toMatchObject({ precision: "exact", value: 0 });
});

test("A5: a worktree inside is a finding of its own, one outside is none", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  git(folder, "worktree", "add", "-q", "-b", "topic", join(folder, "wt"));
  git(folder, "worktree", "add", "-q", "-b", "other", join(scratch.root, "outside"));
  const report = await scratch.check();
  expect(brief(report)).toEqual([". git dir live refuse", "wt git worktree live refuse"]);
  expect(report.findings[1]).toMatchObject({
    commonDir: join(folder, ".git"),
    pathAbsolute: true,
    nestedIn: ".",
    facts: { head: { kind: "branch", branch: "topic" } },
  });
  expect(report.findings[0]?.facts?.worktrees.map(({ path }) => path)).toEqual([
    join(scratch.root, "outside"),
    join(folder, "wt"),
  ]);
  const facts = report.findings[1]?.facts;
  expect(facts?.engine.name).toBe("git");
  expect(facts?.work.unstaged).toEqual({ precision: "exact", value: 0 });
  const library = await scratch.check(scratch.top, { engine: "isomorphic-git" });
  expect(library.findings[1]?.facts).toMatchObject({
    head: { kind: "branch", branch: "topic" },
    work: { unstaged: { precision: "notComputed", reason: "worktree" } },
  });
});

test("A6: a separate gitdir inside is one finding, one outside a warning", async () => {
  using scratch = new Scratch();
  scratch.folder("work");
  git(scratch.top, "init", "-q", "-b", "main", "--separate-git-dir", "history", "work");
  const inside = await scratch.check();
  expect(brief(inside)).toEqual(["work git separate live refuse"]);
  expect(guardExit(inside, "repo")).toBe(3);
  const outside = await scratch.check(scratch.at("work"));
  expect(brief(outside)).toEqual([". git separate live warn"]);
  expect(guardExit(outside, "repo")).toBe(0);
  expect(guardExit(outside, "warn")).toBe(3);
});

test("A7: node_modules in .gitignore hides nothing, in .mignore it covers", async () => {
  using scratch = new Scratch();
  scratch.base("node_modules/a/b");
  scratch.write(".gitignore", "node_modules\n");
  const found = await scratch.check();
  expect(brief(found)).toEqual(["node_modules/a/b git dir live refuse"]);
  expect(guardExit(found, "repo")).toBe(3);
  const ignored = rulesOf("node_modules\n");
  const covered = await scratch.check(scratch.top, {
    rules: (path, kind) => ignored.ignores(path, kind),
  });
  expect(brief(covered)).toEqual(["node_modules/a/b git dir live warn covered"]);
  expect(guardExit(covered, "repo")).toBe(0);
});

describe("A8: a workspace inside a repository", () => {
  test("a folder of a work tree is a warning with the path of the repository", async () => {
    using scratch = new Scratch();
    scratch.base();
    const report = await scratch.check(scratch.folder("src/deep"));
    expect(brief(report)).toEqual([`${scratch.top} git parent live warn`]);
    expect(guardExit(report, "repo")).toBe(0);
    expect(guardExit(report, "warn")).toBe(3);
  });

  test("a folder of a gitdir is refused", async () => {
    using scratch = new Scratch();
    scratch.base();
    const report = await scratch.check(scratch.at(".git/hooks"));
    expect(brief(report)).toEqual([`${scratch.top}/.git git parent live refuse`]);
    expect(guardExit(report, "repo")).toBe(3);
  });
});

test("A9: a .git that is a symlink is one finding with its target, and a loop ends", async () => {
  using scratch = new Scratch();
  scratch.base();
  renameSync(scratch.at(".git"), scratch.at("history"));
  symlinkSync("history", scratch.at(".git"));
  symlinkSync(".", scratch.at("loop"));
  const report = await scratch.check();
  expect(brief(report)).toEqual([". git symlink live refuse"]);
  expect(report.findings[0]).toMatchObject({ gitdir: "history", detail: "history" });
});

describe("A10: a broken repository is found and refused", () => {
  const cases: readonly (readonly [string, 3 | 5, (scratch: Scratch) => void])[] = [
    ["without HEAD", 5, (scratch) => rmSync(scratch.at(".git/HEAD"))],
    ["with an empty HEAD", 5, (scratch) => truncateSync(scratch.at(".git/HEAD"))],
    [
      "without refs/ after pack-refs",
      5,
      (scratch) => {
        git(scratch.top, "pack-refs", "--all");
        rmSync(scratch.at(".git/refs"), { recursive: true });
      },
    ],
    [
      "with an empty .git",
      3,
      (scratch) => {
        rmSync(scratch.at(".git"), { recursive: true });
        mkdirSync(scratch.at(".git"));
      },
    ],
    [
      "with a .git file that leads nowhere",
      3,
      (scratch) => {
        rmSync(scratch.at(".git"), { recursive: true });
        writeFileSync(scratch.at(".git"), "gitdir: ../gone\n");
      },
    ],
  ];
  test.each(cases)("%s: exit %i", async (_, exit, breakIt) => {
    using scratch = new Scratch();
    scratch.base();
    breakIt(scratch);
    const report = await scratch.check();
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]).toMatchObject({ state: "broken", severity: "refuse", atRisk: true });
    expect(guardExit(report, "repo")).toBe(exit);
  });
});

test("A12: locks are told with their age, and left alone", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".git/index.lock", "");
  scratch.write(".git/gc.pid", "4242 another-host");
  utimesSync(scratch.at(".git/index.lock"), now / 1000 - 7200, now / 1000 - 7200);
  const before = scratch.fingerprint();
  const report = await scratch.check();
  const locks = report.findings[0]?.facts?.locks ?? [];
  expect(locks.map(({ path }) => path)).toEqual(["index.lock", "gc.pid"]);
  expect(now - (locks[0]?.modified ?? 0)).toBe(7_200_000);
  expect(guardExit(report, "repo")).toBe(3);
  expect(scratch.fingerprint()).toBe(before);
});
