import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guardExit } from "../../src/guard/report.ts";
import { brief, git, Scratch } from "./repositories.ts";

describe("G11: forms of Git", () => {
  test("a submodule", async () => {
    using scratch = new Scratch();
    scratch.submodule(scratch.base(), "lib/x");
    const report = await scratch.check();
    expect(brief(report)).toEqual([". git dir live refuse", "lib/x git submodule live refuse"]);
    expect(report.findings[1]).toMatchObject({
      gitdir: "../../.git/modules/lib/x",
      pathAbsolute: false,
      nestedIn: ".",
    });
  });

  test("a bare repository, and one that lost its HEAD", async () => {
    using scratch = new Scratch();
    git(scratch.top, "init", "-q", "--bare", "b.git");
    git(scratch.top, "init", "-q", "--bare", "torn.git");
    rmSync(scratch.at("torn.git/HEAD"));
    expect(brief(await scratch.check())).toEqual([
      "b.git git bare live refuse",
      "torn.git git bare broken refuse",
    ]);
  });

  test("a reftable", async () => {
    using scratch = new Scratch();
    scratch.write(".git/HEAD", "ref: refs/heads/.invalid\n");
    scratch.folder(".git/objects");
    scratch.write(".git/refs/heads", "this repository uses the reftable format\n");
    scratch.write(".git/reftable/tables.list", "0x1.ref\n");
    const report = await scratch.check();
    expect(brief(report)).toEqual([". git reftable live refuse"]);
    expect(report.findings[0]?.facts?.work.unpushed.precision).toBe("notComputed");
  });

  test("a displaced .git is found by its inside, and only by that", async () => {
    using scratch = new Scratch();
    const names = [
      ".git 2",
      "git (1)",
      ".git (desk's conflicted copy 2024-05-01)",
      "_git",
      "dot_git",
    ];
    for (const [index, name] of names.entries()) {
      scratch.base(`r${index}`);
      renameSync(scratch.at(`r${index}/.git`), scratch.at(`r${index}/${name}`));
      scratch.folder(`empty${index}/${name}`);
    }
    expect(brief(await scratch.check())).toEqual(
      names.map((name, index) => `r${index}/${name} git displaced displaced refuse`),
    );
  });

  test("another spelling is a warning on this disk, a refusal where a history is inside", async () => {
    using scratch = new Scratch();
    scratch.folder("a/.GIT");
    scratch.base("b");
    renameSync(scratch.at("b/.git"), scratch.at("b/git~1"));
    expect(brief(await scratch.check())).toEqual([
      "a git variant broken warn",
      "b git variant live refuse",
    ]);
  });

  test("nested repositories are findings of their own", async () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.base("vendor/x");
    scratch.base("vendor/x/deep/y");
    const report = await scratch.check();
    expect(report.findings.map(({ path, nestedIn }) => [path, nestedIn])).toEqual([
      [".", undefined],
      ["vendor/x", "."],
      ["vendor/x/deep/y", "vendor/x"],
    ]);
  });

  test("a folder whose name is no text is looked into", async () => {
    using scratch = new Scratch();
    const odd = Buffer.concat([Buffer.from(`${scratch.top}/caf`), Buffer.from([0xe9])]);
    mkdirSync(odd);
    mkdirSync(Buffer.concat([odd, Buffer.from("/.git")]));
    expect(brief(await scratch.check())).toEqual([String.raw`caf\xe9 git dir broken refuse`]);
  });
});

describe("G4: what cannot be read is never clean", () => {
  test("a pipe named HEAD does not hang", async () => {
    using scratch = new Scratch();
    scratch.folder(".git/objects");
    scratch.folder(".git/refs");
    execFileSync("mkfifo", [scratch.at(".git/HEAD")]);
    expect(brief(await scratch.check())).toEqual([". git dir broken refuse"]);
  });

  test("a folder that cannot be listed makes the report incomplete: exit 4", async () => {
    using scratch = new Scratch();
    // A path that is longer than the system takes; root may read everything else.
    const half = Array.from({ length: 15 }, () => "n".repeat(200)).join("/");
    scratch.folder(`a/${half}`);
    scratch.folder(`b/${half}`);
    renameSync(scratch.at("b"), scratch.at(`a/${half}/b`));
    const report = await scratch.check();
    expect(report.complete).toBe(false);
    expect(report.findings.map((finding) => finding.form)).toEqual(["unreadable"]);
    expect(guardExit(report, "risk")).toBe(4);
    execFileSync("rm", ["-rf", scratch.at("a")]);
  });
});

describe("G11: other systems", () => {
  test("a Mercurial repository with its facts", async () => {
    using scratch = new Scratch();
    scratch.write(".hg/requires", "store\n");
    scratch.write(".hg/store/00changelog.i", "x");
    scratch.write(".hg/branch", "stable\n");
    scratch.write(".hg/hgrc", "[ui]\nusername = a\n[paths]\ndefault = https://example.org/r\n");
    scratch.write("share/.hg/sharedpath", `${scratch.at(".hg")}\n`);
    scratch.folder("empty/.hg");
    const report = await scratch.check();
    expect(brief(report)).toEqual([
      ". hg dir live refuse",
      "empty hg dir broken refuse",
      "share hg share live refuse",
    ]);
    expect(report.findings[0]?.facts).toMatchObject({
      head: { kind: "branch", branch: "stable" },
      remotes: ["default"],
      work: { unpushed: { precision: "notComputed", reason: "hg-failed" } },
    });
  });

  test("the others by their markers", async () => {
    using scratch = new Scratch();
    const markers = [
      ".svn",
      ".bzr",
      "_darcs",
      ".pijul",
      ".sl",
      ".jj",
      ".repo",
      ".plastic",
      "CVSROOT",
    ];
    for (const marker of markers) scratch.folder(`${marker.replace(/^\W/u, "")}/${marker}`);
    scratch.write("f/.fslckout", "");
    scratch.write("g/_FOSSIL_", "");
    for (const name of ["db", "conf", "hooks", "locks"]) scratch.folder(`server/${name}`);
    scratch.write("server/format", "5\n");
    const report = await scratch.check();
    expect(report.findings).toHaveLength(markers.length + 3);
    expect(report.findings.every((finding) => finding.severity === "refuse")).toBe(true);
  });

  test("links to folders with repositories are not followed", async () => {
    using scratch = new Scratch();
    const other = join(scratch.root, "other");
    mkdirSync(join(other, ".git"), { recursive: true });
    symlinkSync(other, scratch.at("link"));
    expect((await scratch.check()).findings).toEqual([]);
  });
});
