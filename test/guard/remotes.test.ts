import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RepositoryFacts } from "../../src/core/repo/finding.ts";
import type { EngineChoice } from "../../src/guard/describe.ts";
import { git, Scratch } from "./repositories.ts";

const engines = ["auto", "git", "isomorphic-git", "none"] as const;

async function factsOf(scratch: Scratch, engine: EngineChoice): Promise<RepositoryFacts> {
  const settings = { home: join(scratch.root, "home") };
  const [finding] = (await scratch.check(scratch.top, { engine }, settings)).findings;
  if (finding?.facts === undefined) throw new Error("no facts");
  return finding.facts;
}

function userConfig({ root }: Scratch, text: string): void {
  mkdirSync(join(root, "home"));
  writeFileSync(join(root, "home/.gitconfig"), text);
}

function forget({ top }: Scratch): void {
  git(top, "config", "--remove-section", "remote.origin");
}

/** Set values of the repository's configuration by their names. */
function set({ top }: Scratch, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) git(top, "config", name, value);
}

function track(scratch: Scratch, ref: string, commit: string): void {
  git(scratch.top, "update-ref", `refs/remotes/${ref}`, commit);
}

type Expected = { readonly unpushed: number; readonly remotes: readonly string[] };
type Case = readonly [string, Expected, (scratch: Scratch) => void];

/** Of three commits all were pushed to `origin`, before what each case does. */
const cases: readonly Case[] = [
  ["nothing happened", { unpushed: 0, remotes: ["origin"] }, () => undefined],
  ["its section was removed by hand", { unpushed: 3, remotes: [] }, forget],
  [
    "its section has no address",
    { unpushed: 3, remotes: [] },
    ({ top }) => git(top, "config", "--unset", "remote.origin.url"),
  ],
  [
    "another one took its place, and has less",
    { unpushed: 1, remotes: ["spare"] },
    (scratch) => {
      forget(scratch);
      set(scratch, { "remote.spare.url": "/nowhere" });
      track(scratch, "spare/main", "HEAD~1");
      track(scratch, "origin/one/more", "HEAD");
    },
  ],
  [
    "it was renamed by hand, and fetches to where it did",
    { unpushed: 0, remotes: ["other"] },
    ({ top }) => git(top, "config", "--rename-section", "remote.origin", "remote.other"),
  ],
  [
    "it was renamed by hand, and fetches elsewhere",
    { unpushed: 3, remotes: ["other"] },
    (scratch) => {
      forget(scratch);
      set(scratch, {
        "remote.other.url": "/nowhere",
        "remote.other.fetch": "+refs/heads/*:refs/remotes/other/*",
      });
    },
  ],
  [
    "one whose name has a slash",
    { unpushed: 1, remotes: ["team/one"] },
    (scratch) => {
      forget(scratch);
      set(scratch, { "remote.team/one.url": "/nowhere" });
      track(scratch, "team/one/main", "HEAD~1");
      track(scratch, "team/two/main", "HEAD");
    },
  ],
  [
    "Subversion is its remote",
    { unpushed: 1, remotes: [] },
    (scratch) => {
      forget(scratch);
      set(scratch, {
        "svn-remote.svn.url": "file:///nowhere",
        "svn-remote.svn.fetch": ":refs/remotes/git-svn",
      });
      track(scratch, "git-svn", "HEAD~1");
    },
  ],
  [
    "branches of Subversion's",
    { unpushed: 0, remotes: [] },
    (scratch) => {
      forget(scratch);
      set(scratch, {
        "svn-remote.svn.url": "file:///nowhere",
        "svn-remote.svn.branches": "branches/*:refs/remotes/svn/*",
      });
      track(scratch, "svn/one", "HEAD");
    },
  ],
  [
    "a ref of Subversion's that no section names any more",
    { unpushed: 3, remotes: [] },
    (scratch) => {
      forget(scratch);
      track(scratch, "git-svn", "HEAD");
    },
  ],
  [
    "an old list of remotes",
    { unpushed: 0, remotes: ["origin"] },
    (scratch) => {
      forget(scratch);
      scratch.write(".git/remotes/origin", "URL: /nowhere\nPull: main:refs/remotes/origin/main\n");
    },
  ],
  [
    "an older list of remotes",
    { unpushed: 0, remotes: ["origin"] },
    (scratch) => {
      forget(scratch);
      scratch.write(".git/branches/origin", "/nowhere#main\n");
    },
  ],
  [
    "old lists without an address",
    { unpushed: 3, remotes: [] },
    (scratch) => {
      forget(scratch);
      scratch.write(".git/remotes/origin", "Pull: main:refs/remotes/origin/main\n");
      scratch.write(".git/branches/origin", "\n");
    },
  ],
  [
    "a remote that the user has everywhere",
    { unpushed: 0, remotes: ["origin"] },
    (scratch) => {
      forget(scratch);
      userConfig(scratch, '[remote "origin"]\nurl = /nowhere\n');
    },
  ],
  [
    "a setting that the user has for remotes of that name",
    { unpushed: 3, remotes: [] },
    (scratch) => {
      forget(scratch);
      userConfig(scratch, '[remote "origin"]\nprune = true\n');
    },
  ],
];

describe("G37: only what a remote is remembered by proves that something was pushed", () => {
  test.each(cases)("%s", async (_, { unpushed, remotes }, arrange) => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    arrange(scratch);
    for (const engine of engines) {
      const { work, remotes: told } = await factsOf(scratch, engine);
      expect(told).toEqual(remotes);
      const isCounted = engine !== "none" || unpushed === 0;
      const number = { precision: "exact", value: unpushed };
      expect(work.unpushed, engine).toMatchObject(
        isCounted ? number : { precision: "notComputed" },
      );
      const ahead = { ahead: unpushed, unique: unpushed };
      const branches = unpushed === 0 || !isCounted ? [] : [{ name: "main", ...ahead }];
      expect(work.unpushed.branches, engine).toEqual(branches);
    }
  });

  test.each([
    ["the repository's", (scratch: Scratch) => set(scratch, { "include.path": "more" })],
    ["the user's", (scratch: Scratch) => userConfig(scratch, "[include]\npath = more\n")],
  ])("a remote may be in a file that %s configuration includes", async (_, include) => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    include(scratch);
    for (const engine of ["auto", "git", "isomorphic-git"] as const) {
      const { unpushed } = (await factsOf(scratch, engine)).work;
      expect(unpushed).toMatchObject({ precision: "exact", value: 0 });
    }
    forget(scratch);
    for (const engine of ["auto", "git", "isomorphic-git"] as const) {
      const { unpushed } = (await factsOf(scratch, engine)).work;
      expect(unpushed).toMatchObject({ precision: "approximate", value: 3 });
    }
  });

  test("more than Git is told of is not counted", async () => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    const oid = git(scratch.top, "rev-parse", "HEAD").trim();
    const lines = Array.from({ length: 2000 }, (_, at) => `${oid} refs/remotes/r${at}/x\n`);
    scratch.write(".git/packed-refs", lines.join(""));
    scratch.commit(scratch.top, "more");
    const { unpushed } = (await factsOf(scratch, "git")).work;
    expect(unpushed).toMatchObject({ precision: "notComputed", reason: "too-many-refs" });
  });
});
