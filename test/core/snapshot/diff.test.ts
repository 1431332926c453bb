import fc from "fast-check";
import { expect, test } from "vitest";
import { comparePaths } from "../../../src/core/path/rel-path.ts";
import { diffEntries, pathOf } from "../../../src/core/snapshot/diff.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { contentHashOf } from "../../../src/core/tree/content-hash.ts";

function file(path: string, content: string, facts: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const bytes = Buffer.from(content);
  return {
    path,
    type: "file",
    size: bytes.length,
    hash: contentHashOf(bytes),
    flags: [],
    ...facts,
  };
}

function folder(path: string, facts: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return { path, type: "folder", flags: [], ...facts };
}

function link(path: string, linkTarget: string): SnapshotEntry {
  return { path, type: "symlink", linkTarget, flags: [] };
}

async function* stream(entries: readonly SnapshotEntry[]): AsyncGenerator<SnapshotEntry> {
  await Promise.resolve();
  yield* entries.toSorted((a, b) => comparePaths(a.path, b.path));
}

/** The changes as one line each. */
async function diff(a: readonly SnapshotEntry[], b: readonly SnapshotEntry[]): Promise<string[]> {
  const changes = await Array.fromAsync(diffEntries(stream(a), stream(b)));
  return changes.map((one) => {
    const from = one.change === "moved" ? `${one.before.path} > ` : "";
    return `${one.change} ${from}${pathOf(one)}`;
  });
}

test("equal manifests have no difference", async () => {
  const same = [folder("d"), file("d/a", "1"), link("l", "x")];
  expect(await diff(same, same)).toEqual([]);
});

test("additions, removals, changes and metadata are told apart", async () => {
  const before = [
    folder("d", { mode: "755" }),
    file("d/a", "1"),
    file("d/b", "2"),
    file("d/c", "3", { mode: "644" }),
  ];
  const after = [
    folder("d", { mode: "700" }),
    file("d/b", "22"),
    file("d/c", "3", { mode: "755" }),
    file("e", "5"),
  ];
  expect(await diff(before, after)).toEqual([
    "metadata d",
    "changed d/b",
    "metadata d/c",
    "removed d/a",
    "added e",
  ]);
});

test("content is compared by hash, never by time", async () => {
  const one = file("a", "1", { modifiedNs: "1" });
  expect(await diff([one], [file("a", "2", { modifiedNs: "1" })])).toEqual(["changed a"]);
  expect(await diff([one], [file("a", "1", { modifiedNs: "2000" })])).toEqual(["metadata a"]);
  expect(
    await diff([folder("d", { modifiedNs: "1" })], [folder("d", { modifiedNs: "2" })]),
  ).toEqual([]);
});

test("what one side does not know is not compared, except content", async () => {
  const known = file("a", "1", { mode: "600", modifiedNs: "1" });
  expect(await diff([known], [file("a", "1")])).toEqual([]);
  expect(
    await diff([known], [{ path: "a", type: "file", size: 1, flags: ["unreadable"] }]),
  ).toEqual(["changed a"]);
});

test("of two files whose content is not known, size and time tell what can be told", async () => {
  const unread = (facts: Partial<SnapshotEntry>): SnapshotEntry => {
    const { hash: _hash, ...entry } = file("a", "x", { flags: ["unreadable"], ...facts });
    return entry;
  };
  const one = unread({ size: 4, modifiedNs: "1000000" });
  expect(await diff([one], [one])).toEqual([]);
  expect(await diff([one], [{ ...one, size: 5 }])).toEqual(["changed a"]);
  expect(await diff([one], [{ ...one, modifiedNs: "9000000" }])).toEqual(["changed a"]);
});

test("another kind or link target is a change", async () => {
  expect(await diff([link("l", "a")], [link("l", "b")])).toEqual(["changed l"]);
  expect(await diff([file("x", "1")], [folder("x")])).toEqual(["changed x"]);
});

test("a file of equal content at another path has moved", async () => {
  expect(await diff([file("a/x", "1")], [file("b/y", "1")])).toEqual(["moved a/x > b/y"]);
  expect(await diff([file("z", "1")], [file("a", "1")])).toEqual(["moved z > a"]);
});

test("of several candidates the one of the same name moves, and each moves once", async () => {
  const before = [file("a/one", "same"), file("a/two", "same"), file("a/three", "same")];
  const after = [file("b/two", "same"), file("b/new", "same")];
  expect(await diff(before, after)).toEqual([
    "removed a/three",
    "moved a/one > b/new",
    "moved a/two > b/two",
  ]);
});

test("empty files, folders and links do not move", async () => {
  const before = [file("a", ""), folder("d"), link("l", "x")];
  const after = [file("b", ""), folder("e"), link("m", "x")];
  expect((await diff(before, after)).toSorted()).toEqual([
    "added b",
    "added e",
    "added m",
    "removed a",
    "removed d",
    "removed l",
  ]);
});

test("T11: times less than 1 µs apart are equal", async () => {
  const at = (modifiedNs: string): SnapshotEntry => file("a", "1", { modifiedNs });
  expect(await diff([at("1700000000123456789")], [at("1700000000123457788")])).toEqual([]);
  expect(await diff([at("-500")], [at("499")])).toEqual([]);
  expect(await diff([at("1700000000123456789")], [at("1700000000123457789")])).toEqual([
    "metadata a",
  ]);
  expect(await diff([at("2000")], [at("1000")])).toEqual(["metadata a"]);
});

test("a copy is an addition", async () => {
  expect(await diff([file("a", "1")], [file("a", "1"), file("b", "1")])).toEqual(["added b"]);
});

const tree = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d/x", "d/y", "e"), fc.constantFrom("1", "2", "3", ""))
  .map((files) => Object.entries(files).map(([path, content]) => file(path, content)));

test("applying a diff to the first manifest gives the second", async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      const result = new Map(before.map((entry) => [entry.path, entry]));
      const changes = await Array.fromAsync(diffEntries(stream(before), stream(after)));
      for (const one of changes) if ("before" in one) result.delete(one.before.path);
      for (const one of changes) if ("after" in one) result.set(one.after.path, one.after);
      const sorted = (entries: Iterable<SnapshotEntry>): SnapshotEntry[] =>
        [...entries].toSorted((a, b) => comparePaths(a.path, b.path));
      expect(sorted(result.values())).toEqual(sorted(after));
    }),
  );
});
