import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import type { RepositoryFacts } from "../../src/core/repo/finding.ts";
import { describeFinding } from "../../src/guard/finding-text.ts";
import { git, now, Scratch } from "./repositories.ts";

async function factsOf(scratch: Scratch): Promise<RepositoryFacts> {
  const facts = (await scratch.check()).findings[0]?.facts;
  if (facts === undefined) throw new Error("no facts");
  return facts;
}

test("G37: a new repository has nothing to push", async () => {
  using scratch = new Scratch();
  git(scratch.top, "init", "-q", "-b", "main");
  const facts = await factsOf(scratch);
  expect(facts.head).toEqual({ kind: "unborn", branch: "main" });
  expect(facts.work.unpushed).toMatchObject({ precision: "exact", value: 0 });
});

test("G36: a repository that lost its refs is not said to be pushed", async () => {
  using scratch = new Scratch();
  scratch.base();
  rmSync(scratch.at(".git/refs/heads/main"));
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({
    precision: "notComputed",
    reason: "refs-lost",
  });
});

test("G36: a ref that cannot be understood makes every number unknown", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  scratch.write(".git/refs/heads/torn", "\0\0\0");
  expect((await factsOf(scratch)).work.unpushed.precision).toBe("notComputed");
});

test("G37: a branch that stands below what was pushed has nothing to push", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "branch", "kept", "HEAD~1");
  expect((await factsOf(scratch)).work.unpushed).toEqual({
    precision: "exact",
    value: 0,
    branches: [],
  });
});

test("G37: a detached HEAD counts as a branch", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "checkout", "-q", "--detach");
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({ precision: "exact", value: 0 });
  scratch.commit(folder, "detached");
  const facts = await factsOf(scratch);
  expect(facts.head.kind).toBe("detached");
  expect(facts.work.unpushed).toMatchObject({ precision: "exact", value: 1 });
});

test("G37: a commit that only a linked work tree without a branch stands at is not pushed", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  const elsewhere = scratch.at("elsewhere");
  git(folder, "worktree", "add", "-q", "--detach", elsewhere);
  scratch.commit(elsewhere, "only there");
  scratch.commit(elsewhere, "and on");
  for (const engine of ["auto", "git", "isomorphic-git"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    expect(finding?.facts?.work.unpushed).toEqual({ precision: "exact", value: 2, branches: [] });
    expect(finding?.atRisk).toBe(true);
  }
});

test("G4: what a configuration that cannot be read may say is not passed over", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  scratch.commit(folder, "more");
  const config = scratch.at(".git/config");
  const text = readFileSync(config, "utf8");
  writeFileSync(config, `${text}${"# padding\n".repeat(200_000)}`);
  for (const engine of ["auto", "git", "isomorphic-git"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    const unknown = { precision: "notComputed", reason: "config-not-read" };
    expect(finding?.facts?.work).toMatchObject({ unpushed: unknown, unstaged: unknown });
    expect(finding?.atRisk).toBe(true);
  }
});

test("G37: a branch is measured by the one it follows", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "checkout", "-q", "-b", "topic", "--track", "origin/main");
  scratch.commit(folder, "more");
  git(folder, "push", "-q", "origin", "topic:elsewhere");
  for (const engine of ["git", "isomorphic-git"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    expect(finding?.facts?.work.unpushed).toEqual({
      precision: "exact",
      value: 0,
      branches: [{ name: "topic", ahead: 1, unique: 0 }],
    });
  }
});

test("G37: without a remote every commit is unpushed", async () => {
  using scratch = new Scratch();
  scratch.base();
  const facts = await factsOf(scratch);
  expect(facts.remotes).toEqual([]);
  expect(facts.work.unpushed).toEqual({
    precision: "exact",
    value: 3,
    branches: [{ name: "main", ahead: 3, unique: 3 }],
  });
});

test("G39: clones have one identity, whatever the engine and whatever was stashed", async () => {
  using scratch = new Scratch();
  const folder = scratch.base("first");
  git(scratch.top, "clone", "-q", "first", "second");
  scratch.write("first/new", "x");
  git(folder, "stash", "-q", "-u");
  const ids = new Set<string | undefined>();
  for (const engine of ["git", "isomorphic-git"] as const) {
    for (const { facts } of (await scratch.check(scratch.top, { engine })).findings) {
      ids.add(facts?.repoId);
    }
  }
  expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/u)]);
});

