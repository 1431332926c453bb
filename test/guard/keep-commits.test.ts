import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkUnit } from "../../src/guard/check-unit.ts";
import { keepCommits, type Keeping, type KeepRequest } from "../../src/guard/keep-commits.ts";
import { git, Scratch } from "./repositories.ts";
import { gitdirOf, isContent, optionsOf } from "./units.ts";

vi.setConfig({ testTimeout: 120_000 });

/** A repository, and a copy of its gitdir from before some work. */
function staged(scratch: Scratch): string {
  scratch.base("r");
  const copy = join(scratch.root, "staged");
  cpSync(gitdirOf(scratch, "r"), copy, { recursive: true });
  return copy;
}

async function keep(scratch: Scratch, request: Partial<KeepRequest> = {}): Promise<Keeping> {
  const { git: find, ...options } = optionsOf(scratch);
  const gitdir = Buffer.from(gitdirOf(scratch, "r"));
  return await keepCommits({
    ...options,
    staged: Buffer.from(join(scratch.root, "staged")),
    present: { gitdir, common: gitdir },
    id: "r1",
    git: await find(),
    ...request,
  });
}

/** Work of each kind that the copy does not have. */
function work(scratch: Scratch): void {
  const folder = scratch.at("r");
  scratch.commit(folder, "later");
  git(folder, "checkout", "-q", "-b", "topic");
  scratch.commit(folder, "topical");
  git(folder, "checkout", "-q", "--detach");
  scratch.commit(folder, "detached");
  for (const name of ["one", "two"]) {
    writeFileSync(join(folder, "file1"), name);
    git(folder, "stash", "-q");
  }
}

test("G53: commits and stashes that only the present repository has get refs in the staged one; the present one stays as it is", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  work(scratch);
  git(scratch.at("r"), "gc", "-q");
  const rev = (name: string): string => git(scratch.at("r"), "rev-parse", name).trim();
  const oids = ["main", "topic", "HEAD", "stash@{0}", "stash@{1}"].map(rev);
  const saved = join(scratch.tmp, "saved");
  mkdirSync(scratch.tmp, { recursive: true });
  cpSync(copy, saved, { recursive: true });
  rmSync(copy, { recursive: true });
  const before = scratch.fingerprint();
  const { kept, left } = await keep(scratch, { staged: Buffer.from(saved) });
  expect(scratch.fingerprint()).toBe(before);
  expect(left).toEqual([]);
  expect(kept.map(({ ref }) => ref).toSorted()).toEqual(
    ["HEAD", "heads/main", "heads/topic", "stashes/0", "stashes/1"].map(
      (tail) => `refs/snap/before/r1/${tail}`,
    ),
  );
  const at = (name: string): string => git(saved, "--git-dir", ".", "rev-parse", name).trim();
  const refs = ["heads/main", "heads/topic", "HEAD", "stashes/0", "stashes/1"];
  expect(refs.map((tail) => at(`refs/snap/before/r1/${tail}`))).toEqual(oids);
  expect(isContent(saved)).toBe(true);
  expect(
    (await checkUnit({ vcs: "git", folder: Buffer.from(saved) }, optionsOf(scratch))).word,
  ).toBe("verified");
  rmSync(gitdirOf(scratch, "r"), { recursive: true });
  git(saved, "--git-dir", ".", "gc", "-q", "--prune=now");
  expect(git(saved, "--git-dir", ".", "show", "refs/snap/before/r1/stashes/1:file1")).toBe("one");
});

test("G53: nothing is kept where the staged repository has it all", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  git(scratch.at("r"), "reset", "-q", "--hard", "HEAD~1");
  git(scratch.at("r"), "branch", "older", "HEAD~1");
  expect(await keep(scratch)).toEqual({ kept: [], left: [] });
  expect(existsSync(join(copy, "refs/snap"))).toBe(false);
});

