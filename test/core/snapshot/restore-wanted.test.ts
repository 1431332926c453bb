import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/core/path/rel-path.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import {
  leavesWorkspace,
  wantedOf,
  type WantedRules,
} from "../../../src/core/snapshot/restore-manifest.ts";
import type { Wanted } from "../../../src/core/snapshot/restore-wanted.ts";
import { hashOf } from "./restore-scenes.ts";

async function* stream(entries: readonly SnapshotEntry[]): AsyncGenerator<SnapshotEntry> {
  yield* entries;
}

const file = (path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  path,
  type: "file",
  size: 1,
  hash: hashOf("x"),
  blocks: ["b"],
  flags: [],
  ...more,
});
const folder = (path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  path,
  type: "folder",
  flags: [],
  ...more,
});

const wanted = (
  entries: readonly SnapshotEntry[],
  rules: Partial<WantedRules> = {},
): Promise<Wanted> =>
  wantedOf(stream(entries), {
    selects: () => true,
    isOutside: () => false,
    isOwn: true,
    isRemoved: () => true,
    ...rules,
  });

const paths = (tree: Wanted): readonly RelPath[] => [...tree.nodes.keys()];

describe("which entries are wanted", () => {
  test("T14: a selected file comes with the folders that hold it", async () => {
    const tree = await wanted([folder("d"), file("d/a"), file("d/b")], {
      selects: (path) => path === "d/b",
    });
    expect(paths(tree)).toEqual(["d", "d/b"]);
    expect(tree.nodes.get("d" as RelPath)).toEqual({ kind: "folder", implied: true });
  });

  test("X9: special bits never come back", async () => {
    const tree = await wanted([file("a", { mode: "6755" })]);
    expect(tree.nodes.get("a" as RelPath)).toMatchObject({ mode: 0o755 });
  });

  test("T13: what is ignored now, or was when it was captured, is neither restored nor removed", async () => {
    const tree = await wanted([file("a", { flags: ["ignored"] }), file("b.log"), file("c")], {
      isOutside: (path) => path.endsWith(".log"),
    });
    expect(paths(tree)).toEqual(["c"]);
    expect(tree.frozen).toEqual(["a", "b.log"]);
    expect(tree.aside).toEqual([]);
  });

  test("T10: unreadable and special entries are listed and freeze their place", async () => {
    const special: SnapshotEntry = { path: "pipe", type: "other", flags: [] };
    const tree = await wanted([
      folder("locked", { flags: ["unreadable"] }),
      special,
      file("torn", { flags: ["unreadable"] }),
    ]);
    expect(tree.aside.map(({ path }) => path)).toEqual(["locked", "pipe", "torn"]);
    expect(tree.frozen).toEqual(["locked", "pipe", "torn"]);
  });

  test("N40: a thin entry is fetched by its revision", async () => {
    const remote = { id: "id:1", rev: "r1", modified: 1 };
    const { blocks: _blocks, ...thin } = file("a", { remote, flags: ["thin"] });
    const tree = await wanted([thin]);
    expect(tree.nodes.get("a" as RelPath)).toMatchObject({
      sources: [{ from: "revision", rev: "r1" }],
    });
  });

  test("N38: a manifest with attributes asks for those of the disk, also where all else is passed over", async () => {
    expect(await wanted([], { attributes: true })).toMatchObject({ attributes: true });
    expect(await wanted([])).not.toHaveProperty("attributes");
  });

  test("N36: an entry that may be torn is marked", async () => {
    const tree = await wanted([file("a", { flags: ["changing"] })]);
    expect(tree.nodes.get("a" as RelPath)).toMatchObject({ changing: true });
  });
});

describe("hostile manifests (X12)", () => {
  test.each([
    ["absolute", [file("/etc/passwd")]],
    ["climbing", [file("../x")]],
    ["climbing inside", [folder("d"), file("d/../../x")]],
    ["an empty name", [file("d//x")]],
    ["the top itself", [folder("")]],
    ["one path twice", [file("a"), file("a")]],
    ["a path that comes too late", [file("b"), file("a")]],
    ["below a file", [file("a"), file("a/b")]],
    [
      "through a link",
      [{ path: "l", type: "symlink", linkTarget: "/", flags: [] } as const, file("l/x")],
    ],
  ])("%s: the whole snapshot is refused", async (_name, entries) => {
    await expect(wanted(entries)).rejects.toMatchObject({ code: "damaged", exit: 5 });
  });

  test("X6: our own folder is never written", async () => {
    const tree = await wanted([folder(".snap"), file(".snap/root.json"), file("a")]);
    expect(paths(tree)).toEqual(["a"]);
  });

  test("S14: names that are no UTF-8, or longer than a disk can hold, are left aside", async () => {
    const tree = await wanted([file("a", { pathBytes: "/w==" }), file("x".repeat(256)), file("b")]);
    expect(paths(tree)).toEqual(["b"]);
    expect(tree.aside).toHaveLength(2);
  });

  test("X12: an outward link comes back only to the workspace that captured it", async () => {
    const link: SnapshotEntry = { path: "l", type: "symlink", linkTarget: "/etc", flags: [] };
    expect(paths(await wanted([link]))).toEqual(["l"]);
    const foreign = await wanted([link], { isOwn: false });
    expect(paths(foreign)).toEqual([]);
    expect(foreign.aside).toEqual([
      { path: "l", side: "both", reason: "the link leaves the workspace" },
    ]);
  });
});

test.each([
  ["a", "b", false],
  ["d/a", "../b", false],
  ["a", "../b", true],
  ["d/a", "x/../../../b", true],
  ["d/a", "x/../b", true],
  ["d/a", "./.././x//y", false],
  ["d/a", "..", false],
  ["d/a", "../..", true],
  ["a", "/b", true],
  ["a", ".", false],
])("X12: a link at %j to %j leaves the workspace: %j", (path, target, leaves) => {
  expect(leavesWorkspace(path as RelPath, target)).toBe(leaves);
});
