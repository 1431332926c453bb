import { describe, expect, test } from "vitest";
import {
  caseConflictName,
  conflictName,
  displayName,
  isCaseConflictNameOf,
  isConflictName,
  isConflictNameOf,
  isOutsideName,
  leftoverName,
  nameBytesMax,
  nameProblem,
  recoveredName,
} from "../../../src/core/path/names.ts";

describe("X1: names from outside", () => {
  test.each([
    ["", "is empty"],
    [".", 'is "."'],
    ["..", 'is ".."'],
    ["a/b", "contains a slash"],
    ["a\\b", "contains a backslash"],
    ["a\0b", "contains a NUL character"],
    ["a\ud800", "is not well-formed Unicode"],
    ["x".repeat(256), "is longer than 255 bytes"],
    ["é".repeat(128), "is longer than 255 bytes"],
  ])("%j is refused", (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  test.each(["a", "...", ".x", "a b", "-rf", "$(x)", "__proto__", "x".repeat(255), "a\nb", "🙂"])(
    "%j is accepted",
    (name) => {
      expect(nameProblem(name)).toBeUndefined();
    },
  );
});

describe("S92: names always outside", () => {
  test.each([
    ".snap",
    ".SNAP",
    ".snap-tmp-12",
    "desktop.ini",
    "Desktop.ini",
    "Thumbs.db",
    ".DS_Store",
    "Icon\r",
    ".dropbox",
    ".dropbox.attr",
    ".dropbox.cache",
    "~$letter.docx",
    ".~lock",
    "~save.TMP",
  ])("%j", (name) => {
    expect(isOutsideName(name)).toBe(true);
  });

  test.each([".snapshot", "snap", "icon", "~", "~a", "a.tmp", ".dropboxes", ".mignore"])(
    "but not %j",
    (name) => {
      expect(isOutsideName(name)).toBe(false);
    },
  );
});

const context = { device: "pc", date: "2026-01-02", taken: () => false };

describe("S87, S88: conflicted copies", () => {
  test.each([
    ["a.txt", "file", "a (conflicted copy pc 2026-01-02).txt"],
    ["a.tar.gz", "file", "a.tar (conflicted copy pc 2026-01-02).gz"],
    ["a", "file", "a (conflicted copy pc 2026-01-02)"],
    [".bashrc", "file", ".bashrc (conflicted copy pc 2026-01-02)"],
    ["a.", "file", "a. (conflicted copy pc 2026-01-02)"],
    ["v1.2", "folder", "v1.2 (conflicted copy pc 2026-01-02)"],
  ] as const)("%j, a %s, becomes %j", (name, kind, copy) => {
    expect(conflictName(name, kind, context)).toBe(copy);
    expect(isConflictNameOf(copy, name, kind)).toBe(true);
    expect([name, copy].map(isConflictName)).toEqual([false, true]);
  });

  test("a taken name gets a number", () => {
    const names = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      names.add(conflictName("a.txt", "file", { ...context, taken: (name) => names.has(name) }));
    }
    expect([...names]).toEqual([
      "a (conflicted copy pc 2026-01-02).txt",
      "a (conflicted copy pc 2026-01-02 2).txt",
      "a (conflicted copy pc 2026-01-02 3).txt",
    ]);
  });

  test.each([
    ["ASCII", "x"],
    ["two bytes", "é"],
    ["emoji of several code points", "👩‍👩‍👧"],
    ["combining", "e\u0301"],
    ["astral", "𝒳"],
  ])("a long name of %s is cut between graphemes and fits (G4)", (_, grapheme) => {
    const name = `${grapheme.repeat(Math.floor(250 / Buffer.byteLength(grapheme)))}.txt`;
    const copy = conflictName(name, "file", context);
    const stem = copy.slice(0, copy.indexOf(" (conflicted"));
    expect(Buffer.byteLength(copy)).toBeLessThanOrEqual(nameBytesMax);
    expect(copy.isWellFormed()).toBe(true);
    expect(copy.endsWith(".txt")).toBe(true);
    expect(stem).toBe(grapheme.repeat(stem.length / grapheme.length));
    expect(stem.length).toBeGreaterThan(0);
    expect(isConflictNameOf(copy, name, "file")).toBe(true);
  });

  test("a copy of a copy is a copy, and a very long ending is no extension", () => {
    let name = `a.${"x".repeat(200)}`;
    for (let count = 0; count < 5; count += 1) {
      name = conflictName(name, "file", context);
      expect(nameProblem(name)).toBeUndefined();
      expect(name.endsWith("2026-01-02)")).toBe(true);
    }
  });

  test("a device name is stripped of what no name may hold, and cut", () => {
    const named = (device: string): string => conflictName("a", "file", { ...context, device });
    expect(named('My/\\:*?"<>| \u202ePC\n')).toBe("a (conflicted copy My PC 2026-01-02)");
    expect(named(" \0 ")).toBe("a (conflicted copy this device 2026-01-02)");
    expect(Buffer.byteLength(named("🙂".repeat(100)))).toBeLessThan(120);
  });

  test("with every name taken it gives up instead of going on for ever", () => {
    expect(() => conflictName("a", "file", { ...context, taken: () => true })).toThrow(
      /fewer copies/u,
    );
  });

  test.each([
    ["a.txt", "b.txt"],
    ["a (conflicted copy pc 2026-01-02).txt", "b.txt"],
    ["a (conflicted copy pc 2026-01-02).txt", "a.md"],
    [" (conflicted copy pc 2026-01-02).txt", "a.txt"],
  ])("%j is no copy of %j", (copy, name) => {
    expect(isConflictNameOf(copy, name, "file")).toBe(false);
  });
});

describe("S42: case conflicts", () => {
  test("have a name of their own on the server", () => {
    expect(caseConflictName("a.txt", "file", { taken: () => false })).toBe("a (case conflict).txt");
    const taken = (name: string): boolean => name === "a (case conflict).txt";
    expect(caseConflictName("a.txt", "file", { taken })).toBe("a (case conflict 2).txt");
    expect(isCaseConflictNameOf("a (case conflict 2).txt", "a.txt", "file")).toBe(true);
    expect(isCaseConflictNameOf("a (case conflict).txt", "A.txt", "file")).toBe(false);
  });
});

describe("X16: names for people", () => {
  test.each([
    ["plain é 🙂 name.txt", "plain é 🙂 name.txt"],
    ["a\nb", "a\\x0ab"],
    ["\u001b[2J", "\\x1b[2J"],
    ["a\u202eb", "a\\u202eb"],
    ["a\u2028b", "a\\u2028b"],
    ["a\u0085\u007f", "a\\x85\\x7f"],
    ["a\ud800b", "a\\ud800b"],
    ["\ufeffa", "\\ufeffa"],
  ])("%j is shown as %j", (name, shown) => {
    expect(displayName(name)).toBe(shown);
  });
});

describe("S65: the name of a late edit", () => {
  const date = "2026-11-22";
  const free = { date, taken: () => false };

  test.each([
    ["f.txt", `f (recovered edit ${date}).txt`],
    ["a.tar.gz", `a.tar (recovered edit ${date}).gz`],
    [".profile", `.profile (recovered edit ${date})`],
    ["no extension", `no extension (recovered edit ${date})`],
  ])("%j becomes %j", (name, recovered) => {
    expect(recoveredName(name, free)).toBe(recovered);
  });

  test("a taken name gets a number", () => {
    const taken = new Set([`f (recovered edit ${date}).txt`, `f (recovered edit ${date} 2).txt`]);
    const name = recoveredName("f.txt", { date, taken: (wanted) => taken.has(wanted) });
    expect(name).toBe(`f (recovered edit ${date} 3).txt`);
  });

  test.each(["x".repeat(255), `${"é".repeat(125)}.txt`, `${"👨‍👩‍👧".repeat(14)}.md`])(
    "S88: it fits where %j fitted, cut between two characters",
    (name) => {
      const recovered = recoveredName(name, free);
      expect(nameProblem(recovered)).toBeUndefined();
      expect(name.startsWith(recovered.slice(0, recovered.lastIndexOf(" (recovered")))).toBe(true);
      expect(Buffer.byteLength(recovered)).toBeGreaterThan(nameBytesMax - 26);
    },
  );
});

describe("S70: names of leftovers that make way", () => {
  const date = "2026-05-06";

  test.each([
    ["d", `d (left over ${date})`],
    ["d.e", `d.e (left over ${date})`],
    ["d (conflicted copy box 2026-01-02)", `d (left over ${date})`],
    ["d (left over 2026-01-02)", `d (left over ${date})`],
    ["d (conflicted copy box 2026-01-02) (left over 2026-01-02 2)", `d (left over ${date})`],
  ])("%j becomes %j", (name, expected) => {
    const made = leftoverName(name, { date, taken: () => false });
    expect(made).toBe(expected);
    expect(isConflictName(made)).toBe(false);
  });

  test("a taken name gets a number", () => {
    const taken = (wanted: string): boolean => wanted === `d (left over ${date})`;
    expect(leftoverName("d", { date, taken })).toBe(`d (left over ${date} 2)`);
  });
});
