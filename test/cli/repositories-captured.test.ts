import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Box } from "../support/snap-process.ts";

/** A workspace with a repository, and a bare one. */
function withRepositories(): Box {
  const box = new Box();
  box.write("r/file", "one");
  const folder = path.join(box.workspace, "r");
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "one");
  git(box.workspace, "clone", "-q", "--bare", folder, "b.git");
  return box;
}

test("N24, N43: show, list, ls and diff tell of the repositories in a snapshot", async () => {
  using box = withRepositories();
  const folder = path.join(box.workspace, "r");
  await box.expectExit(0, "capture");
  const shown = await box.expectExit(0, "show", "latest");
  expect(shown.stdout).toContain("2 repositories:");
  expect(shown.stdout).toMatch(/r\/\.git \(git\): on main at [0-9a-f]{8}, verified/u);
  const listed = await box.expectExit(0, "list", "--json");
  expect(listed.stdout).toContain('"id":"b.git"');
  const ls = await box.expectExit(0, "ls", "latest", "b.git");
  expect(ls.stdout).toContain("b.git/HEAD");

  expect((await box.expectExit(0, "diff", "latest")).stdout).toContain("No difference");
  await box.expectExit(0, "verify", "latest", "--level", "3");
  git(folder, "commit", "-q", "--allow-empty", "-m", "two");
  const present = await box.expectExit(0, "diff", "latest");
  expect(present.stdout).toMatch(/^M r\/\.git \(git\): main [0-9a-f]{8} -> [0-9a-f]{8}; /u);
  const other = await box.expectExit(5, "verify", "latest", "--level", "3");
  expect(other.stdout).toMatch(/^workspace differs: r\/\.git: main [0-9a-f]{8} -> [0-9a-f]{8}; /u);
  await box.expectExit(0, "capture");
  const diff = await box.expectExit(0, "diff", "latest~1", "latest");
  expect(diff.stdout).toMatch(
    /^M r\/\.git \(git\): main [0-9a-f]{8} -> [0-9a-f]{8}; COMMIT_EDITMSG, reflog; files of objects: 1 new\n1 difference\.\n$/u,
  );
  const every = await box.expectExit(0, "diff", "latest~1", "latest", "--all");
  expect(every.stdout).toContain("r/.git/logs/HEAD");
});

test("N45: a torn repository gives exit code 5, and the snapshot is made", async () => {
  using box = withRepositories();
  const folder = path.join(box.workspace, "r");
  await box.expectExit(0, "capture", "--label", "whole");
  const tree = git(folder, "rev-parse", "HEAD^{tree}").trim();
  rmSync(path.join(folder, ".git/objects", tree.slice(0, 2)), { recursive: true });
  const unjudged = await box.expectExit(4, "diff", "whole");
  expect(unjudged.stdout).toContain("? r/.git (git): cannot be judged: tip-tree-missing HEAD");
  const torn = await box.expectExit(5, "capture");
  expect(torn.stderr + torn.stdout).toContain('"r/.git" may not be whole');
  expect(torn.stdout).toContain("`snap guard explain FOLDER` tells what");
  expect(torn.stdout).not.toContain("Something was written meanwhile");
  expect((await box.expectExit(0, "show", "latest")).stdout).toContain("torn");
});

test("T38: a restore leaves repositories alone that the snapshot does not hold, and their files go", async () => {
  using box = withRepositories();
  const folder = path.join(box.workspace, "r");
  await box.expectExit(0, "capture");
  const before = git(folder, "rev-parse", "HEAD");
  box.write("r/file", "two");
  git(folder, "commit", "-q", "-a", "-m", "two");
  const head = git(folder, "rev-parse", "HEAD");
  rmSync(path.join(box.workspace, "b.git"), { recursive: true });
  git(box.workspace, "clone", "-q", "--bare", folder, "new.git");
  git(folder, "clone", "-q", ".", "../second");
  const restored = await box.snap(["restore", "latest", "--delete", "--yes"]);
  expect(restored.code).toBe(0);
  expect(box.tree()["r/file"]).toBe("one");
  expect(git(folder, "rev-parse", "HEAD")).toBe(before);
  expect(git(box.workspace, "--git-dir", "b.git", "rev-parse", "HEAD")).toBe(before);
  for (const unit of ["new.git", "second/.git"]) {
    const place = path.join(box.workspace, unit);
    expect(git(place, "--git-dir", ".", "rev-parse", "HEAD"), unit).toBe(head);
  }
  expect(existsSync(path.join(box.workspace, "second/file"))).toBe(false);
});

