import { expect, test } from "vitest";
import {
  conflictName,
  isConflictedCopyOf,
  numberedName,
  originalOfConflictName,
} from "../../../src/core/path/names.ts";

const context = { device: "pc (old)", date: "2026-01-02" };

test.each([
  ["report.txt", "file"],
  ["v1.2", "folder"],
  [".env", "file"],
  ["a (conflicted copy pc 2026-01-01).txt", "file"],
  [`${"ü".repeat(125)}.txt`, "file"],
] as const)("S87, S88: a copy of %s (%s) is known as one, also with a number", (name, kind) => {
  const taken = new Set<string>();
  for (let count = 1; count <= 3; count += 1) {
    const copy = conflictName(name, kind, { ...context, taken: (one) => taken.has(one) });
    taken.add(copy);
    expect(isConflictedCopyOf(copy, name, kind)).toBe(true);
    expect(isConflictedCopyOf(name, name, kind)).toBe(false);
    expect(isConflictedCopyOf(copy, copy, kind)).toBe(false);
    const original = originalOfConflictName(copy);
    if (name.length < 100) expect(original).toBe(name);
    else expect(name.startsWith((original ?? "?").slice(0, 50))).toBe(true);
  }
});

test.each(["lonely.txt", "lon.txt", "lone.md", "lone", "Lone.txt"])(
  "S87: a copy of lone.txt is none of %s",
  (name) => {
    const copy = "lone (conflicted copy pc 2026-01-02).txt";
    expect(isConflictedCopyOf(copy, name, "file")).toBe(false);
  },
);

test("S87: what only resembles a copy has no original", () => {
  for (const name of [
    "a.txt",
    "a (conflicted copy",
    " (conflicted copy pc 2026-01-02)",
    "a (copy)",
  ]) {
    expect(originalOfConflictName(name)).toBeUndefined();
  }
});

test("S88: a numbered name keeps its extension and fits", () => {
  expect(numberedName("report.txt", "file", 2)).toBe("report 2.txt");
  expect(numberedName("v1.2", "folder", 3)).toBe("v1.2 3");
  const long = numberedName(`${"ü".repeat(125)}.txt`, "file", 12);
  expect(long.endsWith("ü 12.txt")).toBe(true);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
});
