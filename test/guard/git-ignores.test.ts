/** What Git ignores, held against Git itself (G50). */
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import type { GitIgnored } from "../../src/core/repo/git-ignored.ts";
import { openGitIgnores } from "../../src/guard/git-ignores.ts";
import { systemClock } from "../../src/std/time.ts";
import { git, Scratch } from "./repositories.ts";

function opened({ top }: Scratch): () => Promise<GitIgnored> {
  const ignores = openGitIgnores({ top, clock: systemClock });
  return () => ignores.look({ digest: "", isOutside: () => false });
}

function among(ignored: GitIgnored, ...files: readonly string[]): readonly string[] {
  return files.filter((file) => ignored.ignores(parseRelPath(file), "file"));
}

/** Untracked files that Git itself ignores. */
function byGit(folder: string): readonly string[] {
  const told = git(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard");
  return told.split("\0").filter((file) => file !== "");
}

const files = [
  "a.log",
  "keep.log",
  "build/x",
  "build/deep/y",
  "build/kept",
  "src/a.o",
  "src/gen/a.c",
  "src/gen/keep.c",
  "src/[slug]/x.tmp",
  "src/sub/build",
  "local",
  "docs/local",
  "only/here/not-below",
  "only/here/deeper/not-below",
];

test("G50: by the rules at each level and of info/exclude, but for what is tracked, the same as Git", async () => {
  using scratch = new Scratch();
  const top = scratch.base();
  for (const file of files) scratch.write(file, file);
  git(top, "add", "build/kept", "src/gen/keep.c");
  scratch.write(".gitignore", "*.log\n!keep.log\nbuild/\n# no\n/only/here/not-below\n");
  scratch.write("src/.gitignore", "*.o\ngen/\n!build\n");
  scratch.write("src/[slug]/.gitignore", "*.tmp\n");
  scratch.write("build/.gitignore", "!x\n");
  scratch.write(".git/info/exclude", "local\n");
  const ignored = await opened(scratch)();
  const expected = byGit(top).filter((file) => files.includes(file));
  expect(expected.length).toBeGreaterThan(6);
  expect(among(ignored, ...files).toSorted()).toEqual(expected.toSorted());
  expect(ignored.unclear.size).toBe(0);
});

test("G50: a repository in a repository goes by its own rules, and one that is ignored is left out with the rest", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.base("in/ner");
  scratch.base("vendor/lib");
  scratch.write(".gitignore", "*.log\nvendor/\n");
  scratch.write("in/ner/.gitignore", "*.tmp\n");
  const paths = ["a.log", "a.tmp", "in/ner/a.log", "in/ner/a.tmp", "vendor/lib/file1", "vendor/a"];
  const ignored = await opened(scratch)();
  expect(among(ignored, ...paths)).toEqual([
    "a.log",
    "in/ner/a.tmp",
    "vendor/lib/file1",
    "vendor/a",
  ]);
});

test("G50: what is called .git and is no repository changes no rule, as for Git, until it is one", async () => {
  using scratch = new Scratch();
  const top = scratch.base();
  scratch.write(".gitignore", ".env\n");
  scratch.write("inner/.env", "secret");
  scratch.write("inner/b", "1");
  scratch.folder("inner/.git/objects");
  scratch.write("linked/.git", `gitdir: ${scratch.folder("empty")}\n`);
  const look = opened(scratch);
  const before = await look();
  expect(byGit(top)).toContain("inner/.env");
  expect(among(before, "inner/.env", "inner/b")).toEqual(["inner/.env"]);
  expect([...before.unclear.keys()]).toEqual(["linked"]);
  git(top, "init", "-q", "inner");
  expect(byGit(top)).not.toContain("inner/.env");
  expect(among(await look(), "inner/.env", "inner/b")).toEqual([]);
});

test("G50: where no repository is nothing is ignored, and a linked work tree has the rules of its repository", async () => {
  using scratch = new Scratch();
  scratch.write(".gitignore", "*.log\n");
  const look = opened(scratch);
  expect(among(await look(), "a.log")).toEqual([]);
  const main = scratch.base("main");
  scratch.write("main/.git/info/exclude", "*.log\n");
  git(main, "worktree", "add", "-q", "../tree");
  expect(among(await look(), "a.log", "tree/a.log", "main/a.log")).toEqual([
    "tree/a.log",
    "main/a.log",
  ]);
});

test("G50: a change is seen by the next look, and only it changes the digest", async () => {
  using scratch = new Scratch();
  const top = scratch.base();
  scratch.write("d/.gitignore", "*.log\n");
  const look = opened(scratch);
  const first = await look();
  scratch.write("d/beside", "1");
  scratch.commit(top, "another");
  expect((await look()).digest).toBe(first.digest);
  scratch.write("d/.gitignore", "*.tmp\n");
  const second = await look();
  expect(second.digest).not.toBe(first.digest);
  expect(among(second, "d/a.log", "d/a.tmp")).toEqual(["d/a.tmp"]);
  scratch.write("d/a.tmp", "1");
  git(top, "add", "-f", "d/a.tmp");
  expect(among(await look(), "d/a.tmp", "d/b.tmp")).toEqual(["d/b.tmp"]);
  git(top, "rm", "-q", "--cached", "d/a.tmp");
  expect(among(await look(), "d/a.tmp", "d/b.tmp")).toEqual(["d/a.tmp", "d/b.tmp"]);
  rmSync(scratch.at("d/.gitignore"));
  expect(among(await look(), "d/a.tmp")).toEqual([]);
});

