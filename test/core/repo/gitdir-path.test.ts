/** What of a repository that is synced by override is kept back, and in which order the rest goes (G45). */
import { expect, test } from "vitest";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import { stepIn } from "../../../src/core/repo/gitdir-order.ts";
import {
  gitdirPlace,
  keptBack,
  type KeptBack,
  type Overrides,
  type SyncedRepository,
} from "../../../src/core/repo/gitdir-path.ts";
import type { EntryKind } from "../../../src/core/repo/marker.ts";

function overrides(known: Readonly<Record<string, SyncedRepository>>): Overrides {
  const repositoryAt = (path: string): SyncedRepository | undefined => known[path];
  return { overridden: (path) => known[path] !== undefined, repositoryAt };
}

const untrusted = overrides({
  r: { form: "work-tree", isTrusted: false },
  "b.git": { form: "gitdir", isTrusted: false },
});
const trusted = overrides({ r: { form: "work-tree", isTrusted: true } });

function kept(path: string, from = untrusted, kind: EntryKind = "file"): KeptBack | "goes" {
  const place = gitdirPlace(from, parseRelPath(path));
  return (place && keptBack(place, kind)) ?? "goes";
}

test.each([
  "r/.git/index.lock",
  "r/.git/refs/heads/main.lock",
  "r/.git/gc.pid",
  "r/.git/FETCH_HEAD",
  "r/.git/objects/pack/tmp_pack_x",
  "r/.git/objects/ab/tmp_obj_x",
  "r/.git/fsmonitor--daemon.ipc",
  "r/.git/fsmonitor-watchman",
  "b.git/packed-refs.lock",
  "r/.git/info/refs",
  "b.git/objects/info/packs",
])("G45: %s is never synced", (path) => {
  expect(kept(path)).toBe("volatile");
});

test.each([
  "r/Cargo.lock",
  "r/tmp_x",
  "r/FETCH_HEAD",
  "other/.git/index.lock",
  "r/.git/refs/heads/tmp_idea",
  "r/.git/logs/refs/heads/gc.pid",
  "r/.git/refs/heads/config",
  "r/.git/refs/heads/info/refs",
  "r/.git/info/exclude",
  "r/.git/HEAD",
  "r/.git/objects/ab/cdef",
  "b.git/packed-refs",
])("G45: %s is synced", (path) => {
  expect(kept(path)).toBe("goes");
});

test.each([
  "r/.git/hooks",
  "r/.git/hooks/pre-commit",
  "r/.git/Hooks/pre-commit",
  "r/.git/config",
  "r/.GIT/CONFIG",
  "r/.git/config.worktree",
  "r/.git/commondir",
  "r/.git/modules/refs/hooks/pre-commit",
  "r/.git/rebase-merge/git-rebase-todo",
  "r/.git/objects/info/alternates",
  "r/.git",
  "r/.hg/hgrc",
  "b.git/config",
])("G14, G45: %s is code, or may be", (path) => {
  expect(kept(path)).toBe("code");
});

test("G45: trust lets code through, and never a lock", () => {
  expect(kept("r/.git/hooks/pre-commit", trusted)).toBe("goes");
  expect(kept("r/.git/config", trusted)).toBe("goes");
  expect(kept("r/.git/config.lock", trusted)).toBe("volatile");
});

test("G45: nothing goes before what it needs, and nothing is removed before what needs it", () => {
  const inOrder = [
    "r/.git/objects/ab/cd",
    "r/.git/objects/pack/pack-1.pack",
    "r/.git/objects/pack/pack-1.idx",
    "r/.git/index",
    "r/.git/logs/HEAD",
    "r/.git/packed-refs",
    "r/.git/refs/heads/main",
    "r/.git/HEAD",
  ];
  const step = (path: string, change: "put" | "removal"): number =>
    stepIn(untrusted, parseRelPath(path), change)?.step ?? -1;
  const puts = inOrder.map((path) => step(path, "put"));
  expect(puts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(inOrder.map((path) => step(path, "removal"))).toEqual([15, 14, 13, 12, 11, 10, 9, 8]);
  expect(step("r/objects/ab", "put")).toBe(-1);
  expect(step("r/.git/modules/a/b/refs/heads/main", "put")).toBe(6);
  expect(step("b.git/HEAD", "put")).toBe(7);
});
