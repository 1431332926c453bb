import { renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeFinding } from "../../src/guard/finding-text.ts";
import { refusalText } from "../../src/guard/refusal.ts";
import {
  guardEvents,
  guardExit,
  isRefused,
  isRefusedUnderExclude,
} from "../../src/guard/report.ts";
import { waysOutOf } from "../../src/guard/ways-out.ts";
import { git, now, Scratch } from "./repositories.ts";

test("G6: a refusal says what, which work, why, the ways out, and that nothing was changed", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  for (const name of ["later", "more", "last"]) scratch.commit(folder, name);
  writeFileSync(join(folder, "file1"), "stashed");
  git(folder, "stash", "-q");
  for (const name of ["file1", "file2"]) writeFileSync(join(folder, name), "changed");
  scratch.base("lib/parse");
  scratch.write(".git/info/exclude", "/lib/\n");
  const report = await scratch.check();
  const text = refusalText(report, { action: "link", folder: "~/thesis", remote: "/thesis" });
  expect(text).toBe(`snap does not link "~/thesis": it holds 2 live repositories.

  .          git  main: 3 commits not pushed, 2 files changed, 1 stash  work at risk
  lib/parse  git  main: 3 commits not pushed, no remote                 work at risk

A file sync copies a repository's files one by one. Two devices then change it at once, and
commits that were never pushed can be lost. See https://git-scm.com/docs/gitfaq

What you can do:
  1. push the work             git -C ~/thesis push origin main
  2. sync all but the history  snap link ~/thesis /thesis --repos exclude
  3. leave a folder out        add "/lib/parse/" to .mignore
  4. accept the risk for one   snap guard override ~/thesis --reason "..."
Nothing was changed. More: snap guard explain ~/thesis`);
});

test("G6: a pushed repository is said to be pushed, as of the last fetch", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  const text = async (): Promise<string> =>
    refusalText(await scratch.check(), { action: "link", folder: "D" });
  expect(await text()).toContain("  .  git  main: everything pushed\n");
  expect(await text()).not.toContain("push the work");
  for (const [days, age] of [
    [0, "today"],
    [1, "1 day ago"],
    [12, "12 days ago"],
  ] as const) {
    scratch.write(".git/FETCH_HEAD", "");
    const seconds = now / 1000 - days * 86_400;
    utimesSync(scratch.at(".git/FETCH_HEAD"), seconds, seconds);
    expect(await text()).toContain(`everything pushed (last fetch ${age})`);
  }
});

test("G55: what is damaged is refused under exclude too, and offers to save and to repair it", async () => {
  using scratch = new Scratch();
  scratch.base();
  const lost = git(scratch.top, "rev-parse", "HEAD").trim();
  git(scratch.top, "reset", "-q", "--hard", "HEAD~1");
  scratch.write(".git/refs/heads/main (HOST's conflicted copy 2024-05-01)", `${lost}\n`);
  const report = await scratch.check();
  const [finding] = report.findings.filter(isRefusedUnderExclude);
  expect(finding).toMatchObject({ path: ".", damage: [{ code: "conflict-copy-ref" }] });
  expect(finding?.advice).toEqual(["push"]);
  const ways = finding === undefined ? [] : waysOutOf(finding, scratch.top);
  expect(ways.map(({ way }) => way)).toEqual(["rescue", "repair", "push"]);
  const text = refusalText(report, { action: "link", folder: "~/t", repos: "exclude" });
  expect(text).toContain("snap guard rescue ~/t --out lost.bundle");
  expect(text).not.toContain("override");
});

test("G36: a number that is not known is said not to be known, and one that is not exact is marked", async () => {
  using scratch = new Scratch();
  scratch.base();
  const text = async (engine: "none" | "git"): Promise<string> => {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    return finding === undefined ? "" : describeFinding(finding, now);
  };
  expect(await text("none")).toBe(
    "main: unpushed commits not counted, no remote, changed files not counted",
  );
  scratch.write(".gitattributes", "*.bin filter=x\n");
  scratch.write("file1", "changed");
  expect(await text("git")).toBe(
    "main: 3 commits not pushed, no remote, about 1 file changed, 1 untracked",
  );
  git(scratch.top, "update-index", "--assume-unchanged", "file2");
  scratch.write("file2", "changed");
  expect(await text("git")).toContain("at least 1 file changed");
});

