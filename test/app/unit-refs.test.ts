import { expect, test } from "vitest";
import { unitDifference } from "../../src/app/unit-difference.ts";
import { readUnit, type UnitFiles } from "../../src/app/unit-files.ts";
import { comparePaths, parseRelPath } from "../../src/core/path/rel-path.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { ChangedUnit, UnitDifference } from "../../src/core/snapshot/unit-changes.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";

const unit: ChangedUnit = {
  path: parseRelPath(".git"),
  vcs: "git",
  parts: ["refs"],
  objects: { added: 0, removed: 0, changed: 0 },
};

const [one, two] = ["1".repeat(40), "2".repeat(40)];

/** A repository of these files, some of which cannot be read. */
function filesOf(
  contents: Readonly<Record<string, string>>,
  unread: readonly string[] = [],
): { readonly files: UnitFiles; readonly read: string[] } {
  const read: string[] = [];
  const names = new Map(Object.entries(contents).map(([name, text]) => [`.git/${name}`, text]));
  const entries = Array.from(names, ([path, text]): SnapshotEntry => {
    const hash = contentHashOf(Buffer.from(text));
    return { path, type: "file", size: text.length, hash, unit: ".git", flags: [] };
  }).toSorted((a, b) => comparePaths(a.path, b.path));
  const files = readUnit({ entries: () => entries, [Symbol.dispose]: () => {} }, ({ path }) => {
    read.push(path);
    return unread.includes(path.slice(5)) ? undefined : Buffer.from(names.get(path) ?? "");
  });
  return { files, read };
}

async function compare(from: UnitFiles, to: UnitFiles): Promise<UnitDifference> {
  return await unitDifference({ from, to }, unit, {});
}

test("N43: of any number of refs only those that differ are read", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 12_000 }, (_, at): [string, string] => [`refs/tags/${at}`, one]),
  );
  const before = filesOf(many);
  const after = filesOf({ ...many, "refs/tags/7": two, "refs/heads/new": two });
  expect(await compare(before.files, after.files)).toMatchObject({
    refs: [
      { name: "refs/heads/new", to: two },
      { name: "refs/tags/7", from: one, to: two },
    ],
  });
  expect(before.read).toEqual([".git/refs/tags/7"]);
});

test("N43: of more than 10,000 refs that differ the rest is counted, and none is told as new", async () => {
  const refs = (value: string): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: 10_003 }, (_, at): [string, string] => [`refs/tags/${at}`, value]),
    );
  const { refs: told, refsNotRead } = await compare(
    filesOf(refs(one)).files,
    filesOf(refs(two)).files,
  );
  expect(refsNotRead).toBe(3);
  expect(told).toHaveLength(10_000);
  expect(told.every(({ from, to }) => from === one && to === two)).toBe(true);
});

test("N43: a ref is known by packed-refs where no file of its own says otherwise", async () => {
  const before = filesOf({ "refs/heads/a": one, "refs/heads/b": one, "refs/heads/same": one });
  const packed = `# pack-refs with: peeled\n${one} refs/heads/a\n${two} refs/heads/b\n${two} refs/heads/same\n`;
  const after = filesOf({ "packed-refs": packed, "refs/heads/same": one });
  expect((await compare(before.files, after.files)).refs).toEqual([
    { name: "refs/heads/b", from: one, to: two },
  ]);
});

test("N43: what cannot be read is not told as new or gone", async () => {
  const before = filesOf({ "refs/heads/a": one, "refs/heads/b": one });
  const after = filesOf({ "packed-refs": "", "refs/heads/b": two }, ["packed-refs"]);
  expect(await compare(before.files, after.files)).toMatchObject({
    refs: [{ name: "refs/heads/b", from: one, to: two }],
    refsNotRead: 2,
  });
});

test("X12: a HEAD that leads out of the repository leads nowhere", async () => {
  const before = filesOf({ HEAD: "ref: refs/../../etc/passwd\n" });
  const after = filesOf({ HEAD: `${one}\n` });
  expect((await compare(before.files, after.files)).head).toEqual({
    from: { branch: "refs/../../etc/passwd" },
    to: { commit: one },
  });
});
