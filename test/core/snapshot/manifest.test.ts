import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { comparePaths, parseRelPath } from "../../../src/core/path/rel-path.ts";
import { encodeEntry } from "../../../src/core/snapshot/entry.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import {
  PieceCutter,
  decodeList,
  decodePage,
  encodePageRef,
  inPathOrder,
  isEntryInside,
  joinByPath,
  pagesInside,
  unsharedPages,
} from "../../../src/core/snapshot/manifest.ts";
import type { Pair, PageRef, Piece } from "../../../src/core/snapshot/manifest.ts";
import { inRuns } from "../../../src/std/runs.ts";

function folderAt(path: string, mode = "755"): SnapshotEntry {
  return { path, type: "folder", mode, flags: [] };
}

function pagesOf(entries: readonly SnapshotEntry[]): Piece[] {
  const cutter = new PieceCutter();
  const cut = entries.map((entry) => cutter.add(encodeEntry(entry), entry.path));
  return [...cut, cutter.end()].filter((page) => page !== undefined);
}

function refOf(page: Piece): PageRef {
  return { hash: page.hash, entries: page.count, first: page.first };
}

const many = Array.from({ length: 20_000 }, (_, number) =>
  folderAt(`f${String(number).padStart(6, "0")}`),
);

async function* stream<T>(entries: readonly T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* entries;
}

test("N21: a changed entry rewrites one page of hundreds", () => {
  const before = pagesOf(many).map((page) => page.hash);
  const changed = many.map((entry, at) => (at === 11_111 ? folderAt(entry.path, "700") : entry));
  const after = pagesOf(changed).map((page) => page.hash);
  expect(before.length).toBeGreaterThan(200);
  expect(after.filter((page) => !before.includes(page))).toHaveLength(1);
});

test("N21: an added or removed entry rewrites at most two pages", () => {
  const before = new Set(pagesOf(many).map((page) => page.hash));
  const added = pagesOf(
    many.flatMap((entry) => (entry.path === "f005000" ? [entry, folderAt("f005000x")] : [entry])),
  );
  const removed = pagesOf(many.filter((entry) => entry.path !== "f005000"));
  expect(added.filter((page) => !before.has(page.hash)).length).toBeLessThanOrEqual(2);
  expect(removed.filter((page) => !before.has(page.hash)).length).toBeLessThanOrEqual(2);
});

test("N21: pages are bounded by lines and by bytes", () => {
  const pages = pagesOf(many);
  expect(Math.max(...pages.map((page) => page.count))).toBeLessThanOrEqual(512);
  const block = "ab".repeat(32);
  const size = 4000 * 4 * 1024 * 1024;
  const large = many.slice(0, 50).map((entry): SnapshotEntry => {
    return {
      path: entry.path,
      type: "file",
      size,
      blocks: Array.from({ length: 4000 }, () => block),
      flags: [],
    };
  });
  const largePages = pagesOf(large);
  expect(Math.max(...largePages.map((page) => page.bytes.length))).toBeLessThan(
    1024 * 1024 + 300_000,
  );
});

test("N21, N22: pages and lists come back as they were, and name what they hold", () => {
  const pages = pagesOf(many);
  const entries = pages.flatMap((page) => decodePage(page.bytes, refOf(page)));
  expect(entries).toEqual(many);
  const lists = new PieceCutter();
  const cut = pages.map((page) => lists.add(encodePageRef(page), page.hash));
  const pieces = [...cut, lists.end()].filter((piece) => piece !== undefined);
  expect(pieces.flatMap((piece) => decodeList(piece.bytes))).toEqual(pages.map(refOf));
  for (const page of pages) expect(hash("sha256", page.bytes, "hex")).toBe(page.hash);
});

