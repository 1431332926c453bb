import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codes } from "./damaged.ts";
import { git, Scratch } from "./repositories.ts";

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
