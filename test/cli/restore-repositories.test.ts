import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Box } from "../support/snap-process.ts";

/** A workspace with a repository on `main`, captured as "first". */
async function withRepository(): Promise<Box & { readonly folder: string }> {
  const box = new Box();
  box.write("r/file", "one");
  const folder = path.join(box.workspace, "r");
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "one");
  await box.expectExit(0, "capture", "--label", "first");
  return Object.assign(box, { folder });
}

function commitFile(box: Box & { readonly folder: string }, text: string): string {
  box.write("r/file", text);
  git(box.folder, "commit", "-q", "-a", "-m", text);
  return headOf(box.folder);
}

function mercurial(folder: string, ...words: readonly string[]): string {
  const env = { ...process.env, HGPLAIN: "1", HGRCPATH: "" };
  return execFileSync("hg", words, { cwd: folder, encoding: "utf8", env });
}

function headOf(folder: string): string {
  return git(folder, "rev-parse", "HEAD").trim();
}

/** One byte in the middle of a pack of content is another one. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 3);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

/** Nothing that restores put there but what they keep. */
function stagedIn(box: Box): readonly string[] {
  const staging = path.join(box.workspace, ".snap/staging");
  return existsSync(staging) ? readdirSync(staging) : [];
}

test("T38, T40: a repository goes back with its work tree, and undo brings it back", async () => {
  using box = await withRepository();
  const one = headOf(box.folder);
  const two = commitFile(box, "two");
  const plan = await box.expectExit(0, "restore", "first", "--dry-run");
  expect(plan.stdout).toContain("Repositories:");
  expect(plan.stdout).toContain(
    `r/.git  is replaced, main ${two.slice(0, 8)} → main ${one.slice(0, 8)}`,
  );
  expect(headOf(box.folder)).toBe(two);
  await box.expectExit(0, "restore", "first", "--yes");
  expect(headOf(box.folder)).toBe(one);
  expect(box.read("r/file")).toBe("one");
  expect(git(box.folder, "status", "--porcelain")).toBe("");
  git(box.folder, "fsck", "--strict");
  expect(stagedIn(box)).toEqual([]);
  await box.expectExit(0, "undo", "--yes");
  expect(headOf(box.folder)).toBe(two);
  expect(box.read("r/file")).toBe("two");
  expect(git(box.folder, "status", "--porcelain")).toBe("");
});

test("T39: commits, branches and stashes that only the present repository has stay reachable", async () => {
  using box = await withRepository();
  const two = commitFile(box, "two");
  git(box.folder, "branch", "side");
  box.write("r/file", "stashed");
  git(box.folder, "stash", "-q");
  const stash = git(box.folder, "rev-parse", "stash@{0}").trim();
  await box.expectExit(0, "restore", "first", "--yes");
  const kept = git(
    box.folder,
    "for-each-ref",
    "--format=%(objectname) %(refname)",
    "refs/snap/before",
  );
  expect(kept).toContain(two);
  expect(kept).toContain(stash);
  git(box.folder, "gc", "-q", "--prune=now");
  expect(git(box.folder, "show", `${two}:file`)).toBe("two");
  expect(git(box.folder, "show", `${stash}:file`)).toBe("stashed");
});

