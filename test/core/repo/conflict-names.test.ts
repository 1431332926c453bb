import { describe, expect, test } from "vitest";
import {
  conflictedRefs,
  copiedName,
  isConflictedName,
  isDropping,
  type RefOrigin,
} from "../../../src/core/repo/conflict-names.ts";

describe("G40: names of conflicted copies", () => {
  test.each([
    ["main (HOST's conflicted copy 2024-05-01)", "main", false],
    ["config (conflicted copy desk 2024-05-01)", "config", false],
    ["HEAD (Case Conflict 1)", "HEAD", false],
    ["pack-1f (ann's conflicted copy 2024-05-01).idx", "pack-1f.idx", false],
    ["index (SFConflict ann@example.org 2024-05-01-10-11-12)", "index", false],
    ["main.sync-conflict-20240501-101112-ABCDEFG", "main", false],
    ["pack-1f.sync-conflict-20240501-101112-ABCDEFG.pack", "pack-1f.pack", false],
    ["main_conflict-20240501-101112", "main", false],
    ["main.Conflict", "main", true],
    ["index (1)", "index", true],
    ["pack-1f (2).pack", "pack-1f.pack", true],
    ["main 2", "main", true],
    ["main-DESKTOP-AB12CD3", "main", true],
    ["main-ANN-PC", "main-ANN-PC".replace("-ANN-PC", ""), true],
  ])("%s", (name, original, ambiguous) => {
    expect(copiedName(name)).toEqual({ original, ambiguous });
    expect(isConflictedName(name)).toBe(!ambiguous);
  });

  test.each(["main", "fix-2", "v1.0", "conflict", "fix-conflict", "PROJ-12", "a(1)", " (1)"])(
    "%j is none",
    (name) => expect(copiedName(name)).toBeUndefined(),
  );

  test.each(["desktop.ini", "Desktop.ini", "Thumbs.db", ".DS_Store", "Icon\r", "._main", "~$x"])(
    "%j is what systems leave",
    (name) => expect(isDropping(name)).toBe(true),
  );
});

describe("G42: refs that are no branches", () => {
  const [one, two] = ["1".repeat(40), "2".repeat(40)];

  test("with a label, and under a name that Git forbids", () => {
    const copies = [
      "refs/heads/main (HOST's conflicted copy 2024-05-01)",
      "refs/heads/main.sync-conflict-20240501-101112-ABCDEFG",
      "refs/heads/kopie von main",
    ];
    const refs = new Map([["refs/heads/main", one], ...copies.map((name) => [name, one] as const)]);
    const { copies: found, unclear } = conflictedRefs(refs, () => expect.unreachable());
    expect([...found]).toEqual(copies);
    expect([...unclear]).toEqual([]);
  });

  test("G41: with an ambiguous label only beside the ref itself, at another object", () => {
    const refs = (oid: string, original: string): ReadonlyMap<string, string> =>
      new Map([
        [original, one],
        ["refs/heads/main-LAPTOP-AB12CD3", oid],
      ]);
    const named = "refs/heads/main-LAPTOP-AB12CD3";
    const told = (oid: string, original: string, origin: RefOrigin): readonly string[][] => {
      const { copies, unclear } = conflictedRefs(refs(oid, original), (name, of) => {
        expect([name, of]).toEqual([named, "refs/heads/main"]);
        return origin;
      });
      return [[...copies], [...unclear]];
    };
    expect(told(two, "refs/heads/main", "sync")).toEqual([[named], []]);
    expect(told(two, "refs/heads/main", "unclear")).toEqual([[], [named]]);
    expect(told(two, "refs/heads/main", "git")).toEqual([[], []]);
    expect(told(one, "refs/heads/main", "sync")).toEqual([[], []]);
    expect(told(two, "refs/heads/other", "sync")).toEqual([[], []]);
  });
});
