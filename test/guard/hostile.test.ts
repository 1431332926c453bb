import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { refusalText } from "../../src/guard/refusal.ts";
import { guardEvents, guardExit, verdictOf } from "../../src/guard/report.ts";
import type { Clock } from "../../src/std/time.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import { brief, fixedClock, git, Scratch } from "./repositories.ts";

describe("G4: a marker that is no ordinary file", () => {
  test("a pipe, a socket and a loop of links named `.git` end, and refuse", async () => {
    using scratch = new Scratch();
    execFileSync("mkfifo", [`${scratch.folder("pipe")}/.git`]);
    symlinkSync(".git", `${scratch.folder("loop")}/.git`);
    const server = createServer().listen(`${scratch.folder("socket")}/.git`);
    try {
      expect(brief(await scratch.check())).toEqual([
        "loop git symlink broken refuse",
        "pipe git dangling broken refuse",
        "socket git dangling broken refuse",
      ]);
    } finally {
      server.close();
    }
  });

  test("a HEAD of 10 GB is read no further than its start", async () => {
    using scratch = new Scratch();
    scratch.base();
    truncateSync(scratch.at(".git/HEAD"), 10 * 1024 ** 3);
    const [finding] = (await scratch.check()).findings;
    expect(finding).toMatchObject({ form: "dir", severity: "refuse", atRisk: true });
  });

  test("a `.git` file of megabytes leads nowhere", async () => {
    using scratch = new Scratch();
    scratch.write(".git", `gitdir: ${"x".repeat(5_000_000)}\n`);
    expect(brief(await scratch.check())).toEqual([". git dangling broken refuse"]);
  });
});

describe("G39: names that are no text", () => {
  test("the bytes of such a path are told in base64, and only of such a one", async () => {
    using scratch = new Scratch();
    const odd = Buffer.concat([Buffer.from(`${scratch.top}/caf`), Buffer.from([0xe9])]);
    mkdirSync(odd);
    mkdirSync(Buffer.concat([odd, Buffer.from("/.git")]));
    scratch.folder("café/.git");
    const report = await scratch.check();
    const events = guardEvents(report, { elapsedMs: 0, exit: 3 });
    expect(events.slice(1, 3).map((event) => [event["path"], event["pathBytes"]])).toEqual([
      [String.raw`caf\xe9`, Buffer.from([0x63, 0x61, 0x66, 0xe9]).toString("base64")],
      ["café", null],
    ]);
  });

  test("X16: newlines, escape codes and marks of direction reach no terminal", async () => {
    using scratch = new Scratch();
    const name = "a\n\u001B[2J\u202Eb";
    scratch.base(name);
    const report = await scratch.check();
    expect(report.findings[0]?.path).toBe(name);
    const text = refusalText(report, { action: "link", folder: scratch.top });
    // oxlint-disable-next-line no-control-regex -- it is what must not be there
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/u);
    const shown = /git -C (\S+) push/u.exec(text)?.[1] ?? "";
    expect(execFileSync("bash", ["-c", `printf %s ${shown}`], { encoding: "utf8" })).toBe(
      scratch.at(name),
    );
  });

  test("a remote that is named like an option is no option of the command that is told", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    git(folder, "config", "remote.--receive-pack=touch x.url", "/nowhere");
    const text = refusalText(await scratch.check(), { action: "link", folder });
    expect(text).toContain("push -- '--receive-pack=touch x' main");
  });
});

describe("G8: great folders", () => {
  test("5,000 folders in one another: what is too deep to be named is not clean", async () => {
    using scratch = new Scratch();
    const piece = Array.from({ length: 1_000 }, () => "d").join("/");
    for (const number of [1, 2, 3, 4, 5]) scratch.folder(`p${number}/${piece}`);
    for (const number of [4, 3, 2, 1])
      renameSync(scratch.at(`p${number + 1}`), scratch.at(`p${number}/${piece}/next`));
    try {
      const report = await scratch.check();
      expect(report.findings.map(({ form }) => form)).toEqual(["unreadable"]);
      expect(verdictOf(report)).toBe("indeterminate");
      expect(guardExit(report, "risk")).toBe(4);
    } finally {
      execFileSync("rm", ["-rf", scratch.at("p1")]);
    }
  });

  test("100,000 entries in one folder, one of them a repository", async () => {
    using scratch = new Scratch();
    const folder = scratch.folder("many");
    for (let number = 0; number < 100_000; number += 1) writeFileSync(`${folder}/f${number}`, "");
    scratch.base("many/r");
    const report = await scratch.check();
    expect(brief(report)).toEqual(["many/r git dir live refuse"]);
    expect(report.scanned.files).toBeGreaterThan(100_000);
  });

  test("a folder that may not be read makes the report incomplete", async () => {
    using scratch = new Scratch();
    scratch.base("closed/r");
    expect(asNobody(scratch, "closed")).toMatchObject({
      exit: 4,
      complete: false,
      findings: ["closed - unreadable indeterminate refuse"],
    });
  });
});

