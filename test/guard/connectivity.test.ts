import { appendFileSync, copyFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import { find, codes, pathOf, rev, flip } from "./damaged.ts";
import { git, Scratch } from "./repositories.ts";

describe("G40 tier 3", () => {
  const engines = [
    ["with Git", process.env["PATH"]],
    ["without Git", ""],
  ] as const;

  describe.each(engines)("%s", (engine, path) => {
    const deep = (scratch: Scratch): Promise<GuardFinding> => find(scratch, { deep: true, path });

    test.each([
      ["blob-missing", "HEAD~2:file1"],
      ["tree-missing", "HEAD~1^{tree}"],
      ["commit-missing", "HEAD~2"],
    ])("%s", { timeout: 60_000 }, async (code, name) => {
      using scratch = new Scratch();
      scratch.base();
      writeFileSync(scratch.at("file1"), "changed");
      git(scratch.top, "commit", "-qam", "changed");
      scratch.commit(scratch.top, "more");
      git(scratch.top, "rm", "-q", "file1");
      git(scratch.top, "commit", "-qm", "removed");
      const oid = rev(scratch, name);
      unlinkSync(pathOf(scratch, oid));
      expect((await find(scratch)).damage, "tiers 1 and 2 do not see it").toEqual([]);
      const { damage, integrity } = await deep(scratch);
      expect(damage).toMatchObject([
        { code, tier: 3, path: `objects/${oid.slice(0, 2)}/${oid.slice(2)}` },
      ]);
      expect(damage[0]?.detail).toContain(oid);
      expect(integrity?.connectivity, engine).toEqual({ checked: "all" });
    });

    test("staged content is followed, too", { timeout: 60_000 }, async () => {
      using scratch = new Scratch();
      scratch.base();
      scratch.write("staged", "staged");
      git(scratch.top, "add", "staged");
      unlinkSync(pathOf(scratch, rev(scratch, ":staged")));
      expect(codes((await deep(scratch)).damage)).toEqual(["blob-missing"]);
    });

    test(
      "what only an older stash or another worktree has is followed",
      { timeout: 60_000 },
      async () => {
        using scratch = new Scratch();
        scratch.base();
        for (const text of ["one", "two"]) {
          writeFileSync(scratch.at("file1"), text);
          git(scratch.top, "stash", "-q");
        }
        git(scratch.top, "worktree", "add", "-q", "--detach", join(scratch.root, "wt"));
        scratch.commit(join(scratch.root, "wt"), "there");
        const lost = [
          git(scratch.top, "rev-parse", "stash@{1}:file1").trim(),
          git(join(scratch.root, "wt"), "rev-parse", "HEAD:there").trim(),
        ];
        for (const oid of lost) unlinkSync(pathOf(scratch, oid));
        const { damage } = await deep(scratch);
        expect(codes(damage)).toEqual(["blob-missing"]);
        expect(damage).toHaveLength(2);
      },
    );

    test(
      "object-corrupt: a commit of the history cannot be unpacked",
      { timeout: 60_000 },
      async () => {
        using scratch = new Scratch();
        scratch.base();
        const oid = rev(scratch, "HEAD~1");
        flip(pathOf(scratch, oid), 20);
        const { damage } = await deep(scratch);
        expect(codes(damage)).toContain("object-corrupt");
        expect(JSON.stringify(damage)).toContain(oid);
      },
    );
  });

  test("content that is not what was written is found by Git", { timeout: 60_000 }, async () => {
    using scratch = new Scratch();
    scratch.base();
    const [one, other] = [
      pathOf(scratch, rev(scratch, "HEAD:file1")),
      pathOf(scratch, rev(scratch, "HEAD:file2")),
    ];
    rmSync(one);
    copyFileSync(other, one);
    const { damage } = await find(scratch, { deep: true });
    expect(codes(damage)).toEqual(["object-corrupt"]);
  });

  test("is looked at by itself after a sign of damage", { timeout: 60_000 }, async () => {
    using scratch = new Scratch();
    scratch.base();
    unlinkSync(pathOf(scratch, rev(scratch, "HEAD~1")));
    expect((await find(scratch)).integrity?.connectivity).toEqual({
      checked: "none",
      reason: "not-asked",
    });
    appendFileSync(scratch.at(".git/refs/heads/desktop.ini"), "x");
    const { damage, integrity } = await find(scratch);
    expect(codes(damage)).toEqual(["commit-missing", "junk-file"]);
    expect(integrity?.connectivity).toEqual({ checked: "all" });
  });
});
