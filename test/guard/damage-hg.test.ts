import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import { guardExit } from "../../src/guard/report.ts";
import { Scratch } from "./repositories.ts";

function hg(folder: string, ...words: string[]): string {
  return execFileSync("hg", ["-R", folder, "--cwd", folder, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HGRCPATH: "", HGPLAIN: "1", HGUSER: "A <a@example.org>" },
  });
}

/** Two files in three changesets. */
function base(scratch: Scratch, ...config: string[]): void {
  const words = config.flatMap((one) => ["--config", one]);
  execFileSync("hg", ["init", ...words, scratch.top], {
    env: { PATH: process.env["PATH"], HGRCPATH: "" },
  });
  for (const [name, text] of [
    ["a.txt", "a"],
    ["Big (1).txt", "b"],
    ["a.txt", "more"],
  ] as const) {
    scratch.write(name, text.repeat(50));
    hg(scratch.top, "commit", "-A", "-q", "-m", name);
  }
}

async function find(scratch: Scratch): Promise<GuardFinding> {
  const before = scratch.fingerprint();
  const report = await scratch.check();
  expect(scratch.fingerprint()).toBe(before);
  const [finding] = report.findings;
  if (finding === undefined) throw new Error("no finding");
  expect(guardExit(report, "repo")).toBe(finding.damage.length > 0 ? 5 : 3);
  return finding;
}

function codes({ damage }: GuardFinding): string[] {
  return damage.map(({ code, path }) => `${code} ${path}`);
}

function cut(file: string, bytes: number): void {
  const whole = readFileSync(file);
  rmSync(file);
  writeFileSync(file, whole.subarray(0, whole.length - bytes));
}

/** Revlogs that are large have their data in a file of its own. */
function large(scratch: Scratch): void {
  for (let version = 0; version < 4; version += 1) {
    const lines = Array.from({ length: 9000 }, (_, line) => `${line * 7919 * (version + 1)}`);
    scratch.write("large", lines.join("\n"));
    hg(scratch.top, "commit", "-A", "-q", "-m", `large ${version}`);
  }
}

describe("G40: Mercurial", { timeout: 60_000 }, () => {
  test("a repository that nothing happened to has no damage", async () => {
    using scratch = new Scratch();
    base(scratch);
    scratch.write("File (conflicted copy 2024-05-01)", "tracked under that name");
    hg(scratch.top, "commit", "-A", "-q", "-m", "odd");
    large(scratch);
    expect(readdirSync(scratch.at(".hg/store/data"))).toContain("large.d");
    const finding = await find(scratch);
    expect(codes(finding)).toEqual([]);
    expect(finding.integrity?.structure).toEqual({ checked: "all" });
  });

  test("an empty one has none, and one of an old format", async () => {
    using scratch = new Scratch();
    execFileSync("hg", ["init", scratch.top], { env: { PATH: process.env["PATH"], HGRCPATH: "" } });
    expect(codes(await find(scratch))).toEqual([]);
    using old = new Scratch();
    base(old, "format.usefncache=no", "format.dotencode=no");
    expect(codes(await find(old))).toEqual([]);
  });

  test.each([
    ["00changelog.i", 10],
    ["00manifest.i", 1],
    ["data/a.txt.i", 5],
    ["data/large.d", 100],
    ["data/large.i", 20],
  ])("revlog-truncated: %s lacks %i bytes", async (name, bytes) => {
    using scratch = new Scratch();
    base(scratch);
    large(scratch);
    cut(scratch.at(`.hg/store/${name}`), bytes);
    const found = codes(await find(scratch));
    expect(found).toContain(`revlog-truncated store/${name.replace(/\.d$/u, ".i")}`);
  });

  test("revlog-truncated: a changelog of an earlier time beside newer files", async () => {
    using scratch = new Scratch();
    base(scratch);
    const earlier = readFileSync(scratch.at(".hg/store/00changelog.i"));
    scratch.write("a.txt", "newer");
    hg(scratch.top, "commit", "-q", "-m", "newer");
    writeFileSync(scratch.at(".hg/store/00changelog.i"), earlier);
    const found = codes(await find(scratch));
    expect(new Set(found)).toEqual(new Set(["revlog-truncated store/00changelog.i"]));
  });

  test.each([
    ["store/00manifest.i", "store/00manifest (HOST's conflicted copy 2024-05-01).i"],
    ["store/00changelog.i", "store/00changelog (1).i"],
    ["store/data/a.txt.i", "store/data/a.txt.sync-conflict-20240501-101112-ABCDEFG.i"],
    ["dirstate", "dirstate 2"],
  ])("conflict-copy-file: a copy of %s", async (name, copy) => {
    using scratch = new Scratch();
    base(scratch);
    copyFileSync(scratch.at(`.hg/${name}`), scratch.at(`.hg/${copy}`));
    expect(codes(await find(scratch))).toEqual([`conflict-copy-file ${copy}`]);
  });

  test("journal-left: only where nobody on this computer is at it", async () => {
    using scratch = new Scratch();
    base(scratch);
    scratch.write(".hg/store/journal", "");
    expect(codes(await find(scratch))).toEqual(["journal-left store/journal"]);
    symlinkSync("desk:4711", join(scratch.top, ".hg/store/lock"));
    expect(codes(await find(scratch))).toEqual([]);
  });
});
