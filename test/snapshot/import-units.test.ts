import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { UnitFacts } from "../../src/core/snapshot/unit.ts";
import { Scratch, git } from "../guard/repositories.ts";
import { isContent } from "../guard/units.ts";
import { end, exported, good, imported, linesOf, member, resultOf } from "./made-archives.ts";
import { ScratchStore, damageOf } from "./scratch-store.ts";
import { sourceOf, writeOut } from "./unit-worlds.ts";

vi.setConfig({ testTimeout: 120_000 });

const manual = { reason: "manual" } as const;

/** A folder with a repository, a bare one and a worktree that leads to the first. */
function repositories(scratch: Scratch): string {
  const folder = scratch.base("r");
  git(scratch.top, "clone", "-q", "--bare", folder, scratch.at("b.git"));
  git(folder, "worktree", "add", "-q", scratch.at("w"), "-b", "other");
  return folder;
}

test("N58, N59: another store has the same repositories from an archive, whole", async () => {
  using scratch = new Scratch();
  using here = new ScratchStore();
  using there = new ScratchStore();
  repositories(scratch);
  const store = await here.open();
  const { root } = await store.capture(sourceOf(scratch), manual);
  expect(root.git).toHaveLength(2);
  const other = await there.open();
  const copy = await imported(other, await exported(store, root));
  expect(copy.git).toEqual(root.git);
  expect(copy).toMatchObject({ completeness: "full", counts: root.counts, left: { count: 0 } });
  expect(await linesOf(other, copy)).toEqual(await linesOf(store, root));
  await writeOut(other, { root: copy, unit: "r/.git", into: join(scratch.root, "out") });
  expect(isContent(join(scratch.root, "out"))).toBe(true);
  expect(await damageOf(other, 2)).toEqual([]);
});

test("N58, N59: an archive of changes and one of some paths give the repositories that are in them", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const folder = repositories(scratch);
  const store = await stored.open();
  const { root: first } = await store.capture(sourceOf(scratch), manual);
  scratch.commit(folder, "more");
  const { root: second } = await store.capture(sourceOf(scratch), manual);
  const changes = await imported(store, await exported(store, second, { since: first }), {
    base: first,
  });
  expect(changes.git).toEqual(second.git);
  expect(await linesOf(store, changes)).toEqual(await linesOf(store, second));
  const some = await imported(store, await exported(store, second, { paths: ["r"] }));
  expect(some.git).toEqual(second.git?.filter(({ id }) => id === "r/.git"));
  const part = await imported(store, await exported(store, second, { paths: ["r/.git/refs"] }));
  expect(part).toMatchObject({ git: [], left: { count: 0 } });
});

test("X12: an archive of changes on top of a snapshot that lacks its repository is refused", async () => {
  using scratch = new Scratch();
  using stored = new ScratchStore();
  const store = await stored.open();
  scratch.write("file", "one");
  const { root: without } = await store.capture(sourceOf(scratch), manual);
  const folder = repositories(scratch);
  const { root: first } = await store.capture(sourceOf(scratch), manual);
  scratch.commit(folder, "more");
  const { root: second } = await store.capture(sourceOf(scratch), manual);
  const bytes = await exported(store, second, { since: first });
  await expect(imported(store, bytes, { base: without })).rejects.toMatchObject({
    code: "damaged",
    message: expect.stringContaining("contradicts itself") as string,
  });
});

test("N59: what another program has put into an archive as .git and .hg is a repository that nobody has checked", async () => {
  const folder = (name: string): Buffer => member({ name, type: "Directory" });
  const { root, entries } = await resultOf(
    Buffer.concat([
      member({ name: "./r/.git/HEAD", content: "ref: refs/heads/main\n" }),
      folder("r/.git/refs/"),
      member({ name: "r/.gitignore", content: "*.o" }),
      folder("h/.hg/"),
      member({ name: "w/.git", content: "gitdir: ../r/.git" }),
      member({ name: "l/.git", type: "SymbolicLink", target: "../r/.git" }),
      end,
    ]),
  );
  const unverified = { consistency: "unverified", movedDuring: false };
  expect(root.git).toMatchObject([
    { id: "h/.hg", vcs: "hg", ...unverified },
    { id: "r/.git", vcs: "git", ...unverified },
  ]);
  const units = entries.filter(({ unit }) => unit !== undefined);
  expect(units.map(({ path, unit }) => [path, unit])).toEqual([
    ["h/.hg", "h/.hg"],
    ["r/.git", "r/.git"],
    ["r/.git/HEAD", "r/.git"],
    ["r/.git/refs", "r/.git"],
    ["w/.git", "w/.git"],
  ]);
  expect((await resultOf(Buffer.concat([good, end]))).root.git).toBeUndefined();
});