test("T39: commits that cannot be kept are a refusal, and --drop-commits goes on", async () => {
  using box = await withRepository();
  const two = commitFile(box, "two");
  const tree = git(box.folder, "rev-parse", "HEAD^{tree}").trim();
  const object = path.join(box.folder, ".git/objects", tree.slice(0, 2), tree.slice(2));
  const bytes = readFileSync(object);
  rmSync(object);
  const refused = await box.snap(["restore", "first", "--yes"]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("--drop-commits");
  expect(headOf(box.folder)).toBe(two);
  expect(box.read("r/file")).toBe("two");
  expect(stagedIn(box)).toEqual([]);
  await box.expectExit(0, "restore", "first", "--yes", "--drop-commits");
  expect(box.read("r/file")).toBe("one");
  await box.expectExit(0, "undo", "--yes");
  writeFileSync(object, bytes);
  expect(headOf(box.folder)).toBe(two);
  git(box.folder, "fsck", "--strict");
});

test("T38: a repository that is gone comes back, and undo takes it away again", async () => {
  using box = await withRepository();
  const one = headOf(box.folder);
  rmSync(path.join(box.folder, ".git"), { recursive: true });
  const plan = await box.expectExit(0, "restore", "first", "--dry-run");
  expect(plan.stdout).toContain("r/.git  comes back, at main");
  await box.expectExit(0, "restore", "first", "--yes");
  expect(headOf(box.folder)).toBe(one);
  await box.expectExit(0, "undo", "--yes");
  expect(existsSync(path.join(box.folder, ".git"))).toBe(false);
  expect(box.read("r/file")).toBe("one");
});

test("T38: what is as it was is not swapped, and a time alone is no change", async () => {
  using box = await withRepository();
  box.write("other", "new");
  git(box.folder, "status");
  const before = readdirSync(path.join(box.folder, ".git"));
  const ended = await box.expectExit(0, "restore", "first", "--yes", "--json");
  expect(ended.events.at(-1)).not.toHaveProperty("repositories");
  expect(readdirSync(path.join(box.folder, ".git"))).toEqual(before);
});

test("T14: a repository is named whole, or not at all", async () => {
  using box = await withRepository();
  const two = commitFile(box, "two");
  const part = await box.snap(["restore", "first", "r/.git/config", "--yes"]);
  expect(part.code).toBe(3);
  expect(part.stderr).toContain("part of a repository");
  await box.expectExit(0, "restore", "first", "r/file", "--yes");
  expect(headOf(box.folder)).toBe(two);
  expect(box.read("r/file")).toBe("one");
  await box.expectExit(0, "restore", "first", "r/.git", "--yes");
  expect(headOf(box.folder)).not.toBe(two);
});

test("T40: while somebody is at work in a repository nothing is changed", async () => {
  using box = await withRepository();
  const two = commitFile(box, "two");
  const lock = path.join(box.folder, ".git/index.lock");
  writeFileSync(lock, "");
  const refused = await box.snap(["restore", "first", "--yes"]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("index.lock");
  expect([headOf(box.folder), box.read("r/file")]).toEqual([two, "two"]);
});

test("T45: undo refuses where somebody worked in the repository since, and --skip-changed leaves it", async () => {
  using box = await withRepository();
  commitFile(box, "two");
  await box.expectExit(0, "restore", "first", "--yes");
  git(box.folder, "commit", "-q", "--allow-empty", "-m", "since");
  const since = headOf(box.folder);
  const refused = await box.snap(["undo", "--yes"]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("r/.git");
  expect(headOf(box.folder)).toBe(since);
  await box.expectExit(4, "undo", "--yes", "--skip-changed");
  expect(headOf(box.folder)).toBe(since);
  expect(box.read("r/file")).toBe("two");
});

test("T41: files that go back without their repository are warned of", async () => {
  using box = await withRepository();
  git(box.folder, "checkout", "-q", "-b", "topic");
  const two = commitFile(box, "two");
  const plan = await box.expectExit(0, "restore", "first", "r/file", "--dry-run");
  expect(plan.stdout).toMatch(
    new RegExp(
      `Warning: "r/\\.git" stays on topic ${two.slice(0, 8)}, and its files go back to what they were on main [0-9a-f]{8}\\.`,
      "u",
    ),
  );
  const told = await box.expectExit(0, "restore", "first", "r/file", "--dry-run", "--json");
  expect(told.events[0]).toMatchObject({
    elsewhere: [{ path: "r/.git", stands: { branch: "topic", commit: two } }],
  });
  const whole = await box.expectExit(0, "restore", "first", "--dry-run");
  expect(whole.stdout).not.toContain("Warning");
});

test("T38: bare repositories, worktrees and submodules go back whole", async () => {
  using box = await withRepository();
  git(box.workspace, "clone", "-q", "--bare", box.folder, "b.git");
  git(box.folder, "worktree", "add", "-q", "-b", "side", "../side");
  const allow = ["-c", "protocol.file.allow=always"] as const;
  git(box.folder, ...allow, "submodule", "add", "-q", path.join(box.workspace, "b.git"), "sub");
  git(box.folder, "commit", "-q", "-m", "sub");
  const was = headOf(box.folder);
  await box.expectExit(0, "capture", "--label", "second");
  const side = path.join(box.workspace, "side");
  for (const folder of [side, path.join(box.folder, "sub")]) {
    writeFileSync(path.join(folder, "file"), "later");
    git(folder, "commit", "-q", "-a", "-m", "later");
  }
  git(box.workspace, "-C", "b.git", "branch", "extra");
  await box.expectExit(0, "restore", "second", "--yes");
  for (const folder of [box.folder, side, path.join(box.folder, "sub")]) {
    expect(git(folder, "status", "--porcelain"), folder).toBe("");
    git(folder, "fsck", "--strict");
  }
  expect(headOf(box.folder)).toBe(was);
  expect(headOf(side)).toBe(git(box.folder, "rev-parse", "HEAD~1").trim());
  expect(git(box.workspace, "-C", "b.git", "branch", "--list", "extra")).toBe("");
});

test("T39: of Mercurial changesets are not brought over, --drop-commits goes back without them", async () => {
  using box = new Box();
  const folder = path.join(box.workspace, "h");
  box.write("h/file", "one");
  const hg = (...words: readonly string[]): string => mercurial(folder, ...words);
  hg("init");
  hg("commit", "-q", "-A", "-m", "one", "-u", "a");
  await box.expectExit(0, "capture", "--label", "first");
  box.write("h/file", "two");
  hg("commit", "-q", "-m", "two", "-u", "a");
  const refused = await box.snap(["restore", "first", "--yes"]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("--drop-commits");
  expect(hg("log", "-r", ".", "-T", "{desc}")).toBe("two");
  await box.expectExit(0, "restore", "first", "--yes", "--drop-commits");
  expect(hg("log", "-r", ".", "-T", "{desc}")).toBe("one");
  expect([hg("status"), box.read("h/file")]).toEqual(["", "one"]);
  hg("verify", "-q");
  await box.expectExit(0, "undo", "--yes");
  expect(hg("log", "-r", ".", "-T", "{desc}")).toBe("two");
  expect([hg("status"), box.read("h/file")]).toEqual(["", "two"]);
});

test("T40: killed in any state, a restore of a repository is done or not done", async () => {
  for (const text of [
    '"state":"saved"',
    '"state":"staged"',
    '"state":"committing"',
    '"verified"',
  ]) {
    using box = await withRepository();
    const one = headOf(box.folder);
    const two = commitFile(box, "two");
    const signalAt = { text, signal: "SIGKILL" } as const;
    await box.snap(["restore", "first", "--yes", "--json"], { signalAt });
    await box.snap(["undo", "--dry-run"]);
    await box.expectExit(0, "capture", "--label", "after");
    const now = [headOf(box.folder), box.read("r/file")];
    expect(
      [
        [one, "one"],
        [two, "two"],
      ],
      text,
    ).toContainEqual(now);
    git(box.folder, "fsck", "--strict");
    expect(git(box.folder, "status", "--porcelain"), text).toBe("");
    if (text === '"verified"') expect(now[0]).toBe(one);
    if (now[0] !== one) continue;
    await box.expectExit(0, "undo", "--yes");
    expect([headOf(box.folder), box.read("r/file")]).toEqual([two, "two"]);
  }
});

test("T33, T38: a repository that the store does not hold whole is told beforehand, and nothing is changed", async () => {
  using box = await withRepository();
  git(box.folder, "commit", "-q", "--allow-empty", "-m", "two");
  const two = headOf(box.folder);
  const ready = await box.expectExit(0, "verify", "first", "--for-restore");
  expect(ready.stdout).toContain("guard");
  const packs = path.join(box.home, "store/data");
  for (const name of readdirSync(packs, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".tar.zst")) damage(path.join(packs, name));
  }
  const told = await box.snap(["verify", "first", "--for-restore"]);
  expect(told.code, told.stdout).toBe(5);
  const refused = await box.snap(["restore", "first", "--yes", "--drop-commits"]);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toContain("is damaged");
  expect(headOf(box.folder)).toBe(two);
  expect(stagedIn(box)).toEqual([]);
});

test("T13: a repository whose folder is ignored by now stays as it is, as its files do", async () => {
  using box = await withRepository();
  const two = commitFile(box, "two");
  box.write(".mignore", "r/\n");
  const plan = await box.expectExit(0, "restore", "first", "--no-delete", "--dry-run");
  expect(plan.stdout).not.toContain("Repositories:");
  await box.expectExit(0, "restore", "first", "--no-delete", "--yes");
  expect([headOf(box.folder), box.read("r/file")]).toEqual([two, "two"]);
});
