import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { runProgram } from "../../src/guard/run-program.ts";
import { fixedClock, git, now, Scratch } from "./repositories.ts";

/** Write a loose object, whatever its bytes say. */
function putLoose(folder: string, oid: string, bytes: string | Buffer): void {
  const place = join(folder, ".git/objects", oid.slice(0, 2));
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, oid.slice(2)), deflateSync(bytes));
}

/** A tree that is what it says. */
function putTree(folder: string, rows: readonly (readonly [string, string])[]): string {
  const parts = rows.map(([name, oid]) =>
    Buffer.concat([Buffer.from(name), Buffer.from([0]), Buffer.from(oid, "hex")]),
  );
  const content = Buffer.concat(parts);
  const bytes = Buffer.concat([Buffer.from(`tree ${content.length}\0`), content]);
  const oid = createHash("sha1").update(bytes).digest("hex");
  putLoose(folder, oid, bytes);
  return oid;
}

test("G33: a program that takes more memory than it may is stopped", async () => {
  const run = {
    file: "/bin/sh",
    words: ["-c", "sleep 1000"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    bytesMax: 1024,
    deadline: now + 1000,
    clock: fixedClock,
  };
  expect(await runProgram({ ...run, memoryMax: 1 })).toMatchObject({
    end: "memory",
    code: undefined,
  });
  expect(await runProgram({ ...run, words: ["-c", "exit 3"] })).toMatchObject({
    end: "exited",
    code: 3,
  });
});

test.each([
  ["", "in its group"],
  ["setsid ", "in another group"],
])(
  "G33: what a program that is over left behind with its output open is not waited for: %j, %s",
  async (how) => {
    // It tells when the shell is over, and goes on until nobody hears it.
    const told =
      "while kill -0 $0 2>/dev/null; do sleep 0.05; done; while echo; do sleep 0.2; done";
    const run = {
      file: "/bin/sh",
      words: ["-c", `${how}sh -c '${told}' $$ & exit 0`],
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      bytesMax: 0,
      deadline: now + 1000,
      clock: fixedClock,
    };
    expect(await runProgram(run)).toMatchObject({ end: "too-much", code: undefined });
  },
);

test("G40: objects that declare ten gigabytes stop Git, they neither fill the memory nor keep it busy", async () => {
  using scratch = new Scratch();
  scratch.base();
  for (const [at, type] of ["commit", "tree", "blob", "tag"].entries()) {
    const oid = `1${at}${"e".repeat(38)}`;
    putLoose(scratch.top, oid, `${type} ${10 * 1024 ** 3}\0tree `);
    writeFileSync(scratch.at(`.git/refs/heads/${type}`), `${oid}\n`);
  }
  const report = await scratch.check(scratch.top, { deep: true });
  const [finding] = report.findings;
  expect(finding?.integrity?.connectivity).toEqual({ checked: "part", reason: "git-failed" });
  expect(finding?.damage.length).toBeGreaterThan(0);
  expect(readdirSync(scratch.tmp)).toEqual([]);
});

test("G36: a tree of trees that a few kilobytes make endless is a number that is not known", async () => {
  using scratch = new Scratch();
  scratch.base();
  let oid = git(scratch.top, "rev-parse", "HEAD^{tree}").trim();
  const names = Array.from({ length: 10 }, (_, at) => String(at));
  for (let level = 0; level < 10; level += 1) {
    oid = putTree(
      scratch.top,
      names.map((name) => [`40000 ${name.repeat(200)}`, oid]),
    );
  }
  const commit = git(scratch.top, "commit-tree", "-m", "bomb", oid).trim();
  git(scratch.top, "update-ref", "refs/heads/main", commit);
  const report = await scratch.check(scratch.top, { engine: "git", deep: true });
  const [finding] = report.findings;
  expect(finding?.facts?.work.staged).toEqual({ precision: "notComputed", reason: "memory" });
  expect(finding?.facts?.work.unpushed).toMatchObject({ precision: "exact", value: 1 });
  // What is reachable is few objects, each looked at once.
  expect(finding?.integrity?.connectivity).toEqual({ checked: "all" });
});

test("G4: a path with a zero byte in a file of the repository leads nowhere", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".git/objects/info/alternates", "/tmp/\0x\n");
  scratch.write("linked/.git", "gitdir: /tmp/\0x\n");
  scratch.write(".git/worktrees/w/gitdir", "/tmp/\0x/.git\n");
  const report = await scratch.check();
  expect(report.findings.map(({ form }) => form)).toEqual(["dir", "dangling"]);
});
