import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import { find, rev } from "./damaged.ts";
import { git, gitEnvironment, Scratch } from "./repositories.ts";
import { execFileSync } from "node:child_process";

const device = "feature-iMac-x";

/** A branch `feature` with a commit of its own. */
function feature(scratch: Scratch): void {
  scratch.base();
  git(scratch.top, "checkout", "-q", "-b", "feature");
  scratch.commit(scratch.top, "more");
}

/** Git at another time than the rest of a test. */
function later(folder: string, ...words: readonly string[]): void {
  const env = { ...gitEnvironment, GIT_COMMITTER_DATE: "2030-01-01T00:00:00Z" };
  execFileSync("git", ["-C", folder, ...words], { env });
}

function told({ damage }: GuardFinding): readonly string[] {
  return damage.map(({ code, path }) => `${code} ${path}`);
}

function branchesOf({ facts }: GuardFinding): readonly string[] {
  return facts?.work.unpushed.branches.map(({ name }) => name) ?? [];
}

type Make = (scratch: Scratch) => void;

const healthy: readonly (readonly [string, Make])[] = [
  ["made by Git", ({ top }) => git(top, "branch", device, "main")],
  [
    "with work of its own",
    (scratch) => {
      git(scratch.top, "checkout", "-q", "-b", "feature-DESKTOP-AB12CD3", "main");
      scratch.commit(scratch.top, "other");
      git(scratch.top, "checkout", "-q", "feature");
    },
  ],
  [
    "copied by Git",
    ({ top }) => {
      git(top, "branch", "-c", device);
      later(top, "update-ref", `refs/heads/${device}`, "main");
    },
  ],
  [
    "renamed by Git",
    ({ top }) => {
      git(top, "branch", "old", "main");
      git(top, "branch", "-m", "old", "feature.Conflict");
    },
  ],
  [
    "without a log, and followed",
    (scratch) => {
      scratch.write(`.git/refs/heads/${device}`, `${rev(scratch, "main")}\n`);
      git(scratch.top, "config", `branch.${device}.remote`, "origin");
    },
  ],
  [
    "packed",
    ({ top }) => {
      git(top, "branch", device, "main");
      git(top, "pack-refs", "--all");
    },
  ],
  [
    "in a clone",
    (scratch) => {
      git(scratch.top, "branch", device, "main");
      renameSync(scratch.top, join(scratch.root, "other"));
      git(scratch.root, "clone", "-q", join(scratch.root, "other"), scratch.top);
      scratch.commit(scratch.top, "mine");
      git(scratch.top, "push", "-q", "origin", "feature:feature-2");
      git(scratch.top, "fetch", "-q");
    },
  ],
  [
    "called like what systems leave",
    ({ top }) => {
      git(top, "branch", "desktop.ini");
      git(top, "branch", "Thumbs.db/one");
      git(top, "symbolic-ref", "refs/heads/ehthumbs.db", "refs/heads/main");
    },
  ],
];

describe("G41: a branch that Git made is none of a sync's", () => {
  test.each(healthy)("%s", async (_, make) => {
    using scratch = new Scratch();
    feature(scratch);
    make(scratch);
    const finding = await find(scratch);
    expect(told(finding)).toEqual([]);
    expect(finding.integrity?.structure).toEqual({ checked: "all" });
  });

  test("it counts as a branch", async () => {
    using scratch = new Scratch();
    feature(scratch);
    git(scratch.top, "checkout", "-q", "-b", device, "main");
    scratch.commit(scratch.top, "only there");
    expect(branchesOf(await find(scratch))).toContain(device);
  });
});

describe("G41: a second version that a sync made is told", () => {
  test.each([device, "feature-DESKTOP-AB12CD3", "feature.Conflict"])(
    "with the reflog that was copied along: %s",
    async (name) => {
      using scratch = new Scratch();
      feature(scratch);
      const logs = scratch.at(".git/logs/refs/heads");
      mkdirSync(join(scratch.root, "kept"));
      copyFileSync(join(logs, "feature"), join(scratch.root, "kept/log"));
      const oid = rev(scratch, "feature");
      git(scratch.top, "reset", "-q", "--hard", "main");
      copyFileSync(join(scratch.root, "kept/log"), join(logs, name));
      scratch.write(`.git/refs/heads/${name}`, `${oid}\n`);
      const finding = await find(scratch);
      expect(told(finding)).toContain(`conflict-copy-ref refs/heads/${name}`);
      expect(finding.damage[0]?.rescuableOid).toBe(oid);
      expect(branchesOf(finding)).not.toContain(name);
    },
  );

  test("of a remote-tracking branch, without a log", async () => {
    using scratch = new Scratch();
    feature(scratch);
    scratch.pushed(scratch.top);
    git(scratch.top, "push", "-q", "origin", "feature");
    scratch.write(`.git/refs/remotes/origin/${device}`, `${rev(scratch, "main")}\n`);
    expect(told(await find(scratch))).toEqual([`conflict-copy-ref refs/remotes/origin/${device}`]);
  });
});

