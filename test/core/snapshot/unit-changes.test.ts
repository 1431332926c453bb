import { expect, test } from "vitest";
import { parseRelPath, topPath } from "../../../src/core/path/rel-path.ts";
import type { EntryChange } from "../../../src/core/snapshot/diff.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { UnitChanges } from "../../../src/core/snapshot/unit-changes.ts";

const unit = "r/.git";

function file(path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return { path, type: "file", unit, mode: "644", flags: [], ...more };
}

function changed(path: string, more: Partial<SnapshotEntry> = {}): EntryChange {
  return { change: "changed", before: file(path), after: file(path, more) };
}

const top: SnapshotEntry = { path: unit, type: "folder", unit, flags: [] };

test("N43: what changed inside a repository is told by its parts, and by the number of its objects", () => {
  const units = new UnitChanges(topPath);
  const changes: readonly EntryChange[] = [
    changed("r/.git/HEAD"),
    changed("r/.git/logs/HEAD"),
    changed("r/.git/refs/heads/main"),
    { change: "added", after: file("r/.git/packed-refs") },
    { change: "added", after: file("r/.git/MERGE_HEAD") },
    { change: "removed", before: file("r/.git/objects/ab/cd") },
    { change: "removed", before: { ...top, path: "r/.git/objects/ab" } },
    { change: "moved", before: file("r/.git/objects/1"), after: file("r/.git/objects/2") },
    changed("h/.hg/store/00changelog.i", { unit: "h/.hg" }),
    changed("h/.hg/bookmarks", { unit: "h/.hg" }),
  ];
  for (const change of changes) expect(units.take(change)).toBe(true);
  expect(units.changed).toEqual([
    {
      path: unit,
      vcs: "git",
      parts: ["HEAD", "operation in progress", "reflog", "refs"],
      objects: { added: 1, removed: 2, changed: 0 },
    },
    {
      path: "h/.hg",
      vcs: "hg",
      parts: ["bookmarks"],
      objects: { added: 0, removed: 0, changed: 1 },
    },
  ]);
});

test("N39: a time alone is no change of a repository, a mode is one", () => {
  const units = new UnitChanges(topPath);
  const before = file("r/.git/index");
  const touched = { change: "metadata", before, after: { ...before, modifiedNs: "5" } } as const;
  expect(units.take(touched)).toBe(true);
  expect(units.changed).toEqual([]);
  expect(units.take({ ...touched, after: { ...before, mode: "600" } })).toBe(true);
  expect(units.changed).toMatchObject([{ parts: ["index"] }]);
});

test("N43: a repository that came or went is one line, and so is a .git file that leads elsewhere", () => {
  const units = new UnitChanges(topPath);
  expect(units.take({ change: "removed", before: top })).toBe(false);
  expect(units.take({ change: "removed", before: file("r/.git/HEAD") })).toBe(true);
  expect(units.take(changed("w/.git", { unit: "w/.git" }))).toBe(false);
  expect(units.changed).toEqual([]);
});

test("N43: what leaves a repository or comes into one is told, and everything where somebody looks into one", () => {
  const units = new UnitChanges(topPath);
  const { unit: _unit, ...outside } = file("out");
  expect(units.take({ change: "moved", before: file("r/.git/x"), after: outside })).toBe(false);
  expect(units.take({ change: "moved", before: outside, after: file("r/.git/x") })).toBe(false);
  expect(units.take({ change: "added", after: outside })).toBe(false);
  const inside = new UnitChanges(parseRelPath("r/.git/logs"));
  expect(inside.take(changed("r/.git/logs/HEAD"))).toBe(false);
  const same = new UnitChanges(parseRelPath("r/.git"));
  expect(same.take(changed("r/.git/logs/HEAD"))).toBe(true);
});
