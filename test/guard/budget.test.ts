import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CommitWalk, OutOfTime, type WalkedCommit } from "../../src/guard/commit-walk.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import { runProgram } from "../../src/guard/run-program.ts";
import { guardExit, verdictOf } from "../../src/guard/report.ts";
import type { Clock } from "../../src/std/time.ts";
import { fixedClock, git, now, Scratch } from "./repositories.ts";

/** A clock on which each look takes some time. */
function tickingClock(tickMs: number): Clock {
  let time = now;
  return { ...fixedClock, now: () => (time += tickMs) };
}

const nothing = { rules: () => false, overrides: [] } as const;

test("G54: when the budget is met before every folder was seen, the list is not complete: exit 4", async () => {
  using scratch = new Scratch();
  for (let folder = 0; folder < 20; folder += 1) scratch.folder(`d${folder}`);
  const guard = openGuard({ clock: tickingClock(10), programs: scratch.programs() });
  const cut = await guard.check(scratch.top, { ...nothing, budgetMs: 100 });
  expect(cut.complete).toBe(false);
  expect(guardExit(cut, "risk")).toBe(4);
  const whole = await guard.check(scratch.top, { ...nothing, budgetMs: 10_000 });
  expect(whole.complete).toBe(true);
});

test.each(["auto", "git", "isomorphic-git"] as const)(
  "G55: a description that %s cannot give in time is a risk, and the list is complete",
  async (engine) => {
    using scratch = new Scratch();
    scratch.pushed(scratch.base());
    scratch.commit(scratch.top, "later");
    const before = scratch.fingerprint();
    const guard = openGuard({ clock: tickingClock(30), programs: scratch.programs() });
    const report = await guard.check(scratch.top, { ...nothing, engine, budgetMs: 200 });
    const work = report.findings[0]?.facts?.work;
    expect(work?.unstaged).toEqual({ precision: "notComputed", reason: "budget" });
    expect(work?.unpushed).toMatchObject({ precision: "notComputed", reason: "budget" });
    expect(report.complete).toBe(true);
    expect(verdictOf(report)).toBe("risk");
    expect(guardExit(report, "risk")).toBe(3);
    expect(scratch.fingerprint()).toBe(before);
  },
);

test("G33: a program that hangs is stopped when its time is over, and leaves nothing behind", async () => {
  using scratch = new Scratch();
  scratch.base();
  const programs = join(scratch.root, "bin");
  mkdirSync(programs);
  const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
  const script = `case "$*" in *ls-files*) exec /bin/sleep 1000 ;; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(programs, "git"), `#!/bin/sh\n${script}`, { mode: 0o755 });
  const impatient: Clock = {
    ...fixedClock,
    sleep: (delayMs, signal) =>
      delayMs > 5_000 ? Promise.resolve() : fixedClock.sleep(delayMs, signal),
  };
  const world = { ...scratch.programs(), path: programs };
  const guard = openGuard({ clock: impatient, programs: world });
  const report = await guard.check(scratch.top, { ...nothing, engine: "git" });
  const facts = report.findings[0]?.facts;
  expect(facts?.engine.name).toBe("git");
  expect(facts?.work.untracked).toEqual({ precision: "notComputed", reason: "budget" });
  expect(readdirSync(scratch.tmp)).toEqual([]);
});

test("G33: a program is stopped with all that it started", async () => {
  const told = await runProgram({
    file: "/bin/sh",
    words: ["-c", "sleep 1000 & echo $!; wait"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    // It says more than it may.
    bytesMax: 1,
    deadline: now + 1,
    clock: fixedClock,
  });
  expect(told).toMatchObject({ end: "too-much", code: undefined });
});

describe("G36: a walk that ends early", () => {
  const chain =
    (length: number): ((oid: string) => Promise<WalkedCommit>) =>
    (oid) => {
      const number = Number(oid);
      const parents = number + 1 < length ? [String(number + 1)] : [];
      return Promise.resolve({ oid, parents, tree: "" });
    };
  const walkOf = (tickMs: number): CommitWalk =>
    new CommitWalk({
      readCommit: chain(100),
      shallow: new Set(["50"]),
      clock: tickingClock(tickMs),
      deadline: now + 100,
      turn: () => Promise.resolve(),
    });

  test("has found at least what it found", async () => {
    const found = new Set<string>();
    await expect(walkOf(10).reachable(["0"], { found })).rejects.toBeInstanceOf(OutOfTime);
    expect(found.size).toBe(9);
  });

  test("stops at what is excluded, and at the end of a shallow history", async () => {
    const walk = walkOf(0);
    expect((await walk.reachable(["0"])).size).toBe(51);
    expect((await walk.reachable(["0"], { not: new Set(["3"]) })).size).toBe(3);
    expect(await walk.roots(["0"])).toEqual(["50"]);
  });
});

test("G36: objects that are missing are no number, and no damage is read out of an engine's error", async () => {
  using scratch = new Scratch();
  scratch.pushed(scratch.base());
  scratch.commit(scratch.top, "later");
  const tip = git(scratch.top, "rev-parse", "HEAD~1").trim();
  writeFileSync(join(scratch.top, ".git/refs/heads/lost"), `${"b".repeat(40)}\n`);
  git(scratch.top, "update-ref", "refs/heads/other", tip);
  for (const engine of ["auto", "git", "isomorphic-git"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    expect(finding?.facts?.work.unpushed.precision).toBe("notComputed");
    // That one is from our own look at the tips (G40), and the same with every engine.
    expect(finding?.damage.map(({ code, tier }) => [code, tier])).toEqual([["tip-missing", 2]]);
    expect(finding?.atRisk).toBe(true);
  }
});

test("G31: without git the library is asked, and without both nobody", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".gitignore", "*.log\n");
  scratch.write("x.log", "");
  scratch.write("new", "");
  const programs = { ...scratch.programs(), path: join(scratch.root, "nowhere") };
  const guard = openGuard({ clock: fixedClock, programs });
  const told = async (engine: "auto" | "git" | "none"): Promise<unknown> => {
    const { findings } = await guard.check(scratch.top, { ...nothing, engine });
    const facts = findings[0]?.facts;
    return [facts?.engine.name, facts?.work.unpushed.precision, facts?.work.untracked];
  };
  const unknown = (reason: string): object => ({ precision: "notComputed", reason });
  // The rules to ignore files are the library's reading of them.
  const two = { precision: "approximate", value: 2 };
  expect(await told("auto")).toEqual(["isomorphic-git", "exact", two]);
  expect(await told("git")).toEqual(["none", "notComputed", unknown("no-git")]);
  expect(await told("none")).toEqual(["none", "notComputed", unknown("not-examined")]);
});

test("G40: when the time is over, no search for damage begins, and that is told", async () => {
  using scratch = new Scratch();
  scratch.base();
  writeFileSync(scratch.at(".git/refs/heads/lost"), `${"b".repeat(40)}\n`);
  const guard = openGuard({ clock: tickingClock(30), programs: scratch.programs() });
  const report = await guard.check(scratch.top, { ...nothing, deep: true, budgetMs: 100 });
  const none = { checked: "none", reason: "budget" };
  expect(report.findings[0]).toMatchObject({
    damage: [],
    integrity: { structure: none, tips: none, connectivity: none },
    atRisk: true,
  });
});