describe("G41: what nobody can tell is a hint, and counts as a branch", () => {
  test("packed, and without a log", async () => {
    using scratch = new Scratch();
    feature(scratch);
    scratch.commit(scratch.top, "lost");
    const oid = rev(scratch, "HEAD");
    git(scratch.top, "reset", "-q", "--hard", "HEAD~1");
    scratch.write(`.git/refs/heads/${device}`, `${oid}\n`);
    git(scratch.top, "pack-refs", "--all");
    const finding = await find(scratch);
    expect(told(finding)).toEqual([`ref-like-copy refs/heads/${device}`]);
    expect(branchesOf(finding)).toContain(device);
  });

  test("in a bare repository, which keeps no logs", async () => {
    using scratch = new Scratch();
    feature(scratch);
    git(scratch.top, "branch", device, "main");
    const bare = join(scratch.root, "b.git");
    git(scratch.root, "init", "-q", "--bare", bare);
    git(scratch.top, "push", "-q", bare, "feature", device);
    rmSync(scratch.top, { recursive: true });
    mkdirSync(scratch.top);
    renameSync(bare, scratch.at("b.git"));
    expect(told(await find(scratch))).toEqual([`ref-like-copy refs/heads/${device}`]);
  });

  test("made in the same second as the other", async () => {
    using scratch = new Scratch();
    scratch.base();
    later(scratch.top, "branch", "feature");
    later(scratch.top, "branch", device);
    git(scratch.top, "checkout", "-q", "feature");
    scratch.commit(scratch.top, "more");
    expect(told(await find(scratch))).toEqual([`ref-like-copy refs/heads/${device}`]);
  });
});

describe("G41: links among refs", () => {
  test("a folder behind one makes the check incomplete, and nothing of it counts as lost", async () => {
    using scratch = new Scratch();
    scratch.base();
    git(scratch.top, "branch", "dir/one");
    const elsewhere = join(scratch.root, "dir");
    renameSync(scratch.at(".git/refs/heads/dir"), elsewhere);
    symlinkSync(elsewhere, scratch.at(".git/refs/heads/dir"));
    expect(git(scratch.top, "rev-parse", "dir/one")).toBe(git(scratch.top, "rev-parse", "main"));
    const finding = await find(scratch);
    expect(told(finding)).toEqual([]);
    expect(finding.integrity?.structure).toEqual({ checked: "part", reason: "refs-not-read" });
    expect(finding.facts?.work.unpushed).toMatchObject({ reason: "refs-not-read" });
  });

  test("the old form of a symbolic ref is one", async () => {
    using scratch = new Scratch();
    scratch.base();
    symlinkSync("refs/heads/main", scratch.at(".git/refs/heads/same"));
    expect(git(scratch.top, "rev-parse", "same")).toBe(git(scratch.top, "rev-parse", "main"));
    const finding = await find(scratch);
    expect(told(finding)).toEqual([]);
    expect(finding.integrity?.structure).toEqual({ checked: "all" });
    expect(finding.facts?.work.unpushed).toMatchObject({ precision: "exact", value: 3 });
  });
});

test("G40: what a system left below refs is junk, whatever it is called there", async () => {
  using scratch = new Scratch();
  feature(scratch);
  for (const name of ["desktop.ini", "Thumbs.db", ".DS_Store"]) {
    writeFileSync(scratch.at(`.git/refs/heads/${name}`), "[.ShellClassInfo]\n");
  }
  expect(told(await find(scratch))).toEqual(
    [".DS_Store", "Thumbs.db", "desktop.ini"].map((name) => `junk-file refs/heads/${name}`),
  );
});
