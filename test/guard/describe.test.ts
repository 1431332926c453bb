import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RepositoryFacts } from "../../src/core/repo/finding.ts";
import { describeFinding } from "../../src/guard/refusal.ts";
import { git, Scratch } from "./repositories.ts";

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

test("G37: one branch that is not pushed is enough", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "branch", "kept", "HEAD~1");
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({
    precision: "notComputed",
    reason: "objects-not-read",
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
  expect(facts.work.unpushed.precision).toBe("notComputed");
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
  expect(finding && describeFinding(finding)).toContain(`${operation} in progress`);
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