test("N59: a repository of which something is refused is torn", async () => {
  const { root, left } = await resultOf(
    Buffer.concat([
      member({ name: "./r/.git/HEAD", content: "ref: refs/heads/main\n" }),
      member({ name: "./r/.git/hooks", type: "SymbolicLink", target: "/usr/share/hooks" }),
      end,
    ]),
  );
  expect(left).toEqual(["r/.git/hooks: Refused: the link leads out of the archive"]);
  expect(root.git).toMatchObject([{ id: "r/.git", consistency: "torn" }]);
  expect(root.git?.[0]?.reasons[0]).toBe("hooks: Refused: the link leads out of the archive");
});

const unit: UnitFacts = {
  id: "r/.git",
  vcs: "git",
  consistency: "verified",
  reasons: [],
  movedDuring: false,
};

type Line = { readonly p: string; readonly g?: string };

/** An archive of ours with folders for entries, and what its root tells. */
function ours(lines: readonly Line[], git: readonly unknown[] | undefined): Buffer {
  const manifest = lines.map((line) => `${JSON.stringify({ ...line, t: "d" })}\n`).join("");
  const about = JSON.stringify({ format: 1, snapshot: { side: "local", git } });
  return Buffer.concat([
    member({ name: ".snap/manifest.jsonl", content: manifest }),
    member({ name: ".snap/export.json", content: about }),
    ...lines.map(({ p }) => member({ name: `${p}/`, type: "Directory" })),
    end,
  ]);
}

const top: readonly Line[] = [{ p: "r" }, { p: "r/.git", g: "r/.git" }];

describe("X12: an archive that contradicts itself about a repository is refused as a whole", () => {
  test.each<[string, readonly Line[], readonly unknown[] | undefined]>([
    ["one that is not in it", [{ p: "r" }], [unit]],
    ["one whose folder is no part of it", [{ p: "r" }, { p: "r/.git" }], [unit]],
    ["one told twice", top, [unit, unit]],
    ["a part that says it is none", [...top, { p: "r/.git/refs" }], [unit]],
    ["a part of another inside", [...top, { p: "r/.git/m", g: "r/.git/m" }], [unit]],
    ["a part of one that is none", [{ p: "r" }, { p: "r/.git", g: "r" }], []],
    ["a part of one that nobody tells of", [{ p: "r" }, { p: "r/.git", g: "r" }], undefined],
    ["a place that climbs", top, [{ ...unit, id: "../../etc" }]],
    ["an absolute place", top, [{ ...unit, id: "/etc" }]],
    ["the whole archive", top, [{ ...unit, id: "" }]],
    ["a folder of ours", top, [{ ...unit, id: ".snap/store" }]],
    ["another word", top, [{ ...unit, consistency: "perfect" }]],
  ])("%s", async (_what, lines, told) => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    await expect(imported(store, ours(lines, told))).rejects.toMatchObject({
      code: "damaged",
      exit: 5,
    });
    expect(await store.list()).toEqual([]);
  });
});

test("N59: an archive of ours that tells less of its repositories than it holds is taken, and they count as not checked", async () => {
  expect((await resultOf(ours(top, [unit]))).root.git).toEqual([unit]);
  const untold = { id: "r/.git", consistency: "unverified" };
  expect((await resultOf(ours(top, []))).root.git).toMatchObject([untold]);
  expect((await resultOf(ours(top, undefined))).root.git).toMatchObject([untold]);
  expect((await resultOf(ours([{ p: "r" }], undefined))).root.git).toBeUndefined();
  expect((await resultOf(ours([{ p: "r" }], []))).root.git).toEqual([]);
});

test("X12: a repository whose name is refused is left aside with its facts", async () => {
  const id = "r\\x/.git";
  const lines = [{ p: "r\\x" }, { p: id, g: id }, { p: `${id}/refs`, g: id }];
  const { root, left, paths } = await resultOf(ours(lines, [{ ...unit, id }]));
  expect(paths).toEqual([]);
  expect(left).toHaveLength(3);
  expect(root).toMatchObject({ git: [], completeness: "partial" });
});
