import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { guardExit, verdictOf } from "../../src/guard/report.ts";
import { brief, Scratch } from "./repositories.ts";

function run(folder: string, program: string, ...words: readonly string[]): void {
  const env = { PATH: process.env["PATH"], HOME: folder, HGRCPATH: "", USER: "a" };
  execFileSync(program, words, { cwd: folder, env, stdio: "pipe" });
}

/** What SQLite writes into the first bytes of a file, with the mark of a program. */
function database(id: number): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("SQLite format 3\0", "latin1");
  bytes.writeUInt32BE(id, 68);
  return bytes;
}

describe("G11: the real programs", () => {
  test("a Subversion server and a checkout of it", async () => {
    using scratch = new Scratch();
    run(scratch.top, "svnadmin", "create", "server");
    run(scratch.top, "svn", "checkout", "-q", `file://${scratch.at("server")}`, "work");
    const before = scratch.fingerprint();
    expect(brief(await scratch.check())).toEqual([
      "server svn server live refuse",
      "work svn dir live refuse",
    ]);
    expect(scratch.fingerprint()).toBe(before);
  });

  test("a Fossil repository is a warning, a checkout of it a refusal", async () => {
    using scratch = new Scratch();
    run(scratch.top, "fossil", "init", "all.fossil");
    scratch.folder("work");
    run(scratch.at("work"), "fossil", "open", scratch.at("all.fossil"));
    const before = scratch.fingerprint();
    const report = await scratch.check();
    expect(brief(report)).toEqual([". fossil bare live warn", "work fossil dir live refuse"]);
    expect(report.findings[0]?.marker).toBe("all.fossil");
    expect(scratch.fingerprint()).toBe(before);
  });

  test("a Mercurial repository and a share of it", async () => {
    using scratch = new Scratch();
    run(scratch.top, "hg", "init", "a");
    run(scratch.top, "hg", "--config", "extensions.share=", "share", "-q", "a", "b");
    expect(brief(await scratch.check())).toEqual([
      "a hg dir live refuse",
      "b hg share live refuse",
    ]);
  });
});

test("G11: only the mark in a database tells what a file of Fossil is", async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.at("repository.fossil"), database(0x0f055111));
  writeFileSync(scratch.at("other.fossil"), database(0x12345678));
  writeFileSync(scratch.at("short.fossil"), database(0x0f055111).subarray(0, 71));
  scratch.write("text.fossil", "a letter about fossils");
  scratch.folder("folder.fossil");
  scratch.write("empty/_FOSSIL_", "");
  writeFileSync(scratch.at("stray.FOSSIL"), database(0x0f055112));
  const report = await scratch.check();
  expect(report.findings.map(({ marker, severity, state }) => [marker, severity, state])).toEqual([
    ["repository.fossil", "warn", "live"],
    ["stray.FOSSIL", "refuse", "live"],
    ["_FOSSIL_", "refuse", "broken"],
  ]);
});

describe("G11: what is told and forbids nothing", () => {
  test("checkouts of CVS by three files, histories of RCS and SCCS, settings of Perforce; the topmost of each", async () => {
    using scratch = new Scratch();
    for (const folder of ["c/CVS", "c/deep/CVS"])
      for (const name of ["Entries", "Root", "Repository"]) scratch.write(`${folder}/${name}`, "");
    scratch.write("half/CVS/Entries", "");
    scratch.write("r/RCS/a.c,v", "head 1.1;");
    scratch.write("v/a.c,v", "head 1.1;");
    scratch.write("v/deep/b.c,v", "head 1.1;");
    scratch.write("s/SCCS/s.a.c", "");
    scratch.write(".p4config", "P4PORT=1666");
    const report = await scratch.check();
    expect(report.findings.map(({ path, marker, vcs }) => `${path} ${marker} ${vcs}`)).toEqual([
      ". .p4config perforce",
      "c CVS cvs",
      "r RCS rcs",
      "s SCCS sccs",
      "v a.c,v rcs",
    ]);
    expect(report.findings.every(({ severity }) => severity === "info")).toBe(true);
    expect(verdictOf(report)).toBe("clear");
    expect(guardExit(report, "warn")).toBe(0);
  });

  test("beside CVSROOT, which refuses, its files are not told one by one", async () => {
    using scratch = new Scratch();
    scratch.folder("server/CVSROOT");
    scratch.write("server/module/a.c,v", "head 1.1;");
    expect(brief(await scratch.check())).toEqual(["server cvs dir live refuse"]);
  });
});

test("G11: the state of Sapling in a gitdir refuses like one beside it", async () => {
  using scratch = new Scratch();
  scratch.base("a");
  scratch.folder("a/.git/sl");
  scratch.folder("b/.sl");
  expect(brief(await scratch.check())).toEqual([
    "a sapling dir live refuse",
    "b sapling dir live refuse",
  ]);
});

test("G11: a workspace inside the marker of another system is refused", async () => {
  using scratch = new Scratch();
  const report = await scratch.check(scratch.folder("p/.hg/store"));
  expect(brief(report)).toEqual([`${scratch.at("p/.hg")} hg parent live refuse`]);
  expect(brief(await scratch.check(scratch.at("p/.hg")))).toEqual([
    `${scratch.at("p/.hg")} hg parent live refuse`,
  ]);
});