test("G37: a bare clone has no tracking refs to prove anything by", async () => {
  using scratch = new Scratch();
  scratch.base("src");
  git(scratch.top, "clone", "-q", "--bare", "src", "b.git");
  const bare = (await scratch.check()).findings.find(({ form }) => form === "bare");
  expect(bare?.facts?.work.unpushed).toMatchObject({ precision: "notComputed" });
});

test.each([
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["BISECT_LOG", "bisect"],
])("G38: %s is an operation in progress: %s", async (file, operation) => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  scratch.write(`.git/${file}`, "x\n");
  const [finding] = (await scratch.check()).findings;
  expect(finding?.facts?.operation).toBe(operation);
  expect(finding && describeFinding(finding, now)).toContain(`${operation} in progress`);
});

test("G38: a rebase is told from an am", async () => {
  using scratch = new Scratch();
  scratch.base();
  mkdirSync(scratch.at(".git/rebase-apply"));
  expect((await factsOf(scratch)).operation).toBe("rebase");
  writeFileSync(scratch.at(".git/rebase-apply/applying"), "");
  expect((await factsOf(scratch)).operation).toBe("am");
});

test("G30: the last fetch is the time of FETCH_HEAD", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".git/FETCH_HEAD", "");
  utimesSync(scratch.at(".git/FETCH_HEAD"), 1_700_000_000, 1_700_000_000);
  expect((await factsOf(scratch)).lastFetch).toBe(1_700_000_000_000);
});

test("G36: a branch whose name is no UTF-8 is neither damage nor passed over", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  const tree = git(folder, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "more").trim();
  for (const pack of [false, true]) {
    const file = Buffer.from(`${folder}/.git/refs/heads/z\u00e8`, "latin1");
    writeFileSync(file, `${tree}\n`);
    if (pack) git(folder, "pack-refs", "--all");
    const { findings } = await scratch.check();
    expect(findings[0]?.damage).toEqual([]);
    expect(findings[0]?.facts?.work.unpushed).toMatchObject({
      precision: "notComputed",
      reason: "refs-not-read",
    });
  }
});

test("G37: a branch in a folder that ends with a dot counts", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "checkout", "-q", "-b", "v1./x");
  scratch.commit(folder, "more");
  const { findings } = await scratch.check();
  expect(findings[0]?.damage).toEqual([]);
  expect(findings[0]?.facts?.work.unpushed).toMatchObject({ precision: "exact", value: 1 });
});

test("G36: a file that is skipped hides changes where sparse checkout is off", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "config", "core.sparseCheckout", "false");
  git(folder, "update-index", "--skip-worktree", "file1");
  writeFileSync(scratch.at("file1"), "other");
  const { findings } = await scratch.check(scratch.top, { engine: "git" });
  expect(findings[0]?.facts?.work.unstaged).toEqual({ precision: "lowerBound", value: 0 });
  expect(findings[0]?.atRisk).toBe(true);
});

test.each(["a folder", "a link"])(
  "G37: .git is %s that shares the refs of another repository",
  async (form) => {
    using scratch = new Scratch();
    const folder = scratch.base();
    scratch.pushed(folder);
    git(folder, "worktree", "add", "-q", "-b", "topic", scratch.at("wt"));
    scratch.commit(scratch.at("wt"), "more");
    const own = scratch.at(".git/worktrees/wt");
    rmSync(scratch.at("wt/.git"));
    if (form === "a link") symlinkSync(own, scratch.at("wt/.git"));
    else {
      cpSync(own, scratch.at("wt/.git"), { recursive: true });
      writeFileSync(scratch.at("wt/.git/commondir"), "../../.git\n");
    }
    const { findings } = await scratch.check(scratch.at("wt"));
    const found = findings.find(({ path }) => path === ".");
    expect(found?.facts?.head).toMatchObject({ kind: "branch", branch: "topic" });
    expect(found?.facts?.work.unpushed).toMatchObject({ precision: "exact", value: 1 });
  },
);
