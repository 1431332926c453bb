import { describe, expect, test } from "vitest";
import { CopyTree, type CopyStep } from "../../../src/core/snapshot/copy-tree.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { sealRoot, type SnapshotRoot } from "../../../src/core/snapshot/root.ts";
import { memoryFacts } from "../../support/memory-source.ts";

const root: SnapshotRoot = sealRoot({
  ...memoryFacts,
  format: 1,
  time: "2026-11-22T00:00:00Z",
  tool: "0.1.0",
  completeness: "full",
  tags: [],
  reason: "manual",
  lists: [],
  counts: { files: 0, folders: 0, others: 0, bytes: 0 },
  stored: 0,
  left: { count: 0, items: [] },
});

const folder = (path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  path,
  type: "folder",
  mode: "755",
  flags: [],
  ...more,
});
const link = (
  path: string,
  linkTarget: string,
  more: Partial<SnapshotEntry> = {},
): SnapshotEntry => ({ path, type: "symlink", linkTarget, flags: [], ...more });
const file = (path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  path,
  type: "file",
  size: 0,
  blocks: [],
  flags: [],
  ...more,
});
const bytes = (text: string): string => Buffer.from(text, "latin1").toString("base64");

function steps(
  entries: readonly SnapshotEntry[],
  rules: Partial<ConstructorParameters<typeof CopyTree>[0]> = {},
): readonly CopyStep[] {
  const tree = new CopyTree({ root, ...rules });
  return entries.map((entry) => tree.add(entry));
}

describe("X12: what is no tree is damaged", () => {
  test.each<readonly [string, readonly SnapshotEntry[]]>([
    ["below a link", [link("a", "/etc"), file("a/passwd")]],
    ["below a file", [file("a"), file("a/b")]],
    ["bytes that climb", [folder("a", { pathBytes: bytes("..") })]],
    ["bytes that are absolute", [file("a", { pathBytes: bytes("/etc/x") })]],
    ["bytes with a folder more", [file("a", { pathBytes: bytes("x/y") })]],
    [
      "bytes of another folder",
      [folder("a"), folder("a/b"), file("a/b/c", { pathBytes: bytes("a/x/c") })],
    ],
    ["bytes of no name", [folder("a"), file("a/b", { pathBytes: bytes("a/") })]],
    ["bytes with NUL", [file("a", { pathBytes: bytes("a\0b") })]],
    ["bytes of a name of ours", [folder("a", { pathBytes: bytes(".snap-tmp-restore") })]],
  ])("%s", (_name, entries) => {
    expect(() => steps(entries)).toThrow(expect.objectContaining({ code: "damaged" }));
  });
});

test("N23: names that are no text have their own bytes, also where their folder is one", () => {
  const [first, second] = steps([
    folder("d", { pathBytes: bytes("d\xff") }),
    link("d/l", "t", { pathBytes: bytes("d\xff/l\xfe"), linkBytes: bytes("t\xfd") }),
  ]);
  expect(first?.opened.map(({ disk }) => Buffer.from(disk).toString("latin1"))).toEqual(["d\xff"]);
  const leaf = second?.leaf;
  expect(Buffer.from(leaf?.disk ?? "").toString("latin1")).toBe("d\xff/l\xfe");
  expect(leaf?.kind === "symlink" && Buffer.from(leaf.target).toString("latin1")).toBe("t\xfd");
});

test("X6: names of the program's own are left out, with all below them", () => {
  const [own, below, other] = steps([
    folder("a/.SNAP"),
    file("a/.SNAP/x"),
    file("b/.snap-tmp-restore"),
  ]);
  expect(own).toMatchObject({ opened: [], left: { path: "a/.SNAP" } });
  expect(below).toEqual({ closed: [], opened: [] });
  expect(other?.left?.path).toBe("b/.snap-tmp-restore");
});

test("X12: a link of an archive is judged by its bytes, whatever is shown", () => {
  const entries = [link("l", "inside", { linkBytes: bytes("/etc/\xff") })];
  expect(steps(entries, { root: { ...root, reason: "import" } })[0]?.left).toBeDefined();
  expect(steps(entries)[0]?.leaf).toBeDefined();
});

test("T14: folders above what is selected are made when they are needed, once, and closed innermost first", () => {
  const selects = (path: string): boolean => path === "a/b/c" || path === "a/z";
  const made = steps(
    [folder("a"), folder("a/b"), file("a/b/c"), folder("a/n"), file("a/z"), file("q")],
    { selects },
  );
  expect(made.map(({ opened }) => opened.map(({ path }) => path))).toEqual([
    [],
    [],
    ["a", "a/b"],
    [],
    [],
    [],
  ]);
  expect(made.map(({ closed }) => closed.map(({ path }) => path))).toEqual([
    [],
    [],
    [],
    ["a/b"],
    [],
    ["a"],
  ]);
});

test("folders without a line of their own are made", () => {
  const tree = new CopyTree({ root });
  expect(tree.add(file("a/b/c")).opened.map(({ path }) => path)).toEqual(["a", "a/b"]);
  expect(tree.end().map(({ path }) => path)).toEqual(["a/b", "a"]);
});

test("T13: what was ignored is passed over with all below it, unless it is asked for", () => {
  const entries = [
    folder("i", { flags: ["ignored"] }),
    file("i/x", { flags: ["ignored"] }),
    file("j"),
  ];
  const passed = steps(entries);
  expect(passed.map(({ isIgnored }) => isIgnored === true)).toEqual([true, false, false]);
  expect(passed.map(({ leaf }) => leaf?.path)).toEqual([undefined, undefined, "j"]);
  expect(steps(entries, { ignored: true }).map(({ leaf }) => leaf?.path)).toEqual([
    undefined,
    "i/x",
    "j",
  ]);
});

test("a folder that could not be made takes what is in it along", () => {
  const tree = new CopyTree({ root });
  const [made] = tree.add(folder("a")).opened;
  if (made !== undefined) tree.drop(made);
  expect(tree.add(file("a/b"))).toEqual({ closed: [], opened: [] });
  expect(tree.add(file("c")).leaf?.path).toBe("c");
});
