import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  hasNoChecksum,
  indexEntries,
  indexExtensions,
  indexFrame,
  type IndexEntry,
} from "../../src/guard/index-file.ts";
import { git, Scratch } from "./repositories.ts";

const reading = { hashBytes: 20 } as const;

function read(bytes: Buffer): { entries: IndexEntry[]; end: number | undefined } {
  const entries: IndexEntry[] = [];
  const all = indexEntries(bytes, reading);
  let step = all.next();
  for (; step.done !== true; step = all.next()) entries.push(step.value);
  return { entries, end: step.value };
}

/** As `git ls-files --stage -z` tells them. */
function staged(entries: readonly IndexEntry[]): string {
  return entries
    .map(
      ({ mode, oid, stage, path }) => `${mode.toString(8)} ${oid} ${stage}\t${path.toString()}\0`,
    )
    .join("");
}

function filled(scratch: Scratch): string {
  const folder = scratch.folder(".");
  git(folder, "init", "-q", "-b", "main");
  // Paths of every length modulo eight, with long common starts.
  for (let length = 1; length < 20; length += 1) {
    const path = `${"d/".repeat(length % 3)}${"n".repeat(length)}`;
    scratch.write(path, path);
    git(folder, "add", path);
  }
  scratch.write("bytes/ümlaut\n", "x");
  git(folder, "add", ".");
  return folder;
}

test.each([2, 3, 4])("G30: entries of an index of version %i are those of git", (version) => {
  using scratch = new Scratch();
  const folder = filled(scratch);
  git(folder, "update-index", "--index-version", String(version));
  if (version === 3) {
    scratch.write("later", "x");
    git(folder, "add", "--intent-to-add", "later");
    git(folder, "update-index", "--skip-worktree", "nnnnnn");
    git(folder, "update-index", "--assume-unchanged", "nnn");
  }
  const bytes = readFileSync(scratch.at(".git/index"));
  const { entries, end } = read(bytes);
  expect(indexFrame(bytes)).toEqual({ version, count: entries.length });
  expect(staged(entries)).toBe(git(folder, "ls-files", "--stage", "-z"));
  expect(indexExtensions(bytes, end ?? 0, reading)).toEqual([]);
  expect(hasNoChecksum(bytes, reading)).toBe(false);
  const names = (keep: (entry: IndexEntry) => boolean): string[] =>
    entries.filter(keep).map(({ path }) => path.toString());
  expect(names(({ intentToAdd }) => intentToAdd)).toEqual(version === 3 ? ["later"] : []);
  expect(names(({ skipWorktree }) => skipWorktree)).toEqual(version === 3 ? ["nnnnnn"] : []);
  expect(names(({ assumeValid }) => assumeValid)).toEqual(version === 3 ? ["nnn"] : []);
});

test("G30: extensions are named", () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  git(folder, "update-index", "--untracked-cache");
  const bytes = readFileSync(scratch.at(".git/index"));
  expect(indexExtensions(bytes, read(bytes).end ?? 0, reading)).toEqual(["TREE", "UNTR"]);
});

test("G4: an index that is cut off anywhere has no end, and none makes the reader fail", () => {
  using scratch = new Scratch();
  const folder = filled(scratch);
  for (const version of [2, 4]) {
    git(folder, "update-index", "--index-version", String(version));
    const bytes = readFileSync(scratch.at(".git/index"));
    for (let length = 0; length < bytes.length; length += 1) {
      const { end } = read(bytes.subarray(0, length));
      expect(end, `${version} ${length}`).toBeUndefined();
    }
    const wild = Buffer.from(bytes);
    for (let at = 12; at < wild.length; at += 7) wild[at] = 0xff;
    expect(() => read(wild)).not.toThrow();
  }
});

test("G36: with an index that cannot be read no file is counted", async () => {
  using scratch = new Scratch();
  scratch.base();
  const bytes = readFileSync(scratch.at(".git/index"));
  writeFileSync(scratch.at(".git/index"), bytes.subarray(0, 100));
  for (const engine of ["auto", "git", "isomorphic-git", "none"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    expect(finding?.facts?.work.unstaged.precision).toBe("notComputed");
    expect(finding?.facts?.work.conflicted.precision).toBe("notComputed");
    expect(finding?.atRisk).toBe(true);
  }
});