test("X16: names in a refusal cannot move the cursor or turn the text around", async () => {
  using scratch = new Scratch();
  const name = "a\u001b[2J\u202eb\nc d";
  scratch.folder(`${name}/.git`);
  const text = refusalText(await scratch.check(), { action: "link", folder: name });
  for (const hidden of ["\u001b", "\u202e"]) expect(text).not.toContain(hidden);
  expect(text).toContain(String.raw`a\x1b[2J\u202eb\x0ac d`);
});

test("G46: under exclude a work tree is let through, a bare repository and a hidden gitdir are not", async () => {
  using scratch = new Scratch();
  scratch.base("tree");
  git(scratch.top, "init", "-q", "--bare", "bare.git");
  scratch.base("moved");
  renameSync(scratch.at("moved/.git"), scratch.at("moved/.git 2"));
  const report = await scratch.check();
  expect(report.findings.filter(isRefused).map(({ path }) => path)).toEqual([
    "bare.git",
    "moved/.git 2",
    "tree",
  ]);
  const left = report.findings.filter(isRefusedUnderExclude).map(({ path }) => path);
  expect(left).toEqual(["bare.git", "moved/.git 2"]);
  const text = refusalText(report, { action: "link", folder: "D", repos: "exclude" });
  expect(text).toContain("it holds 2 repositories");
  expect(text).not.toContain("--repos exclude");
});

test("G39: a finding has every member of the schema, null where it is not known", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  scratch.folder("x/.jj");
  const report = await scratch.check(scratch.top, { engine: "git" });
  const [, first, second] = guardEvents(report, { elapsedMs: 7, exit: 3 });
  const members = [
    ..."v schema type id path marker vcs form state severity covered nestedIn repoId gitdir".split(
      " ",
    ),
    ..."commonDir pathAbsolute format engine head remotes noRemote lastFetch work operation".split(
      " ",
    ),
    ..."locks submodules worktrees lfs sizeBytes atRisk damage override advice".split(" "),
  ];
  for (const event of [first, second]) {
    expect(Object.keys(event ?? {})).toEqual(expect.arrayContaining(members));
  }
  const none = { precision: "exact", value: 0 };
  expect(first).toMatchObject({
    repoId: expect.stringMatching(/^[0-9a-f]{64}$/u),
    format: { objects: "sha1", refs: "files", index: 2, extensions: [] },
    engine: { name: "git", degraded: [] },
    noRemote: false,
    lastFetch: null,
    work: { staged: none, unstaged: none, conflicted: none, stashes: none },
    operation: null,
    lfs: null,
    sizeBytes: expect.any(Number),
    atRisk: false,
    damage: [],
    override: null,
    advice: ["exclude", "override"],
  });
  expect(second).toMatchObject({ vcs: "jj", work: null, repoId: null, atRisk: true });
});

test("G39: a lock is told with its age, and one dated ahead of the clock with none", async () => {
  using scratch = new Scratch();
  const repository = scratch.base();
  for (const [name, at] of [
    ["index.lock", now - 7_200_000],
    ["HEAD.lock", now + 7_200_000],
  ] as const) {
    writeFileSync(`${repository}/.git/${name}`, "");
    utimesSync(`${repository}/.git/${name}`, at / 1000, at / 1000);
  }
  const report = await scratch.check();
  const [, event] = guardEvents({ ...report, checkedAt: now }, { elapsedMs: 7, exit: 3 });
  expect(event?.["locks"]).toEqual([
    { path: "index.lock", modified: expect.any(Number), ageMs: expect.closeTo(7_200_000, -2) },
    { path: "HEAD.lock", modified: expect.any(Number), ageMs: 0 },
  ]);
});

test("G39: events are a start, the findings and a result, with null for what is not known", async () => {
  using scratch = new Scratch();
  scratch.folder("x/.hg");
  const report = await scratch.check();
  const exit = guardExit(report, "repo");
  const events = guardEvents(report, { elapsedMs: 7, exit, options: { failOn: "repo" } });
  expect(events.map((event) => event.type)).toEqual(["start", "finding", "result"]);
  expect(events[0]).toMatchObject({ root: scratch.top, options: { failOn: "repo" } });
  expect(events[1]).toMatchObject({
    v: 1,
    schema: "snap.guard/1",
    id: "f1",
    path: "x",
    marker: ".hg",
    vcs: "hg",
    state: "broken",
    severity: "refuse",
    override: null,
    nestedIn: null,
  });
  expect(events[2]).toMatchObject({
    complete: true,
    verdict: "risk",
    counts: { refuse: 1, warn: 0, info: 0 },
    elapsedMs: 7,
    exit: 3,
  });
  expect(JSON.parse(JSON.stringify(events))).toEqual(events);
});
