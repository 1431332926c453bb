import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { findProgram } from "../../src/guard/shadow-git.ts";
import { Scratch, git, gitEnvironment } from "../guard/repositories.ts";
import { isContent } from "../guard/units.ts";
import { ScratchStore, all, damageOf } from "./scratch-store.ts";
import { sourceOf, writeOut } from "./unit-worlds.ts";

vi.setConfig({ testTimeout: 300_000 });

const manual = { reason: "manual" } as const;

test("N43, N46: a repository comes out of the store whole, with its empty folders", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  scratch.base("r");
  git(scratch.at("r"), "gc", "-q", "--prune=now");
  const store = await stored.open();
  const { root } = await store.capture(sourceOf(scratch), manual);

  expect(root.git).toMatchObject([{ id: "r/.git", vcs: "git", consistency: "verified" }]);
  expect(root).toMatchObject({ completeness: "full", left: { count: 0 } });
  const entries = await all(store.entries(root.id));
  expect(entries.map(({ path }) => path)).toContain("r/.git/refs/heads");
  for (const { path, unit } of entries)
    expect(unit, path).toBe(path.startsWith("r/.git") ? "r/.git" : undefined);
  await writeOut(store, { root, unit: "r/.git", into: join(scratch.root, "out") });
  expect(isContent(join(scratch.root, "out"))).toBe(true);
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N43: bare repositories, worktrees, submodules and repositories that are synced are units", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  scratch.base("r");
  const from = scratch.at("r");
  git(scratch.top, "clone", "-q", "--bare", from, scratch.at("b.git"));
  git(from, "worktree", "add", "-q", scratch.at("w"), "-b", "other");
  scratch.base("s");
  git(
    scratch.at("s"),
    "-c",
    "protocol.file.allow=always",
    "submodule",
    "--quiet",
    "add",
    from,
    "m",
  );
  const store = await stored.open();
  const { root } = await store.capture(sourceOf(scratch, { synced: true }), manual);

  expect(root.git?.map(({ id, consistency }) => `${id} ${consistency}`)).toEqual([
    "b.git verified",
    "r/.git verified",
    "s/.git verified",
  ]);
  for (const unit of ["b.git", "r/.git", "s/.git"]) {
    const into = join(scratch.root, "out");
    await writeOut(store, { root, unit, into });
    expect(isContent(into), unit).toBe(true);
  }
  await writeOut(store, { root, unit: "s/.git", into: join(scratch.root, "sub") });
  expect(isContent(join(scratch.root, "sub/modules/m"))).toBe(true);
  const pointers = (await all(store.entries(root.id))).filter(
    ({ path, type }) => type === "file" && /(?:^|\/)\.git$/u.test(path),
  );
  expect(pointers.map(({ path, unit }) => [path, unit])).toEqual([
    ["s/m/.git", "s/m/.git"],
    ["w/.git", "w/.git"],
  ]);
});

test("N43: a repository of Mercurial is a unit", async (context) => {
  const hg = findProgram("hg", process.env["PATH"], "/nonexistent");
  if (hg === undefined) return context.skip();
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const run = (cwd: string, ...words: string[]): string =>
    execFileSync(hg, words, { cwd, encoding: "utf8", env: { ...process.env, HGRCPATH: "" } });
  run(scratch.top, "init", "h");
  scratch.write("h/a", "one");
  run(scratch.at("h"), "commit", "-q", "-A", "-m", "one", "-u", "a");
  const store = await stored.open();
  const { root } = await store.capture(sourceOf(scratch), manual);
  expect(root.git).toMatchObject([{ id: "h/.hg", vcs: "hg", consistency: "verified" }]);
  mkdirSync(join(scratch.root, "out"));
  await writeOut(store, { root, unit: "h/.hg", into: join(scratch.root, "out/.hg") });
  expect(run(join(scratch.root, "out"), "log", "-T", "{desc}")).toBe("one");
});

test("N39: looking at a repository makes no new snapshot, and a commit does", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const folder = scratch.base("r");
  const store = await stored.open();
  const first = await store.capture(sourceOf(scratch), manual);
  utimesSync(join(folder, ".git/index"), 1_800_000_000, 1_800_000_000);
  utimesSync(join(folder, ".git"), 1_800_000_000, 1_800_000_000);
  git(folder, "status");
  const second = await store.capture(sourceOf(scratch), manual);
  expect(second).toEqual({ root: first.root, created: false });
  scratch.commit(folder, "more");
  const third = await store.capture(sourceOf(scratch), manual);
  expect(third.created).toBe(true);
});

test("N45: a repository without an object that it names is torn, and the snapshot is made", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const folder = scratch.base("r");
  const oid = git(folder, "rev-parse", "HEAD:file1").trim();
  const place = join(folder, ".git/objects", oid.slice(0, 2), oid.slice(2));
  renameSync(place, join(scratch.root, "away"));
  const store = await stored.open();
  const torn = await store.capture(sourceOf(scratch), manual);
  expect(torn.root.git).toMatchObject([{ id: "r/.git", consistency: "torn" }]);
  expect(torn.root.git?.[0]?.reasons).not.toEqual([]);
  expect(await store.capture(sourceOf(scratch), manual)).toMatchObject({ created: false });
  renameSync(join(scratch.root, "away"), place);
  const whole = await store.capture(sourceOf(scratch), manual);
  expect(whole).toMatchObject({ created: true, root: { git: [{ consistency: "verified" }] } });
});

test("N23: names that are no text come back byte by byte, and two of them never fall together", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const folder = scratch.base("r");
  const names = ["\ufffdff", "new\nline", 'qu"ote', "\\xff"].map((name) => Buffer.from(name));
  names.push(Buffer.from([0xff]), Buffer.from([0xff, 0x66]), Buffer.from([0x61, 0xfe]));
  for (const name of names) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/.git/`), name]), name);
  }
  const store = await stored.open();
  const { root } = await store.capture(sourceOf(scratch), manual);
  expect(root.git).toMatchObject([{ consistency: "verified" }]);
  const entries = (await all(store.entries(root.id))).filter(({ unit }) => unit !== undefined);
  const found = entries.map(({ path, pathBytes }) =>
    (pathBytes === undefined ? Buffer.from(path) : Buffer.from(pathBytes, "base64")).toString(
      "hex",
    ),
  );
  for (const name of names) {
    expect(found).toContain(Buffer.concat([Buffer.from("r/.git/"), name]).toString("hex"));
  }
  expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length);
});

test("N44, A16: captures amid commits and `gc --prune=now` come out of the store whole, or are marked torn", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const folder = scratch.base("r");
  const loop =
    "n=0; while kill -0 $PPID 2>/dev/null; do n=$((n+1)); echo $n > f; git add f; git commit -qm $n; git gc -q --prune=now; done";
  const busy = spawn("sh", ["-c", loop], { cwd: folder, env: gitEnvironment, stdio: "ignore" });
  const store = await stored.open();
  let whole = 0;
  try {
    for (let count = 0; count < 30; count += 1) {
      const { root } = await store.capture(sourceOf(scratch), { ...manual, force: true });
      const unit = root.git?.[0];
      expect(unit?.id).toBe("r/.git");
      const into = join(scratch.root, "out");
      await writeOut(store, { root, unit: "r/.git", into });
      const isWhole = isContent(into);
      if (unit?.consistency === "torn") continue;
      expect(isWhole, `capture ${count}: ${JSON.stringify(unit)}`).toBe(true);
      whole += 1;
    }
  } finally {
    busy.kill();
    await once(busy, "exit");
  }
  expect(whole).toBeGreaterThan(15);
});
