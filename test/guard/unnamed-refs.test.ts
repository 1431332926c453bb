import { writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { askRefs } from "../../src/guard/ask-refs.ts";
import type { Shadow } from "../../src/guard/shadow-git.ts";
import { codes } from "./damaged.ts";
import { git, gitEnvironment, now, Scratch } from "./repositories.ts";

/** A branch whose name Git takes and which is no UTF-8, one commit before the remote. */
function withOddBranch(scratch: Scratch, isPacked: boolean): void {
  const folder = scratch.base();
  scratch.pushed(folder);
  git(folder, "checkout", "-q", "-b", "topic");
  scratch.commit(folder, "work");
  const odd = Buffer.concat([Buffer.from(scratch.at(".git/refs/heads/l")), Buffer.from([0xff])]);
  writeFileSync(odd, `${git(folder, "rev-parse", "topic").trim()}\n`);
  git(folder, "checkout", "-q", "main");
  git(folder, "branch", "-q", "-D", "topic");
  if (isPacked) git(folder, "pack-refs", "--all");
  expect(git(folder, "rev-list", "--count", "--branches", "--not", "--remotes")).toBe("1\n");
}

const layouts = [true, false].flatMap((isPacked) =>
  (["git", "isomorphic-git"] as const).map((engine) => ({ isPacked, engine })),
);

test.each(layouts)(
  "G36: commits of a branch whose name is no UTF-8 are not counted as 0, and it is no damage: %o",
  async ({ isPacked, engine }) => {
    using scratch = new Scratch();
    withOddBranch(scratch, isPacked);
    const { findings } = await scratch.check(undefined, { engine, deep: true });
    expect(findings[0]?.facts?.work.unpushed).toMatchObject({
      precision: "notComputed",
      reason: "refs-not-read",
    });
    expect(findings[0]?.atRisk).toBe(true);
    expect(codes(findings[0]?.damage ?? [])).toEqual([]);
  },
);

test.each(layouts)(
  "G36: where the branch of HEAD is such a one, nothing is told as staged: %o",
  async ({ isPacked, engine }) => {
    using scratch = new Scratch();
    withOddBranch(scratch, isPacked);
    const head = Buffer.concat([
      Buffer.from("ref: refs/heads/l"),
      Buffer.from([0xff]),
      Buffer.from("\n"),
    ]);
    writeFileSync(scratch.at(".git/HEAD"), head);
    const { findings } = await scratch.check(undefined, { engine });
    expect(findings[0]?.facts?.work.staged).toMatchObject({
      precision: "notComputed",
      reason: "head-not-read",
    });
    expect(codes(findings[0]?.damage ?? [])).toEqual([]);
  },
);

/** Git by itself in a repository: what it tells of refs is the same, wherever it keeps them. */
function asShadow(scratch: Scratch): Shadow {
  const gitdir = scratch.at(".git");
  return {
    gitdir,
    run: (words) => {
      const { status, stdout, stderr } = spawnSync("git", [...words], {
        cwd: gitdir,
        env: gitEnvironment,
      });
      const code = status ?? undefined;
      return Promise.resolve({ end: "exited", code, stdout, stderr: stderr.toString() });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function askedRefs(scratch: Scratch): ReturnType<typeof askRefs> {
  const common = Buffer.from(scratch.at(".git"));
  return await askRefs(asShadow(scratch), { common, deadline: now + 60_000 });
}

describe("G36: refs that only Git reads", () => {
  test("are all there", async () => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    const { read, head } = await askedRefs(scratch);
    expect(read.complete).toBe(true);
    expect([...read.refs.keys()]).toEqual(["refs/heads/main", "refs/remotes/origin/main"]);
    expect(head).toMatchObject({ kind: "branch", branch: "main" });
  });

  test("prove nothing where the name of one is no UTF-8", async () => {
    using scratch = new Scratch();
    withOddBranch(scratch, true);
    const { read } = await askedRefs(scratch);
    expect(read.complete).toBe(false);
    expect([...read.refs.keys()]).toEqual(["refs/heads/main", "refs/remotes/origin/main"]);
  });

  test("prove nothing where other work trees may stand at no branch", async () => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    git(scratch.top, "worktree", "add", "-q", "--detach", scratch.at("elsewhere"));
    expect((await askedRefs(scratch)).read.complete).toBe(false);
    git(scratch.top, "worktree", "remove", scratch.at("elsewhere"));
    expect((await askedRefs(scratch)).read.complete).toBe(true);
  });
});
