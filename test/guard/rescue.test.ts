import { readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { lookAt } from "../../src/guard/examine.ts";
import { rescue, type Rescue } from "../../src/guard/rescue.ts";
import { findGit } from "../../src/guard/shadow-git.ts";
import { fixedClock, git, now, Scratch } from "./repositories.ts";

vi.setConfig({ testTimeout: 60_000 });

const copy = "main (HOST's conflicted copy 2024-05-01)";

async function save(scratch: Scratch, out?: string): Promise<Rescue> {
  const clock = fixedClock;
  const found = await findGit(process.env["PATH"], { outside: scratch.top, clock });
  if (found === undefined) throw new Error("the tests need Git");
  const gitdir = Buffer.from(scratch.at(".git"));
  const places = { gitdir, common: gitdir };
  const health = await lookAt(
    { places, withCommon: true },
    { clock, host: "desk", deadline: now + 60_000 },
  );
  const { tmp = "" } = scratch.programs();
  const before = scratch.fingerprint();
  try {
    return await rescue({ places, health, out, git: found, tmp, clock });
  } finally {
    expect(readdirSync(tmp), "nothing is left behind").toEqual([]);
    if (out === undefined) expect(scratch.fingerprint()).toBe(before);
  }
}

function rev(scratch: Scratch, name: string): string {
  return git(scratch.top, "rev-parse", name).trim();
}

/** A commit that was taken back, and that one copied ref still names. */
function lose(scratch: Scratch): string {
  scratch.base();
  scratch.commit(scratch.top, "lost");
  const oid = rev(scratch, "HEAD");
  git(scratch.top, "reset", "-q", "--hard", "HEAD~1");
  scratch.write(`.git/refs/heads/${copy}`, `${oid}\n`);
  return oid;
}

function pathOf(scratch: Scratch, oid: string): string {
  return scratch.at(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
}

test("G42: a lost commit comes back from the bundle with all of its history", async () => {
  using scratch = new Scratch();
  const oid = lose(scratch);
  const out = join(scratch.root, "lost.bundle");
  const before = readFileSync(scratch.at(".git/HEAD"));
  const { tips, left, content, bytes, complete } = await save(scratch, out);
  const ref = `refs/rescue/1-${oid.slice(0, 8)}`;
  expect(tips).toEqual([
    { ref, oid, date: expect.any(String), subject: "lost", namedBy: [`refs/heads/${copy}`] },
  ]);
  expect({ left, content, complete }).toEqual({ left: [], content: "whole", complete: true });
  expect(bytes).toBe(readFileSync(out).length);
  expect(readFileSync(scratch.at(".git/HEAD"))).toEqual(before);
  const other = join(scratch.root, "other");
  git(scratch.root, "init", "-q", other);
  git(other, "fetch", "-q", out, "refs/rescue/*:refs/rescue/*");
  expect(git(other, "log", "--format=%s", ref).trim().split("\n")).toEqual([
    "lost",
    "file3",
    "file2",
    "file1",
  ]);
});

test("G42: dangling commits, ends of copied reflogs and each line of a copied packed-refs are saved", async () => {
  using scratch = new Scratch();
  const oid = lose(scratch);
  const lost = ["a", "b", "c"].map((name) => {
    git(scratch.top, "checkout", "-q", "-b", name);
    scratch.commit(scratch.top, name);
    const tip = rev(scratch, "HEAD");
    git(scratch.top, "checkout", "-q", "main");
    git(scratch.top, "branch", "-qD", name);
    return tip;
  });
  scratch.write(".git/logs/HEAD (1)", `${oid} ${lost[0]} A <a@b> 1 +0000\tx\n`);
  scratch.write(".git/packed-refs (1)", `${lost[1]} refs/heads/b\n${oid} refs/heads/main\n`);
  scratch.write(".git/packed-refs", "");
  const { tips } = await save(scratch);
  expect(new Set(tips.map((tip) => tip.oid))).toEqual(new Set([oid, ...lost]));
  const named = new Map(tips.map((tip) => [tip.oid, tip.namedBy]));
  expect(named.get(lost[1] ?? "")).toEqual(["packed-refs (1)"]);
  expect(named.get(lost[2] ?? ""), "only its object tells of it").toEqual([]);
});

test("a stash, a head of a worktree and what refs reach are not lost", async () => {
  using scratch = new Scratch();
  scratch.base();
  for (const text of ["one", "two"]) {
    writeFileSync(scratch.at("file1"), text);
    git(scratch.top, "stash", "-q");
  }
  git(scratch.top, "worktree", "add", "-q", "--detach", scratch.at("wt"));
  scratch.commit(scratch.at("wt"), "there");
  const out = join(scratch.root, "lost.bundle");
  expect(await save(scratch, out)).toEqual({
    tips: [],
    left: [],
    content: "whole",
    bytes: 0,
    complete: true,
  });
  expect(readdirSync(scratch.root)).not.toContain("lost.bundle");
});

test("what is there already is not replaced", async () => {
  using scratch = new Scratch();
  lose(scratch);
  const out = join(scratch.root, "lost.bundle");
  writeFileSync(out, "precious");
  await expect(save(scratch, out)).rejects.toMatchObject({ code: "refused" });
  expect(readFileSync(out, "utf8")).toBe("precious");
  expect(readdirSync(scratch.root).filter((name) => name.startsWith("."))).toEqual([]);
});

describe("where the repository is damaged", () => {
  test("an older history that is broken leaves the newer commits to be saved", async () => {
    using scratch = new Scratch();
    const oid = lose(scratch);
    unlinkSync(pathOf(scratch, rev(scratch, "HEAD~1:file1")));
    const out = join(scratch.root, "lost.bundle");
    const { tips, left, content } = await save(scratch, out);
    expect(tips.map((tip) => tip.oid)).toEqual([oid]);
    expect({ left, content }).toEqual({ left: [], content: "since-refs" });
  });

  test("a lost commit without its files cannot be saved, and is told", async () => {
    using scratch = new Scratch();
    const oid = lose(scratch);
    unlinkSync(pathOf(scratch, rev(scratch, `${oid}:lost`)));
    git(scratch.top, "checkout", "-q", "--detach");
    scratch.commit(scratch.top, "other");
    const other = rev(scratch, "HEAD");
    git(scratch.top, "checkout", "-q", "main");
    const { tips, left } = await save(scratch, join(scratch.root, "lost.bundle"));
    expect(tips.map((tip) => tip.oid)).toEqual([other]);
    expect(left.map((tip) => tip.oid)).toEqual([oid]);
  });

  test("a broken index and a broken HEAD do not stand in the way", async () => {
    using scratch = new Scratch();
    const oid = lose(scratch);
    writeFileSync(scratch.at(".git/index"), "garbage");
    writeFileSync(scratch.at(".git/HEAD"), "");
    const { tips } = await save(scratch, join(scratch.root, "lost.bundle"));
    expect(tips.map((tip) => tip.oid)).toEqual([oid]);
  });
});

test("G42: refs that lead nowhere do not keep a lost commit from being saved", async () => {
  using scratch = new Scratch();
  const oid = lose(scratch);
  scratch.write(".git/refs/heads/missing", `${"c".repeat(40)}\n`);
  scratch.write(".git/HEAD", `${"d".repeat(40)}\n`);
  const { tips, content, bytes } = await save(scratch, join(scratch.root, "lost.bundle"));
  expect(tips.map((tip) => tip.oid)).toEqual([oid]);
  expect(content).toBe("whole");
  expect(bytes).toBeGreaterThan(0);
});
