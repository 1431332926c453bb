import { expect, test } from "vitest";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { isAskedFor, thinUntil } from "../../../src/core/snapshot/root-filter.ts";
import type { SnapshotRoot } from "../../../src/core/snapshot/root.ts";
import { soughtBy } from "../../../src/core/snapshot/sought.ts";
import { Versions } from "../../../src/core/snapshot/versions.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];

function file(path: string, hash: string = one): SnapshotEntry {
  return { path, type: "file", size: 1, hash, blocks: [hash], flags: [] };
}

test.each([
  ["a.txt", "x/y/a.txt", true],
  ["a.txt", "x/a.txt/b", false],
  ["A.TXT", "a.txt", false],
  ["*.txt", "x/y/a.txt", true],
  ["x/*.txt", "x/y/a.txt", false],
  ["x/**/*.txt", "x/y/a.txt", true],
  ["x/**", "x/y/a.txt", true],
  ["./x/y/a.txt", "x/y/a.txt", true],
  ["/x", "x", true],
  ["x/", "x", true],
  ["a?txt", "a.txt", true],
  ["a[b]*.txt", "a[b]c.txt", true],
  ["what?", "what?", true],
  [one, "any", true],
  [two, "any", false],
])("the pattern %s finds %s: %s", (pattern, path, isFound) => {
  expect(soughtBy(pattern, { ignoreCase: false })(file(path))).toBe(isFound);
});

test("capital letters may be ignored, and too many wildcards are refused", () => {
  expect(soughtBy("A.*", { ignoreCase: true })(file("a.txt"))).toBe(true);
  expect(() => soughtBy("*".repeat(3).concat("a*".repeat(20)), { ignoreCase: false })).toThrow(
    /wildcards/,
  );
});

const plainRoot: SnapshotRoot = {
  workspace: { id: "w", path: "/w", device: "d", host: "h" },
  side: "local",
  rules: "r",
  sync: "clean",
  format: 1,
  id: "0".repeat(64),
  time: "2026-11-01T00:00:00Z",
  tool: "t",
  completeness: "full",
  tags: [],
  reason: "manual",
  lists: [],
  counts: { files: 0, folders: 0, others: 0, bytes: 0 },
  stored: 0,
  left: { count: 0, items: [] },
};

function rootAt(day: number, facts: Partial<SnapshotRoot> = {}): SnapshotRoot {
  const id = String(day).padStart(64, "0");
  return { ...plainRoot, id, time: `2026-11-${String(day).padStart(2, "0")}T00:00:00Z`, ...facts };
}

test("a version spans the snapshots that hold it, with gaps, and sides and workspaces apart", () => {
  const versions = new Versions();
  const remote = rootAt(3, { side: "remote" });
  versions.add(rootAt(1), [file("b"), file("a")]);
  versions.add(rootAt(2), [file("a", two)]);
  versions.add(remote, [file("a")]);
  versions.add(rootAt(4), [file("a")]);
  versions.add(rootAt(5), [{ ...file("a"), mode: "600" }]);
  const found = versions.found().map(({ entry, roots }) => ({
    path: `${entry.path} ${entry.hash?.slice(0, 1) ?? ""} ${entry.mode ?? ""}`,
    days: roots.map(({ time }) => Number(time.slice(8, 10))),
  }));
  expect(found).toEqual([
    { path: "a 1 600", days: [1, 4, 5] },
    { path: "a 2 ", days: [2] },
    { path: "a 1 ", days: [3] },
    { path: "b 1 ", days: [1] },
  ]);
});

test("N9: a list is narrowed by all that is asked for, and an unknown reason is refused", () => {
  const root = rootAt(1, { tags: ["x", "y"], label: "good", reason: "schedule" });
  expect(isAskedFor(root, {})).toBe(true);
  expect(isAskedFor(root, { tags: ["x"], label: "good", reason: "schedule", side: "local" })).toBe(
    true,
  );
  expect(isAskedFor(root, { tags: ["x", "z"] })).toBe(false);
  expect(isAskedFor(root, { label: "bad" })).toBe(false);
  expect(isAskedFor(root, { reason: "manual" })).toBe(false);
  expect(isAskedFor(root, { side: "remote" })).toBe(false);
  expect(() => isAskedFor(root, { reason: "whim" })).toThrow(/"whim"/);
});

test("N41: what is only in Dropbox is sure to be there for 30 days", () => {
  expect(thinUntil(rootAt(1))).toBeUndefined();
  expect(thinUntil(rootAt(1, { completeness: "partial" }))).toBeUndefined();
  const thin = thinUntil(rootAt(1, { side: "remote", completeness: "thin" }));
  expect(new Date(thin ?? 0).toISOString()).toBe("2026-12-01T00:00:00.000Z");
});
