import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RepositoryFacts } from "../../src/core/repo/finding.ts";
import { verdictOf } from "../../src/guard/report.ts";
import { brief, Scratch } from "./repositories.ts";

function hg(folder: string, ...words: readonly string[]): string {
  return execFileSync("hg", ["-R", folder, "--cwd", folder, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HGRCPATH: "", HGUSER: "A", HGPLAIN: "1" },
  });
}

/** Three changesets. */
function base(scratch: Scratch, path = "."): string {
  const folder = scratch.folder(path);
  execFileSync("hg", ["init", folder], { env: { PATH: process.env["PATH"], HGRCPATH: "" } });
  for (const name of ["a", "b", "c"]) commit(folder, name);
  return folder;
}

function commit(folder: string, name: string): void {
  writeFileSync(join(folder, name), `${name}\n`);
  hg(folder, "add", name);
  hg(folder, "commit", "-m", name);
}

async function factsOf(scratch: Scratch): Promise<RepositoryFacts> {
  const facts = (await scratch.check()).findings[0]?.facts;
  if (facts === undefined) throw new Error("no facts");
  return facts;
}

test("G35: changesets that were not pushed are counted by branch; the repository is not touched", async () => {
  using scratch = new Scratch();
  const folder = base(scratch);
  hg(folder, "branch", "stable");
  commit(folder, "d");
  const before = scratch.fingerprint();
  const facts = await factsOf(scratch);
  expect(facts.work.unpushed).toEqual({
    precision: "exact",
    value: 4,
    branches: [
      { name: "default", ahead: 3, unique: 3 },
      { name: "stable", ahead: 1, unique: 1 },
    ],
  });
  const oid = hg(folder, "log", "-r", ".", "--template", "{node}");
  expect(facts.head).toEqual({ kind: "branch", branch: "stable", oid });
  expect(facts.engine).toMatchObject({ name: "hg", degraded: [] });
  expect(scratch.fingerprint()).toBe(before);
});

test("G35: what was pushed is public, what is secret was not pushed", async () => {
  using scratch = new Scratch();
  const folder = base(scratch);
  const other = join(scratch.root, "other");
  mkdirSync(other);
  execFileSync("hg", ["init", other], { env: { PATH: process.env["PATH"], HGRCPATH: "" } });
  hg(folder, "push", other);
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({ precision: "exact", value: 0 });
  commit(folder, "d");
  hg(folder, "phase", "--secret", "--force", "-r", ".");
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({ precision: "exact", value: 1 });
});

test("G35: a share tells the drafts of the repository that it belongs to", async () => {
  using scratch = new Scratch();
  const folder = base(scratch, "owner");
  hg(folder, "--config", "extensions.share=", "share", folder, scratch.at("second"));
  const report = await scratch.check();
  expect(brief(report)).toEqual(["owner hg dir live refuse", "second hg share live refuse"]);
  for (const { facts } of report.findings) {
    expect(facts?.work.unpushed).toMatchObject({ precision: "exact", value: 3 });
  }
});

test("G35: an empty repository has nothing to push", async () => {
  using scratch = new Scratch();
  execFileSync("hg", ["init", scratch.top], { env: { PATH: process.env["PATH"], HGRCPATH: "" } });
  const facts = await factsOf(scratch);
  expect(facts.head).toEqual({ kind: "unborn", branch: "default" });
  expect(facts.work.unpushed).toEqual({ precision: "exact", value: 0, branches: [] });
});

test("G36: without the program drafts are not counted, and that is a risk", async () => {
  using scratch = new Scratch();
  base(scratch);
  const report = await scratch.check(scratch.top, { engine: "none" });
  expect(report.findings[0]?.facts?.work.unpushed).toMatchObject({
    precision: "notComputed",
    reason: "not-examined",
  });
  expect(verdictOf(report)).toBe("risk");
});

test("A13: no extension and no hook of a Mercurial repository is run", async () => {
  using scratch = new Scratch();
  const folder = base(scratch);
  const canary = join(scratch.root, "canary");
  scratch.write("extension.py", `open(${JSON.stringify(canary)}, "w").close()\n`);
  scratch.write(
    ".hg/hgrc",
    `[extensions]\ncanary = ${join(folder, "extension.py")}\n[hooks]\npre-log = touch ${canary}\n[alias]\nlog = !touch ${canary}\n[ui]\nusername = x\n`,
  );
  const before = scratch.fingerprint();
  expect((await factsOf(scratch)).work.unpushed).toMatchObject({ precision: "exact", value: 3 });
  expect(existsSync(canary)).toBe(false);
  expect(scratch.fingerprint()).toBe(before);
  hg(folder, "status");
  expect(existsSync(canary), "hg by itself would have run it").toBe(true);
});

test("G35: a history that cannot be understood is no number, and no damage", async () => {
  using scratch = new Scratch();
  base(scratch);
  scratch.write(".hg/store/00changelog.i", "rubbish");
  const [finding] = (await scratch.check()).findings;
  expect(finding?.facts?.work.unpushed).toMatchObject({
    precision: "notComputed",
    reason: "hg-failed",
  });
  expect(finding?.damage).toEqual([]);
});