test("G50: a folder that is moved away takes its rules along, though its own time stays", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write("d/e/.gitignore", "*.log\n");
  for (const folder of ["d/e", "d", "."]) utimesSync(scratch.at(folder), 1_000, 1_000);
  const look = opened(scratch);
  expect(among(await look(), "d/e/a.log", "f/e/a.log")).toEqual(["d/e/a.log"]);
  renameSync(scratch.at("d"), scratch.at("f"));
  expect(among(await look(), "d/e/a.log", "f/e/a.log")).toEqual(["f/e/a.log"]);
});

test.each([
  ["split", ["update-index", "--split-index"]],
  ["sparse", ["sparse-checkout", "set", "--cone", "--sparse-index", "d"]],
])(
  "G50: with a %s index nobody can tell, and nothing is taken for tracked",
  async (what, command) => {
    using scratch = new Scratch();
    const top = scratch.base();
    for (const file of ["d/kept.log", "e/f/x"]) scratch.write(file, "1");
    scratch.write(".gitignore", "*.log\n");
    git(top, "add", "-f", "d/kept.log", "e/f/x", ".gitignore");
    git(top, "commit", "-q", "-m", "kept");
    const look = opened(scratch);
    expect(among(await look(), "d/kept.log")).toEqual([]);
    git(top, ...command);
    const ignored = await look();
    expect(ignored.unclear.get(topPath)).toContain(what);
    expect(among(ignored, "d/kept.log", "d/b.log", "a.c")).toEqual(["d/kept.log", "d/b.log"]);
  },
);

test("G4, X24: rules beyond the bounds, unreadable ones and a broken index hold the work tree; what is known stays in force", async () => {
  using scratch = new Scratch();
  const top = scratch.base();
  scratch.write(".gitignore", "*.log\n");
  scratch.write("d/.gitignore", "a*b*c*d*e*f\n");
  const look = opened(scratch);
  const ignored = await look();
  expect(ignored.unclear.get(topPath)).toMatch(/d\/\.gitignore.*beyond/u);
  expect(among(ignored, "a.log")).toEqual(["a.log"]);
  writeFileSync(scratch.at("d/.gitignore"), "#".repeat(300 * 1024));
  expect((await look()).unclear.get(topPath)).toMatch(/over 256 KiB/u);
  rmSync(scratch.at("d/.gitignore"));
  symlinkSync("/dev/zero", scratch.at("d/.gitignore"));
  expect((await look()).unclear.size).toBe(0);
  scratch.write(".git/index", "DIRC and no more");
  expect((await look()).unclear.get(topPath)).toMatch(/index/u);
  rmSync(`${top}/.git/index`);
  expect((await look()).unclear.size).toBe(0);
});

test("G3: looking changes nothing", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".gitignore", "*.log\n");
  const before = scratch.fingerprint();
  await opened(scratch)();
  expect(scratch.fingerprint()).toEqual(before);
});

test("G45, G50: no rule leaves out a part of a repository's own files: where they are synced, they are so whole", async () => {
  using scratch = new Scratch();
  scratch.base("r");
  scratch.base("r/vendor/lib");
  scratch.write("r/.gitignore", "tags\nlogs/\n*.pack\nvendor/\n");
  const ignored = await opened(scratch)();
  const own = ["r/.git/refs/tags/v1", "r/.git/logs/HEAD", "r/.git/objects/pack/a.pack", "r/tags"];
  expect(among(ignored, ...own, "r/vendor/lib/.git/HEAD")).toEqual([
    "r/tags",
    "r/vendor/lib/.git/HEAD",
  ]);
  expect(ignored.ignores(parseRelPath("r/.git/logs"), "folder")).toBe(false);
});

test("G50: the name of a folder is no rule, whatever is in it", async () => {
  using scratch = new Scratch();
  const top = scratch.base();
  const names = ["a\nb", "a\r\n*", "!c", "#d ", "e\\f", "g?[h]"].map((name) => `${name}/.env`);
  for (const name of names) scratch.write(name, "x");
  for (const name of names) scratch.write(name.replace(/\.env$/u, ".gitignore"), ".env\n");
  const ignored = await opened(scratch)();
  expect(byGit(top)).toHaveLength(names.length);
  expect(ignored.unclear.size > 0 ? names : among(ignored, ...names)).toEqual(names);
  expect(among(ignored, "file1", "a/x")).toEqual([]);
});
