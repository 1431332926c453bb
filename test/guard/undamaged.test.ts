import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Extent } from "../../src/core/repo/finding.ts";
import { guardExit } from "../../src/guard/report.ts";
import { codes } from "./damaged.ts";
import { git, Scratch } from "./repositories.ts";

/** Git before 2.40 does not read an index without a checksum; the rest it follows. */
function isFollowed(extent: Extent): boolean {
  return extent.checked === "all" || extent.reason === "index-not-read";
}

describe("G41: a repository that nothing happened to has no damage", () => {
  type Make = (scratch: Scratch) => void;
  const bare = (scratch: Scratch): void => {
    scratch.base();
    git(scratch.root, "clone", "-q", "--bare", scratch.top, scratch.at("b.git"));
    rmSync(scratch.at(".git"), { recursive: true });
  };
  const cases: readonly (readonly [string, Make])[] = [
    ["loose objects", (scratch) => scratch.base()],
    [
      "packed objects and refs",
      (scratch) => {
        git(scratch.base(), "gc", "-q", "--prune=now");
      },
    ],
    [
      "an index of version 1",
      (scratch) => {
        git(scratch.base(), "-c", "pack.indexVersion=1", "repack", "-adq");
      },
    ],
    [
      "many packs and a multi-pack-index",
      (scratch) => {
        scratch.base();
        git(scratch.top, "repack", "-dq");
        scratch.commit(scratch.top, "more");
        git(scratch.top, "repack", "-dq");
        git(scratch.top, "multi-pack-index", "write");
      },
    ],
    [
      "tags, stashes, notes, a detached HEAD",
      (scratch) => {
        scratch.base();
        git(scratch.top, "tag", "-a", "-m", "one", "v1");
        git(scratch.top, "tag", "-a", "-m", "two", "v2", "v1");
        git(scratch.top, "notes", "add", "-m", "note");
        for (const text of ["one", "two"]) {
          writeFileSync(scratch.at("file1"), text);
          git(scratch.top, "stash", "-q");
        }
        git(scratch.top, "checkout", "-q", "--detach", "HEAD~1");
      },
    ],
    [
      "a branch that was deleted, one that was renamed, an orphan",
      (scratch) => {
        scratch.base();
        for (const name of ["a", "b", "c"]) git(scratch.top, "branch", name);
        git(scratch.top, "branch", "-qD", "a");
        git(scratch.top, "branch", "-m", "b", "d");
        git(scratch.top, "pack-refs", "--all");
        git(scratch.top, "branch", "-qD", "c");
        git(scratch.top, "checkout", "-q", "--orphan", "new");
      },
    ],
    [
      "a reset, a rebase and an amended commit",
      (scratch) => {
        scratch.base();
        git(scratch.top, "reset", "-q", "--hard", "HEAD~1");
        scratch.commit(scratch.top, "other");
        git(scratch.top, "commit", "-q", "--amend", "-m", "amended");
      },
    ],
    [
      "a reflog that some program left behind, beside a list of packed refs",
      (scratch) => {
        const oid = git(scratch.base(), "rev-parse", "HEAD").trim();
        git(scratch.top, "pack-refs", "--all");
        scratch.write(".git/logs/refs/heads/gone", `${oid} ${oid} A <a@b> 1 +0000\tx\n`);
      },
    ],
    [
      "a fresh repository",
      (scratch) => {
        git(scratch.top, "init", "-q");
      },
    ],
    [
      "staged files and no commit yet",
      (scratch) => {
        git(scratch.top, "init", "-q");
        scratch.write("a", "a");
        git(scratch.top, "add", "a");
      },
    ],
    [
      "the first commit taken back",
      (scratch) => {
        git(scratch.top, "init", "-q", "-b", "main");
        scratch.commit(scratch.top, "a");
        git(scratch.top, "update-ref", "-d", "HEAD");
      },
    ],
    [
      "SHA-256",
      (scratch) => {
        git(scratch.top, "init", "-q", "--object-format=sha256", "-b", "main");
        scratch.commit(scratch.top, "a");
        git(scratch.top, "repack", "-adq");
        scratch.commit(scratch.top, "b");
      },
    ],
    ["a bare one", bare],
    [
      "a shallow clone",
      (scratch) => {
        const other = scratch.base();
        renameSync(other, join(scratch.root, "other"));
        mkdirSync(scratch.top);
        git(
          scratch.root,
          "clone",
          "-q",
          "--depth=1",
          `file://${join(scratch.root, "other")}`,
          scratch.top,
        );
      },
    ],
    [
      "a partial clone",
      (scratch) => {
        const other = scratch.base();
        git(other, "config", "uploadpack.allowFilter", "true");
        renameSync(other, join(scratch.root, "other"));
        mkdirSync(scratch.top);
        const url = `file://${join(scratch.root, "other")}`;
        git(scratch.root, "clone", "-q", "--filter=blob:none", "--no-checkout", url, scratch.top);
      },
    ],
    [
      "alternates",
      (scratch) => {
        const other = scratch.base();
        renameSync(other, join(scratch.root, "other"));
        mkdirSync(scratch.top);
        git(scratch.root, "clone", "-q", "--shared", join(scratch.root, "other"), scratch.top);
        scratch.commit(scratch.top, "more");
      },
    ],
    [
      "a worktree",
      (scratch) => {
        scratch.base();
        git(scratch.top, "worktree", "add", "-q", "-b", "topic", scratch.at("wt"));
        scratch.commit(scratch.at("wt"), "there");
        git(scratch.at("wt"), "checkout", "-q", "--detach");
        scratch.commit(scratch.at("wt"), "more");
      },
    ],
    [
      "a submodule",
      (scratch) => {
        scratch.submodule(scratch.base(), "x");
        git(scratch.top, "commit", "-qm", "sub");
      },
    ],
    [
      "an index of version 4 without a checksum",
      (scratch) => {
        scratch.base();
        git(scratch.top, "update-index", "--index-version", "4");
        const index = readFileSync(scratch.at(".git/index"));
        writeFileSync(scratch.at(".git/index"), index.fill(0, index.length - 20));
      },
    ],
    [
      "a split index",
      (scratch) => {
        git(scratch.base(), "update-index", "--split-index");
      },
    ],
    [
      "branches with names like those of copies",
      (scratch) => {
        scratch.base();
        for (const name of ["main-DESKTOP-AB12CD3", "fix", "fix-2", "fix-PROJ-12", "conflict"]) {
          git(scratch.top, "branch", name);
        }
        scratch.commit(scratch.top, "more");
        git(scratch.top, "update-ref", "refs/heads/fix-PROJ-12", "HEAD");
        git(scratch.top, "branch", "-f", "main-DESKTOP-AB12CD3");
      },
    ],
  ];
  test.each(cases)("%s", { timeout: 60_000 }, async (_, make) => {
    using scratch = new Scratch();
    make(scratch);
    for (const deep of [false, true]) {
      const report = await scratch.check(scratch.top, { deep });
      const damage = report.findings.flatMap((finding) => finding.damage);
      expect(damage.filter(({ severity }) => severity === "damage")).toEqual([]);
      expect(codes(damage).filter((code) => code !== "index-missing")).toEqual([]);
      expect(guardExit(report, "repo")).toBe(3);
      const partial = report.findings.filter(({ integrity }) => integrity?.tips.checked !== "all");
      expect(partial.map(({ integrity }) => integrity?.tips)).toEqual(
        _ === "a partial clone" ? [{ checked: "none", reason: "partial-clone" }] : [],
      );
      const worktrees = report.findings.filter(({ form }) => form === "worktree").length;
      const followed = report.findings.filter(
        ({ integrity }) => integrity !== undefined && isFollowed(integrity.connectivity),
      );
      expect(followed).toHaveLength(deep ? report.findings.length - worktrees : 0);
    }
  });
});