test("N22: a page that is not what its list says is damaged", () => {
  const [page] = pagesOf(many.slice(0, 5));
  const ref = refOf(page as Piece);
  const bytes = (page as Piece).bytes;
  const damaged = expect.objectContaining({ code: "damaged" });
  expect(() => decodePage(bytes, { ...ref, entries: 4 })).toThrow(damaged);
  expect(() => decodePage(bytes, { ...ref, entries: 1e15 })).toThrow(damaged);
  expect(() => decodePage(bytes, { ...ref, first: "other" })).toThrow(damaged);
  expect(() => decodePage(bytes.subarray(0, -1), ref)).toThrow(damaged);
  expect(() => decodePage(new Uint8Array(), ref)).toThrow(damaged);
  expect(() => decodePage(Uint8Array.of(0xff, 0x0a), ref)).toThrow(damaged);
  expect(() => decodePage(Buffer.from('{"p":"a","t":"d"}\n'.repeat(513)), ref)).toThrow(damaged);
  expect(() => decodeList(Buffer.from('{"m":"../x","n":1,"a":"a"}\n'))).toThrow(damaged);
  expect(() => decodeList(Buffer.from("\n"))).toThrow(damaged);
});

const names = fc.constantFrom("a", "b", "a.b", "a b", "é", "b-", "𝒂", "￿");
const paths = fc
  .uniqueArray(
    fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
    { maxLength: 60 },
  )
  .map((found) => found.toSorted(comparePaths));

test("N22: the pages inside a path hold everything at and below it, and no more than one page beyond at each end", () => {
  fc.assert(
    fc.property(paths, names, fc.integer({ min: 1, max: 5 }), (sorted, under, perPage) => {
      const refs: PageRef[] = [];
      for (let at = 0; at < sorted.length; at += perPage) {
        refs.push({ hash: String(at), entries: perPage, first: sorted[at] ?? "" });
      }
      const chosen = pagesInside(refs, parseRelPath(under)).flatMap((page) => {
        return sorted.slice(Number(page.hash), Number(page.hash) + perPage);
      });
      const inside = (path: string): boolean => isEntryInside(folderAt(path), parseRelPath(under));
      expect(chosen.filter(inside)).toEqual(sorted.filter(inside));
      expect(chosen.filter((path) => !inside(path)).length).toBeLessThanOrEqual(2 * perPage);
    }),
  );
});

test("a merge join gives every path of either side once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(paths, paths, async (left, right) => {
      const pairs: Pair[] = await Array.fromAsync(
        joinByPath(
          stream(left.map((path) => folderAt(path))),
          stream(right.map((path) => folderAt(path))),
        ),
      );
      const union = [...new Set([...left, ...right])].toSorted(comparePaths);
      expect(pairs.map((pair) => pair.left?.path ?? pair.right?.path)).toEqual(union);
      expect(pairs.flatMap((pair) => pair.left?.path ?? [])).toEqual(left);
      expect(pairs.flatMap((pair) => pair.right?.path ?? [])).toEqual(right);
    }),
  );
});

test("a merge join that is left early closes both streams", async () => {
  const closed: string[] = [];
  async function* open(name: string): AsyncGenerator<SnapshotEntry> {
    try {
      yield* many;
    } finally {
      closed.push(name);
    }
  }
  for await (const _pair of joinByPath(open("left"), open("right"))) break;
  expect(closed).toEqual(["left", "right"]);
});

test("a manifest out of order, or with a path twice, is damaged", async () => {
  for (const wrong of [
    ["b", "a"],
    ["a", "a"],
    ["a", "a-b", "a/b"],
  ]) {
    await expect(
      Array.fromAsync(inPathOrder(inRuns(stream(wrong.map((path) => folderAt(path)))))),
    ).rejects.toMatchObject({
      code: "damaged",
    });
  }
  expect(
    await Array.fromAsync(
      inPathOrder(stream([[folderAt("a"), folderAt("a/b")], [folderAt("a-b")]])),
    ),
  ).toHaveLength(2);
  await expect(
    Array.fromAsync(inPathOrder(stream([[folderAt("a")], [folderAt("a")]]))),
  ).rejects.toMatchObject({ code: "damaged" });
});

test("N22: shared pages are left out on both sides", () => {
  expect(unsharedPages({ a: ["1", "2", "3"], b: ["2", "4"] }, (page) => page)).toEqual({
    a: ["1", "3"],
    b: ["4"],
  });
});
