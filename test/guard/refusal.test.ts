import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { refusalText } from "../../src/guard/refusal.ts";
import {
  guardEvents,
  guardExit,
  isRefused,
  isRefusedUnderExclude,
} from "../../src/guard/report.ts";
import { git, Scratch } from "./repositories.ts";

test("G6: a refusal says what, which work, why, the ways out, and that nothing was changed", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  scratch.pushed(folder);
  scratch.commit(folder, "later");
  scratch.base("lib/parse");
  const report = await scratch.check();
  const text = refusalText(report, { action: "link", folder: "~/thesis", remote: "/thesis" });
  expect(text).toBe(`snap does not link "~/thesis": it holds 2 live repositories.

  .          git  main: unpushed commits not counted, changed files not examined  work at risk
  lib/parse  git  main: no remote to push to, changed files not examined          work at risk

A file sync copies a repository's files one by one. Two devices then change it at once, and
commits that were never pushed can be lost. See https://git-scm.com/docs/gitfaq

What you can do:
  1. push the work             git -C ~/thesis push origin main
  2. sync all but the history  snap link ~/thesis /thesis --repos exclude
  3. leave a folder out        add "/lib/parse/" to .mignore
  4. accept the risk for one   snap guard override ~/thesis --reason "..."
Nothing was changed.`);
});

test("G6: a pushed repository is said to be pushed, and its files not to be examined", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  const text = refusalText(await scratch.check(), { action: "link", folder: "D" });
  expect(text).toContain(
    "main: everything pushed as of the last fetch, changed files not examined",
  );
  expect(text).not.toContain("push the work");
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

test("G39: events are a start, the findings and a result, with null for what is not known", async () => {
  using scratch = new Scratch();
  scratch.folder("x/.hg");
  const report = await scratch.check();
  const exit = guardExit(report, "repo");
  const events = guardEvents(report, { elapsedMs: 7, exit });
  expect(events.map((event) => event.type)).toEqual(["start", "finding", "result"]);
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