/** What a user who may not look into one folder is told. */
function asNobody(scratch: Scratch, closed: string): unknown {
  chmodSync(scratch.root, 0o755);
  chmodSync(scratch.at(closed), 0o000);
  try {
    const [top, script] = [scratch.top, new URL("guard-as-nobody.ts", import.meta.url).pathname];
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    return JSON.parse(
      execFileSync(process.execPath, [script, top], { encoding: "utf8", ...nobody }),
    );
  } finally {
    chmodSync(scratch.at(closed), 0o755);
  }
}

describe("G4, G40: what may not be read in a repository is neither whole nor damaged", () => {
  test.each([
    ["refs/heads", "refs-not-read"],
    ["logs/refs", "logs-not-read"],
    ["logs/HEAD", "logs-not-read"],
    ["objects/pack", "objects-not-read"],
    ["objects", "objects-not-read"],
  ])("%s", (closed, reason) => {
    using scratch = new Scratch();
    scratch.base();
    expect(asNobody(scratch, `.git/${closed}`)).toMatchObject({
      integrity: [{ structure: { checked: "part", reason } }],
      damage: [],
    });
  });

  test("a folder, a file of objects and a pack are not missing because nobody may see them", () => {
    using scratch = new Scratch();
    scratch.base();
    const oid = git(scratch.top, "rev-parse", "HEAD").trim();
    const fan = `.git/objects/${oid.slice(0, 2)}`;
    const part = { checked: "part", reason: "objects-not-read" };
    expect(asNobody(scratch, fan)).toMatchObject({
      integrity: [{ structure: part, tips: part }],
      damage: [],
    });
    expect(asNobody(scratch, `${fan}/${oid.slice(2)}`)).toMatchObject({
      integrity: [{ tips: part }],
      damage: [],
    });
    git(scratch.top, "repack", "-adq");
    for (const ending of ["idx", "pack"]) {
      const name = readdirSync(scratch.at(".git/objects/pack")).find((one) => one.endsWith(ending));
      expect(asNobody(scratch, `.git/objects/pack/${name ?? ""}`)).toMatchObject({
        integrity: [{ tips: part }],
        damage: [],
      });
    }
  });

  test("the folder of other work trees, which is a finding of its own as well", () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.folder(".git/worktrees");
    expect(asNobody(scratch, ".git/worktrees")).toMatchObject({
      exit: 4,
      integrity: [{ structure: { checked: "part", reason: "unreadable" } }, null],
    });
  });

  test("the index of the work tree", () => {
    using scratch = new Scratch();
    scratch.base();
    expect(asNobody(scratch, ".git/index")).toMatchObject({
      integrity: [{ tips: { checked: "part", reason: "index-not-read" } }],
      damage: [],
    });
  });

  test.each(["store/data", "store/data/x.i"])("Mercurial's %s", (closed) => {
    using scratch = new Scratch();
    scratch.write(".hg/requires", "store\n");
    scratch.write(".hg/store/00changelog.i", "");
    scratch.write(".hg/store/data/x.i", "");
    expect(asNobody(scratch, `.hg/${closed}`)).toMatchObject({
      integrity: [{ structure: { checked: "part", reason: "store-not-read" } }],
      damage: [],
    });
  });
});

test("G54: a budget that is met leaves the list incomplete: indeterminate, 4", async () => {
  using scratch = new Scratch();
  scratch.base("a");
  for (let number = 0; number < 50; number += 1) scratch.folder(`f${number}`);
  let time = 0;
  const clock: Clock = { ...fixedClock, now: () => (time += 10) };
  const guard = openGuard({ clock });
  const options = { rules: () => false, overrides: [], engine: "none" } as const;
  const report = await guard.check(scratch.top, { ...options, budgetMs: 200 });
  expect(report.complete).toBe(false);
  expect(report.scanned.folders).toBeLessThan(50);
  expect(verdictOf(report)).toBe("indeterminate");
  expect(guardExit(report, "risk")).toBe(4);
  expect((await guard.check(scratch.top, { ...options, budgetMs: 100_000 })).complete).toBe(true);
});
