import { cpSync, lstatSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { flushTree } from "../../src/guard/durable.ts";
import { captureUnit } from "../../src/guard/git-unit.ts";
import { keepCommits } from "../../src/guard/keep-commits.ts";
import { FolderSink } from "../../src/guard/unit-folder.ts";
import { git, Scratch } from "./repositories.ts";
import { gitdirOf, optionsOf, placeOf, recordingFlush } from "./units.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Files and folders, without links. */
function entriesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) => !lstatSync(join(root, path)).isSymbolicLink(),
  );
}

/** Nothing is durable before what it leads to. */
function expectOrder(flushed: readonly string[], paths: readonly string[]): void {
  for (const path of paths) {
    const folder = dirname(path) === "." ? "" : dirname(path);
    expect(flushed.lastIndexOf(path), path).toBeLessThan(flushed.lastIndexOf(folder));
  }
}

test("G52: what a captured repository is written to is durable when it is finished, with modes and times", async () => {
  using scratch = new Scratch();
  scratch.base();
  git(scratch.top, "gc", "-q");
  scratch.commit(scratch.top, "more");
  const into = join(scratch.root, "restored");
  const { flush, flushed } = recordingFlush(into);
  const seen = new Map<string, string>();
  const facts = (path: string): string => {
    const { mode, mtimeMs } = lstatSync(join(into, path));
    return `${mode} ${mtimeMs}`;
  };
  const sink = new FolderSink(Buffer.from(into), async (fd) => {
    await flush(fd);
    const path = flushed.at(-1) ?? "";
    seen.set(path, facts(path));
  });
  await captureUnit(placeOf(gitdirOf(scratch)), sink, optionsOf(scratch));
  await sink.finish();
  const entries = entriesOf(into);
  expect([...seen.keys()].toSorted()).toEqual(["", ...entries].toSorted());
  expectOrder(flushed, entries);
  for (const [path, fact] of seen) expect(fact, path).toBe(facts(path));
});

test("G53: what keeps the commits of the present repository is durable, each file before what leads to it", async () => {
  using scratch = new Scratch();
  scratch.base("r");
  const staged = join(scratch.root, "staged");
  cpSync(gitdirOf(scratch, "r"), staged, { recursive: true });
  const before = new Set(entriesOf(staged));
  git(scratch.at("r"), "checkout", "-q", "-b", "a/b");
  scratch.commit(scratch.at("r"), "later");
  const { flush, flushed } = recordingFlush(staged);
  const { git: find, ...options } = optionsOf(scratch);
  const gitdir = Buffer.from(gitdirOf(scratch, "r"));
  const { kept } = await keepCommits({
    ...options,
    staged: Buffer.from(staged),
    present: { gitdir, common: gitdir },
    id: "r1",
    git: await find(),
    flush,
  });
  const added = entriesOf(staged).filter((path) => !before.has(path));
  expect(kept.map(({ ref }) => ref)).toEqual(["refs/snap/before/r1/heads/a/b"]);
  expect(added).toContain("refs/snap/before/r1/heads/a/b");
  expectOrder(flushed, added);
  const places = [/\.pack$/u, /\.idx$/u, /^objects\/pack$/u, /^objects$/u, /a\/b$/u, /^refs$/u].map(
    (name) => flushed.findIndex((path) => name.test(path)),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("T40: a staged repository is flushed whole, each folder after what is in it, and no link is followed", async () => {
  using scratch = new Scratch();
  scratch.base();
  const into = join(scratch.root, "staged");
  cpSync(join(scratch.top, ".git"), into, { recursive: true });
  const entries = entriesOf(into);
  symlinkSync(scratch.top, join(into, "out"));
  const { flush, flushed } = recordingFlush(into);
  await flushTree(into, undefined, flush);
  expect(flushed.toSorted()).toEqual(["", ...entries].toSorted());
  expectOrder(flushed, entries);
});
