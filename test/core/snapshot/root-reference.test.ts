import { expect, test } from "vitest";
import { findRoot, isSelected, parseReference } from "../../../src/core/snapshot/root-reference.ts";
import { sealRoot } from "../../../src/core/snapshot/root.ts";
import type { SnapshotRoot } from "../../../src/core/snapshot/root.ts";

function rootAt(time: string, label?: string, workspace = "w"): SnapshotRoot {
  return sealRoot({
    format: 1,
    time,
    tool: "0",
    workspace: { id: workspace, path: "/", device: "d", host: "h" },
    side: "local",
    rules: "",
    sync: "clean",
    completeness: "full",
    ...(label === undefined ? {} : { label }),
    tags: [],
    reason: "manual",
    lists: [],
    counts: { files: 0, folders: 0, others: 0, bytes: 0 },
    stored: 0,
    left: { count: 0, items: [] },
  });
}

const roots = [
  rootAt("2026-11-18T09:00:00Z", "first"),
  rootAt("2026-11-19T18:00:00Z", "twice"),
  rootAt("2026-11-20T18:00:00Z", "twice"),
  rootAt("2026-11-21T18:00:00Z"),
];
const now = Date.parse("2026-11-21T20:00:00Z");

function named(text: string): number {
  return roots.indexOf(findRoot(parseReference(text, now), roots));
}

test("N25: latest, and so many before it", () => {
  expect([named("latest"), named("latest~0"), named("latest~2"), named("latest~3")]).toEqual([
    3, 3, 1, 0,
  ]);
});

test("N25: latest and @time pass over safety snapshots, the cloud's and those of some paths", () => {
  const [own] = roots.slice(-1);
  const { id: _id, ...facts } = rootAt("2026-11-21T19:00:00Z");
  const later = [
    sealRoot({ ...facts, reason: "before-restore" }),
    sealRoot({ ...facts, side: "remote" }),
    sealRoot({ ...facts, paths: ["a"] }),
  ];
  for (const text of ["latest", "@now"]) {
    expect(findRoot(parseReference(text, now), [...roots, ...later])).toBe(own);
  }
  for (const root of later) {
    expect(findRoot(parseReference(root.id, now), [...roots, ...later])).toBe(root);
  }
});

test("N25: the newest at or before a time", () => {
  expect(named("@2026-11-20T18:00:00Z")).toBe(2);
  expect(named("@2026-11-20T17:59:59Z")).toBe(1);
  expect(named("@2026-11-20T18:00:00+02:00")).toBe(1);
  expect(named("@now")).toBe(3);
});

test("N25: a day means all of it, in local time", () => {
  const day = new Date(2026, 10, 20, 23, 59, 59, 999).getTime();
  expect(parseReference("@2026-11-20", now)).toEqual({ by: "time", timeMs: day });
  expect(parseReference("@yesterday", new Date(2026, 10, 21, 3).getTime())).toEqual({
    by: "time",
    timeMs: day,
  });
  expect(parseReference("@today", new Date(2026, 10, 20, 3).getTime())).toEqual({
    by: "time",
    timeMs: day,
  });
});

test("N25: an id, a prefix of four digits in either case, a label", () => {
  for (const [at, root] of roots.entries()) {
    expect(named(root.id)).toBe(at);
    expect(named(root.id.slice(0, 4))).toBe(at);
    expect(named(root.id.slice(0, 12).toUpperCase())).toBe(at);
  }
  expect(named("first")).toBe(0);
});

test.each([
  "",
  "abc",
  "latest~4",
  "latest~999999",
  "no such label",
  "@2026-11-01",
  "../roots",
  "latest~-1",
  "0".repeat(64),
])("N25: %j names nothing", (text) => {
  expect(() => named(text)).toThrow(
    expect.objectContaining({ code: "snapshot-not-found", exit: 2 }),
  );
});

test("N25: three digits are too few even where they would be enough", () => {
  expect(() => named(roots[0]?.id.slice(0, 3) ?? "")).toThrow(
    expect.objectContaining({ code: "snapshot-not-found" }),
  );
});

test.each(["@", "@soon", "@2026-13-01", "@2026-11-20 18:00", "@99999999999"])(
  "%j is no time",
  (text) => {
    expect(() => named(text)).toThrow(expect.objectContaining({ code: "usage", exit: 2 }));
  },
);

test("N25: an ambiguous name is refused with the candidates", () => {
  const expected = roots.slice(1, 3).map((root) => root.id.slice(0, 16));
  expect(() => named("twice")).toThrow(
    expect.objectContaining({
      code: "snapshot-ambiguous",
      exit: 2,
      message: expect.stringMatching(new RegExp(`${expected[0]}.*${expected[1]}`)),
    }),
  );
});

test("N25: an ambiguous prefix is refused", () => {
  const twins = new Map<string, SnapshotRoot>();
  for (let second = 0; ; second += 1) {
    const root = rootAt(new Date(second * 1000).toISOString().replace(".000", ""));
    const twin = twins.get(root.id.slice(0, 4));
    twins.set(root.id.slice(0, 4), root);
    if (twin === undefined) continue;
    const reference = parseReference(root.id.slice(0, 4), now);
    expect(() => findRoot(reference, [twin, root])).toThrow(
      expect.objectContaining({ code: "snapshot-ambiguous" }),
    );
    return;
  }
});

test("a filter chooses by workspace and side", () => {
  const root = rootAt("2026-11-18T09:00:00Z", undefined, "other");
  expect(isSelected(root, undefined)).toBe(true);
  expect(isSelected(root, { workspace: "other", side: "local" })).toBe(true);
  expect(isSelected(root, { workspace: "w" })).toBe(false);
  expect(isSelected(root, { side: "remote" })).toBe(false);
});
