import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import { shareOfTime } from "../../src/guard/fair-share.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import type { Clock } from "../../src/std/time.ts";
import { fixedClock, git, now, Scratch } from "./repositories.ts";

function pipe(scratch: Scratch, path: string): void {
  rmSync(scratch.at(path), { force: true });
  mkdirSync(dirname(scratch.at(path)), { recursive: true });
  execFileSync("mkfifo", [scratch.at(path)]);
}

/** With Git, on a clock that stands still: a wait would never end. */
async function look(scratch: Scratch, deep = false): Promise<GuardFinding | undefined> {
  const before = scratch.fingerprint();
  const report = await scratch.check(scratch.top, { engine: "git", deep });
  expect(scratch.fingerprint()).toBe(before);
  return report.findings[0];
}

test.each([".gitignore", "sub/.gitignore", "new/.gitignore", "sub/.GitIgnore"])(
  "G33: Git is not asked for untracked files where %s is a pipe",
  async (path) => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write("sub/tracked", "x");
    git(scratch.top, "add", "sub/tracked");
    scratch.write("new/file", "x");
    pipe(scratch, path);
    expect((await look(scratch))?.facts?.work).toMatchObject({
      staged: { precision: "exact", value: 1 },
      unstaged: { precision: "exact", value: 0 },
      untracked: { precision: "notComputed", reason: "ignores-not-read" },
    });
  },
);

test("G33: rules to ignore files of ten gigabytes are not read", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".gitignore", "");
  truncateSync(scratch.at(".gitignore"), 10 * 1024 ** 3);
  const before = (await scratch.check(scratch.top, { engine: "git" })).findings[0]?.facts?.work;
  expect(before?.untracked).toEqual({ precision: "notComputed", reason: "ignores-not-read" });
});

test("G33: a setting that names a pipe as rules to ignore files is left behind", async () => {
  using scratch = new Scratch();
  scratch.base();
  execFileSync("mkfifo", [join(scratch.root, "rules")]);
  git(scratch.top, "config", "core.excludesFile", join(scratch.root, "rules"));
  expect((await look(scratch))?.facts?.work).toMatchObject({
    unstaged: { precision: "exact", value: 0 },
    untracked: { precision: "notComputed", reason: "ignores-not-read" },
  });
});

test("G33: Git is not asked for changed files where attributes are a pipe", async () => {
  using scratch = new Scratch();
  scratch.base();
  pipe(scratch, ".gitattributes");
  utimesSync(scratch.at("file1"), 1, 1);
  expect((await look(scratch))?.facts?.work).toMatchObject({
    unstaged: { precision: "notComputed", reason: "attributes-not-read" },
    unpushed: { precision: "exact", value: 3 },
  });
});

test.each([
  [`objects/ab/${"ab".repeat(19)}`, "special-file"],
  [`objects/pack/pack-${"a".repeat(40)}.idx`, "special-file"],
  ["objects/info/alternates", "alternates"],
])("G33: Git is not started where %s is a pipe", async (path, reason) => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(`.git/objects/pack/pack-${"a".repeat(40)}.pack`, "PACK");
  writeFileSync(scratch.at(".git/refs/heads/lost"), `${"ab".repeat(20)}\n`);
  pipe(scratch, `.git/${path}`);
  const finding = await look(scratch, true);
  expect(finding?.facts?.work.unpushed).toMatchObject({ precision: "notComputed", reason });
  expect(finding?.integrity?.connectivity).toEqual({ checked: "none", reason });
  expect(finding?.atRisk).toBe(true);
});

test.each(["HEAD", "refs/heads/main", "packed-refs"])(
  "G33: Git is not asked for changed files where %s of a submodule is a pipe",
  async (name) => {
    using scratch = new Scratch();
    scratch.base();
    scratch.folder("sub/.git/objects");
    scratch.folder("sub/.git/refs");
    scratch.write("sub/.git/HEAD", "ref: refs/heads/main\n");
    git(scratch.top, "update-index", "--add", "--cacheinfo", `160000,${"a1".repeat(20)},sub`);
    pipe(scratch, `sub/.git/${name}`);
    expect((await look(scratch))?.facts?.work.unstaged).toEqual({
      precision: "notComputed",
      reason: "submodules-not-read",
    });
  },
);

test("G31: time is shared: nobody takes that of the others, and a large one gets what the small ones leave", () => {
  const all = { now, deadline: now + 600_000, wholeMs: 600_000 };
  expect(shareOfTime({ ...all, repositories: 1 })).toBe(now + 600_000);
  expect(shareOfTime({ ...all, repositories: 3 })).toBe(now + 200_000);
  expect(shareOfTime({ ...all, repositories: 1000 })).toBe(now + 60_000);
  expect(shareOfTime({ ...all, now: now + 590_000, repositories: 9 })).toBe(now + 600_000);
  expect(shareOfTime({ ...all, now: now + 700_000, repositories: 9 })).toBe(now + 700_000);
  expect(shareOfTime({ now, deadline: now + 8000, wholeMs: 8000, repositories: 13 })).toBe(
    now + 2000,
  );
});

test("G40: with --deep a repository whose search never ends is given up, and the next one is searched", async () => {
  using scratch = new Scratch();
  scratch.base("a");
  scratch.base("b");
  const [programs, waiting] = [join(scratch.root, "bin"), join(scratch.root, "waiting")];
  mkdirSync(programs);
  const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
  writeFileSync(
    join(programs, "git"),
    `#!/bin/sh
case "$*" in *fsck*)
  read -r objects < "$GIT_DIR/objects/info/alternates"
  case "$objects" in */a/*) : > ${waiting}; exec /bin/sleep 1000 ;; esac
esac
exec ${real} "$@"
`,
    { mode: 0o755 },
  );
  // Time goes on only while that one waits.
  let time = now;
  const clock: Clock = {
    now: () => time,
    sleep: async (delayMs, signal) => {
      if (delayMs < 1000) return await fixedClock.sleep(delayMs, signal);
      // Whoever is not asked any more must not take the word that is for the next one.
      for (;;) {
        signal?.throwIfAborted();
        if (existsSync(waiting)) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      rmSync(waiting);
      time += delayMs;
    },
  };
  const path = `${programs}:${process.env["PATH"] ?? ""}`;
  const guard = openGuard({ clock, host: "desk", programs: { ...scratch.programs(), path } });
  const options = { rules: () => false, overrides: [], engine: "git", budgetMs: 100_000 } as const;
  const report = await guard.check(scratch.top, { ...options, deep: true });
  expect(report.findings.map(({ integrity }) => integrity?.connectivity)).toEqual([
    { checked: "none", reason: "budget" },
    { checked: "all" },
  ]);
});
