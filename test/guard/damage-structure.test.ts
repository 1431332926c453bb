import {
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { find, codes, loose, pathOf, rev, packed } from "./damaged.ts";
import { git, now, Scratch } from "./repositories.ts";

describe("G40 tier 1", () => {
  type Break = (scratch: Scratch) => void;
  const cases: readonly (readonly [string, string, string, Break])[] = [
    [
      "junk below refs",
      "junk-file",
      "refs/heads/desktop.ini",
      (scratch) => scratch.write(".git/refs/heads/desktop.ini", "[.ShellClassInfo]"),
    ],
    [
      "junk below objects",
      "junk-file",
      "objects/.DS_Store",
      (scratch) => scratch.write(".git/objects/.DS_Store", "x"),
    ],
    [
      "junk beside packs",
      "junk-file",
      "objects/pack/Icon\r",
      (scratch) => scratch.write(".git/objects/pack/Icon\r", ""),
    ],
    [
      "an empty ref",
      "ref-unreadable",
      "refs/heads/main",
      (scratch) => truncateSync(scratch.at(".git/refs/heads/main")),
    ],
    [
      "a ref of zeros",
      "ref-unreadable",
      "refs/heads/main",
      (scratch) => scratch.write(".git/refs/heads/main", "\0".repeat(41)),
    ],
    [
      "packed refs that were cut",
      "ref-unreadable",
      "packed-refs",
      (scratch) => {
        git(scratch.top, "pack-refs", "--all");
        truncateSync(scratch.at(".git/packed-refs"), 70);
      },
    ],
    [
      "an unborn branch that has a reflog",
      "refs-lost",
      "refs/heads/main",
      (scratch) => unlinkSync(scratch.at(".git/refs/heads/main")),
    ],
    [
      "packed refs that are gone",
      "refs-lost",
      "refs/heads/topic",
      (scratch) => {
        git(scratch.top, "branch", "topic");
        git(scratch.top, "pack-refs", "--all");
        scratch.commit(scratch.top, "more");
        unlinkSync(scratch.at(".git/packed-refs"));
      },
    ],
    [
      "an empty object",
      "object-empty",
      "",
      (scratch) => {
        const path = pathOf(scratch, rev(scratch, "HEAD~2:file1"));
        rmSync(path);
        writeFileSync(path, "");
      },
    ],
    [
      "a misnamed object",
      "object-misnamed",
      "",
      (scratch) => {
        const [first = ""] = loose(scratch);
        renameSync(
          scratch.at(`.git/objects/${first}`),
          scratch.at(`.git/objects/${first.slice(0, -4)}`),
        );
      },
    ],
    [
      "a copied object",
      "conflict-copy-object",
      "",
      (scratch) => {
        const [first = ""] = loose(scratch);
        copyFileSync(scratch.at(`.git/objects/${first}`), scratch.at(`.git/objects/${first} (1)`));
      },
    ],
    [
      "a copied folder of objects",
      "conflict-copy-object",
      "objects/pack 2",
      (scratch) => mkdirSync(scratch.at(".git/objects/pack 2")),
    ],
    [
      "a pack without its index",
      "pack-without-index",
      "",
      (scratch) => unlinkSync(packed(scratch).replace(".pack", ".idx")),
    ],
    [
      "an index without its pack",
      "index-without-pack",
      "",
      (scratch) => unlinkSync(packed(scratch)),
    ],
    [
      "a copied index of the work tree",
      "conflict-copy-file",
      "index (1)",
      (scratch) => copyFileSync(scratch.at(".git/index"), scratch.at(".git/index (1)")),
    ],
    [
      "a copied HEAD",
      "conflict-copy-file",
      "HEAD (Case Conflict)",
      (scratch) => copyFileSync(scratch.at(".git/HEAD"), scratch.at(".git/HEAD (Case Conflict)")),
    ],
  ];
  test.each(cases.map(([what, code, path, breakIt]) => ({ what, code, path, breakIt })))(
    "$what: $code",
    { timeout: 60_000 },
    async ({ code, path, breakIt }) => {
      using scratch = new Scratch();
      scratch.base();
      breakIt(scratch);
      const { damage } = await find(scratch);
      const found = damage.filter((one) => one.code === code);
      expect(found, codes(damage).join(" ")).toHaveLength(1);
      expect(found[0]).toMatchObject({ tier: 1, severity: "damage" });
      if (path !== "") expect(found[0]?.path).toBe(path);
      expect(found[0]?.detail).toMatch(/\. |: /u);
    },
  );

  test("a pack that is being written is no damage", async () => {
    using scratch = new Scratch();
    scratch.base();
    const pack = packed(scratch);
    copyFileSync(pack, pack.replace(/\w{8}\.pack/u, "00000000.pack"));
    utimesSync(pack.replace(/\w{8}\.pack/u, "00000000.pack"), now / 1000, (now - 1000) / 1000);
    expect((await find(scratch)).damage).toEqual([]);
  });

  test("numbered files that people make beside hooks are none of its business", async () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write(".git/hooks/pre-commit.sample (1)", "");
    scratch.write(".git/notes 2", "");
    expect((await find(scratch)).damage).toEqual([]);
  });
});

describe("G41: hints are no damage", () => {
  test("A12: an old lock, and the gc.pid of another computer", async () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write(".git/index.lock", "");
    utimesSync(scratch.at(".git/index.lock"), now / 1000, now / 1000 - 7200);
    scratch.write(".git/gc.pid", "4711 laptop");
    const { damage, facts } = await find(scratch);
    expect(damage.map(({ code, severity, path }) => [code, severity, path])).toEqual([
      ["foreign-lock", "hint", "index.lock"],
      ["foreign-lock", "hint", "gc.pid"],
    ]);
    expect(facts?.locks.map(({ path }) => path)).toEqual(["index.lock", "gc.pid"]);
    expect(existsSync(scratch.at(".git/index.lock")) && existsSync(scratch.at(".git/gc.pid"))).toBe(
      true,
    );
  });

  test("a lock of this moment, and a gc.pid of this computer, are none", async () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write(".git/index.lock", "");
    utimesSync(scratch.at(".git/index.lock"), now / 1000, now / 1000 - 60);
    scratch.write(".git/gc.pid", "4711 DESK");
    expect((await find(scratch)).damage).toEqual([]);
  });

  test("a worktree elsewhere, and an index that is missing", async () => {
    using scratch = new Scratch();
    scratch.base();
    git(scratch.top, "worktree", "add", "-q", "-b", "topic", join(scratch.root, "wt"));
    rmSync(join(scratch.root, "wt"), { recursive: true });
    unlinkSync(scratch.at(".git/index"));
    expect(codes((await find(scratch)).damage)).toEqual(["index-missing", "worktree-missing"]);
  });
});