test("N43: what Dropbox has of a repository that is synced by override is no difference", async () => {
  using box = new Box();
  box.write("lib/file", "one");
  const lib = path.join(box.workspace, "lib");
  git(lib, "init", "-q", "-b", "main");
  git(lib, "add", ".");
  git(lib, "commit", "-q", "-m", "one");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "guard", "override", lib, "--reason", "a single device, pushed daily");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture");
  expect((await box.expectExit(0, "show", "latest")).stdout).toContain("lib/.git (git)");
  await box.expectExit(0, "verify", "latest", "--level", "4");
  const head = git(lib, "rev-parse", "HEAD");
  git(lib, "commit", "-q", "--allow-empty", "-m", "two");
  const later = git(lib, "rev-parse", "HEAD");
  box.write("lib/file", "two");
  await box.expectExit(0, "restore", "latest", "--delete", "--yes");
  expect(git(lib, "rev-parse", "HEAD")).toBe(head);
  expect(git(lib, "for-each-ref", "--format=%(objectname)", "refs/snap/before")).toContain(later);
  expect(git(lib, "fsck")).toBe("");
});

test("N43: diff tells how a repository differs, in the words of git", async () => {
  using box = withRepositories();
  const folder = path.join(box.workspace, "r");
  const at = (name: string): string => git(folder, "rev-parse", name).trim();
  git(folder, "branch", "old");
  await box.expectExit(0, "capture");
  const before = at("HEAD");
  box.write("r/file", "two");
  git(folder, "stash");
  git(folder, "tag", "v1");
  git(folder, "branch", "-D", "old");
  git(folder, "checkout", "-q", "-b", "next");
  git(folder, "commit", "-q", "--allow-empty", "-m", "two");
  git(folder, "config", "user.name", "Somebody");
  await box.expectExit(0, "capture");
  const diff = await box.expectExit(0, "diff", "latest~1", "latest");
  const [touched, line = "", ...rest] = diff.stdout.trimEnd().split("\n");
  expect(touched).toBe("m r/file");
  expect(line).toContain(`HEAD main ${before.slice(0, 8)} -> next ${at("HEAD").slice(0, 8)}`);
  expect(line).toContain("; new: next, stash, tags/v1; gone: old; ");
  expect(line).toMatch(/config.*reflog.*; files of objects: \d new$/u);
  expect(rest).toEqual(["2 differences."]);

  const told = await box.expectExit(0, "diff", "latest~1", "latest", "--json");
  const [, event] = told.stdout.split("\n").map((text): unknown => JSON.parse(text || "{}"));
  expect(event).toMatchObject({
    change: "changed",
    path: "r/.git",
    repository: {
      vcs: "git",
      head: { from: { branch: "main", commit: before }, to: { branch: "next" } },
      refs: [
        { name: "refs/heads/next", to: at("HEAD") },
        { name: "refs/heads/old", from: before },
        { name: "refs/stash", to: at("stash") },
        { name: "refs/tags/v1", to: before },
      ],
    },
  });
  const inside = await box.expectExit(0, "diff", "latest~1", "latest", "r/.git/refs");
  expect(inside.stdout).toContain("r/.git/refs/tags/v1\n");
});

test("N43: refs that are only kept otherwise are the same", async () => {
  using box = withRepositories();
  const folder = path.join(box.workspace, "r");
  await box.expectExit(0, "capture");
  git(folder, "pack-refs", "--all");
  await box.expectExit(0, "capture");
  const diff = await box.expectExit(0, "diff", "latest~1", "latest");
  expect(diff.stdout).toBe("M r/.git (git): the same refs, kept otherwise\n1 difference.\n");
});
