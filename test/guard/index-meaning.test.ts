import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { dirstateMeaning, indexMeaning } from "../../src/guard/index-meaning.ts";
import { git } from "./repositories.ts";

class Work implements Disposable {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), "snap-index-"));

  write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  /** The file has another time, and what was noted of it no longer fits. */
  touch(name: string): void {
    utimesSync(path.join(this.folder, name), 5, 5);
  }

  read(name: string): Buffer {
    return readFileSync(path.join(this.folder, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

test.each(["sha1", "sha256"])(
  "an index of %s says the same after a look at the files",
  (format) => {
    using work = new Work();
    const run = (...words: readonly string[]): string => git(work.folder, ...words);
    const meaning = (): string | undefined => indexMeaning(work.read(".git/index"));
    run("init", "-q", `--object-format=${format}`);
    work.write("a", "1");
    run("add", "a");
    const [before, bytes] = [meaning(), work.read(".git/index")];
    expect(before).toMatch(/^[0-9a-f]{64}$/u);
    work.touch("a");
    run("update-index", "-q", "--refresh");
    expect(work.read(".git/index").equals(bytes)).toBe(false);
    expect(meaning()).toBe(before);
    run("update-index", "--assume-unchanged", "a");
    const assumed = meaning();
    run("update-index", "--no-assume-unchanged", "--index-version", "4", "a");
    expect(meaning()).toBe(before);
    work.write("b", "");
    run("add", "-N", "b");
    const added = meaning();
    work.write("a", "2");
    run("add", "a");
    expect(new Set([before, assumed, added, meaning()]).size).toBe(4);
  },
);

test("of an index that is cut off, changed, or lies in two files, nothing is said", () => {
  using work = new Work();
  git(work.folder, "init", "-q");
  work.write("a", "1");
  git(work.folder, "add", "a");
  const bytes = work.read(".git/index");
  const other = Buffer.from(bytes);
  other[20] = 77;
  for (const odd of [Buffer.alloc(0), Buffer.alloc(20), bytes.subarray(0, -3), other]) {
    expect(indexMeaning(odd)).toBeUndefined();
  }
  git(work.folder, "update-index", "--split-index");
  expect(indexMeaning(work.read(".git/index"))).toBeUndefined();
});

test("a dirstate of Mercurial says the same after a look at the files", () => {
  using work = new Work();
  const hg = (...words: readonly string[]): string =>
    execFileSync("hg", words, {
      cwd: work.folder,
      encoding: "utf8",
      env: { ...process.env, HGPLAIN: "1", HGRCPATH: "" },
    });
  const meaning = (): string | undefined => dirstateMeaning(work.read(".hg/dirstate"));
  hg("init", "--config", "format.use-dirstate-v2=no");
  work.write("a", "1");
  hg("commit", "-q", "-A", "-m", "one", "-u", "a");
  const bytes = work.read(".hg/dirstate");
  const before = meaning();
  expect(before).toMatch(/^[0-9a-f]{64}$/u);
  work.touch("a");
  hg("status");
  expect(work.read(".hg/dirstate").equals(bytes), "it was written").toBe(false);
  expect(meaning()).toBe(before);
  work.write("b", "1");
  hg("add", "-q", "b");
  expect(meaning()).not.toBe(before);
  expect(dirstateMeaning(bytes.subarray(0, -1))).toBeUndefined();
  expect(dirstateMeaning(Buffer.from("dirstate-v2\n".padEnd(60, "x")))).toBeUndefined();
});