test("G53, G5: nothing that either repository configures is run", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  work(scratch);
  const canary = join(scratch.root, "canary");
  const script = `#!/bin/sh\ntouch '${canary}'\n`;
  const program = join(scratch.root, "program");
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  for (const gitdir of [copy, gitdirOf(scratch, "r")]) {
    for (const name of [
      "uploadpack.packObjectsHook",
      "core.fsmonitor",
      "core.sshCommand",
      "core.alternateRefsCommand",
    ]) {
      git(gitdir, "config", "--file", join(gitdir, "config"), name, program);
    }
    for (const name of ["reference-transaction", "post-index-change", "pre-auto-gc"]) {
      writeFileSync(join(gitdir, "hooks", name), script);
      chmodSync(join(gitdir, "hooks", name), 0o755);
    }
  }
  expect((await keep(scratch)).kept.length).toBe(5);
  expect(existsSync(canary)).toBe(false);
});

test("G53: names that cannot stand beside each other or are no names get one of ours", async () => {
  using scratch = new Scratch();
  staged(scratch);
  const folder = scratch.at("r");
  git(folder, "checkout", "-q", "-b", "topic");
  git(folder, "worktree", "add", "-q", "-b", "w", scratch.at("a b"));
  git(scratch.at("a b"), "checkout", "-q", "--detach");
  scratch.commit(scratch.at("a b"), "detached");
  const wanted = git(scratch.at("a b"), "rev-parse", "HEAD").trim();
  const { kept } = await keep(scratch);
  const found = kept.find(({ oid }) => oid === wanted);
  expect(found?.ref).toMatch(/^refs\/snap\/before\/r1\/(?:worktrees|other)\//u);
  const copy = join(scratch.root, "staged");
  expect(git(copy, "--git-dir", ".", "rev-parse", found?.ref ?? "").trim()).toBe(wanted);
});

test.each(["refs", "objects/pack", "refs/snap", "refs/snap/before/r1"])(
  "G53: nothing is written through a link at %s",
  async (name) => {
    using scratch = new Scratch();
    const copy = staged(scratch);
    work(scratch);
    const outside = join(scratch.root, "outside");
    mkdirSync(outside);
    rmSync(join(copy, name), { recursive: true, force: true });
    mkdirSync(join(copy, name, ".."), { recursive: true });
    symlinkSync(outside, join(copy, name));
    const before = scratch.fingerprint();
    await expect(keep(scratch)).rejects.toMatchObject({ name: "Unproven" });
    expect(scratch.fingerprint()).toBe(before);
  },
);

test("G53: what cannot be kept is told, and nothing is written", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  work(scratch);
  await expect(keep(scratch, { git: undefined })).rejects.toMatchObject({ reason: "no-git" });
  await expect(keep(scratch, { id: "../x" })).rejects.toMatchObject({ code: "usage" });
  expect(existsSync(join(copy, "refs/snap"))).toBe(false);
  expect(git(copy, "--git-dir", ".", "count-objects", "-v")).toContain("packs: 0");
});

test("G53: of a damaged repository what is whole is kept, and the rest is told", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  work(scratch);
  const blob = git(scratch.at("r"), "rev-parse", "topic:topical").trim();
  rmSync(join(gitdirOf(scratch, "r"), "objects", blob.slice(0, 2), blob.slice(2)));
  const { kept, left } = await keep(scratch);
  expect(kept.map(({ from }) => from)).toEqual(["refs/heads/main"]);
  expect(left.toSorted()).toEqual(["HEAD", "refs/heads/topic", "stash@{0}", "stash@{1}"]);
  expect(isContent(copy)).toBe(true);
});

test("G53: a staged repository that lacks what its own refs lead to takes no ref", async () => {
  using scratch = new Scratch();
  const copy = staged(scratch);
  const blob = git(scratch.at("r"), "rev-parse", "main:file1").trim();
  work(scratch);
  rmSync(join(copy, "objects", blob.slice(0, 2), blob.slice(2)));
  await expect(keep(scratch)).rejects.toMatchObject({ reason: "objects-missing" });
  expect(existsSync(join(copy, "refs/snap/before/r1"))).toBe(false);
  expect(git(copy, "--git-dir", ".", "count-objects", "-v")).toContain("packs: 0");
});
