import { describe, expect, test } from "vitest";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import { planRestore } from "../../../src/core/snapshot/restore-plan.ts";
import type { Sight } from "../../../src/core/snapshot/restore-picture.ts";
import { rowsOf } from "../../../src/core/snapshot/restore-rows.ts";
import type { RestoreItemRow } from "../../../src/core/snapshot/restore-state.ts";
import { readLocalRecord, witnessOf } from "../../../src/core/snapshot/restore-record.ts";
import { undoWish, type UndoWish } from "../../../src/core/snapshot/restore-undo.ts";
import {
  bothSides,
  disk,
  dropbox,
  hashOf,
  sightOf,
  subject,
  wantedTree,
  type Scene,
} from "./restore-scenes.ts";

/** The journal of a restore that went well. */
function journalOf(before: Sight, wanted: Scene): readonly RestoreItemRow[] {
  const tree = wantedTree(wanted);
  const { items } = planRestore(tree, before, subject());
  const source = { area: { kind: "staging", id: "r1" }, path: parseRelPath("0") } as const;
  const rows = [...rowsOf("r1", { items, wanted: tree, sight: before }, () => source)];
  return rows.map((row) => {
    if (row.side === "remote") return { ...row, step: "acted" };
    const { deed, before: old, want } = readLocalRecord(row.expected);
    const moved = old !== null && (deed === "place" || deed === "remove" || deed === "covered");
    return {
      ...row,
      step: "acted",
      displaced: moved ? row.path : undefined,
      witness: deed === "kept" ? row.witness : witnessOf(want),
    };
  });
}

function undo(rows: readonly RestoreItemRow[], sight: Sight, isRollback = false): UndoWish {
  const copy = { device: "box", date: "2026-11-21" };
  return undoWish({ rows, sight, entries: new Map(), copy, isRollback });
}

const wishes = ({ wanted }: UndoWish): Record<string, string> =>
  Object.fromEntries(
    [...wanted.nodes].map(([path, node]) => [path, node.kind === "file" ? node.hash : node.kind]),
  );

describe("what an undo wants (T44)", () => {
  test("everything as it was; what the restore made goes", () => {
    const rows = journalOf(bothSides({ a: "9", new: "5" }), { a: "1", made: "3" });
    const wish = undo(rows, bothSides({ a: "1", made: "3" }));
    expect(wishes(wish)).toEqual({ a: hashOf("9"), new: hashOf("5") });
    expect(wish.wanted.isRemoved(parseRelPath("made"))).toBe(true);
    expect(wish.changed).toEqual([]);
  });

  test("an edit in Dropbox that had never come down comes down, by its rev", () => {
    const before = sightOf(disk({ a: "1" }), dropbox({ a: "8" }), { synced: { a: "1" } });
    const wish = undo(journalOf(before, { a: "1" }), bothSides({ a: "1" }));
    expect(wish.wanted.nodes.get(parseRelPath("a"))).toMatchObject({
      hash: hashOf("8"),
      sources: [{ from: "revision", rev: "rev-8" }],
    });
  });

  test("local work that had never gone up comes back from the undo area", () => {
    const before = sightOf(disk({ a: "9" }), dropbox({ a: "1" }), { synced: { a: "1" } });
    const wish = undo(journalOf(before, { a: "1" }), bothSides({ a: "1" }));
    const place = { area: { kind: "undo", id: "r1" }, path: "a" };
    expect(wish.wanted.nodes.get(parseRelPath("a"))).toMatchObject({
      hash: hashOf("9"),
      sources: [{ from: "area", place }],
    });
  });

  test("S38: where both sides had new work, Dropbox keeps the name and the other becomes a copy", () => {
    const before = sightOf(disk({ a: "9" }), dropbox({ a: "8" }), { synced: { a: "5" } });
    const wish = undo(journalOf(before, { a: "1" }), bothSides({ a: "1" }));
    expect(wishes(wish)).toEqual({
      a: hashOf("8"),
      "a (conflicted copy box 2026-11-21)": hashOf("9"),
    });
  });

  test("S37: a removal that had not been synced does not win over an edit", () => {
    const before = sightOf(disk({ a: "9" }), dropbox({}), { synced: { a: "5" } });
    const wish = undo(journalOf(before, { a: "1" }), bothSides({ a: "1" }));
    expect(wishes(wish)).toEqual({ a: hashOf("9") });
  });
});

test("S37: a removal in Dropbox that had not come down comes down, where nothing was edited", () => {
  const before = sightOf(disk({ a: "1" }), dropbox({}), { synced: { a: "1" } });
  const wish = undo(journalOf(before, { a: "1" }), bothSides({ a: "1" }));
  expect(wishes(wish)).toEqual({});
  expect(wish.wanted.isRemoved(parseRelPath("a"))).toBe(true);
});

describe("the undo of a rollback that was settled (T48)", () => {
  const before = (synced: string): Sight =>
    sightOf(disk({ a: "1" }), dropbox({ a: "2" }), { synced: { a: synced } });

  test.each(["1", "2"])(
    "after `keep` the cloud comes back, also where %s was agreed on",
    (synced) => {
      const rows = journalOf(before(synced), { a: "1" });
      expect(wishes(undo(rows, bothSides({ a: "1" }), true))).toEqual({ a: hashOf("2") });
    },
  );

  test.each(["1", "2"])("after `discard` the disk comes back, also where %s was", (synced) => {
    const rows = journalOf(before(synced), { a: "2" });
    expect(wishes(undo(rows, bothSides({ a: "2" }), true))).toEqual({ a: hashOf("1") });
  });
});

describe("the witness (T45)", () => {
  const rows = journalOf(bothSides({ a: "9", gone: "5" }), { a: "1" });

  test.each([
    ["an edit on the disk", sightOf(disk({ a: "4" }), dropbox({ a: "1" })), ["a"]],
    ["an edit in Dropbox", sightOf(disk({ a: "1" }), dropbox({ a: "4" })), ["a"]],
    ["a removal", sightOf(disk({}), dropbox({})), ["a"]],
    ["something new at a free place", bothSides({ a: "1", gone: "4" }), ["gone"]],
    ["a folder at a free place", bothSides({ a: "1", gone: null }), ["gone"]],
    [
      "a place that cannot be read",
      sightOf(disk({}, { unknown: ["a"] }), dropbox({ a: "1" })),
      ["a"],
    ],
    ["what was there before, put back by hand", bothSides({ a: "9", gone: "5" }), []],
    ["nothing", bothSides({ a: "1" }), []],
  ])("%s", (_name, sight, changed) => {
    const wish = undo(rows, sight);
    expect(wish.changed).toEqual(changed);
    expect(wish.wanted.frozen).toEqual(changed);
  });

  test("a path that the restore left aside is not taken back", () => {
    const left = rows.map((row) => (row.path === "a" ? { ...row, step: "left" as const } : row));
    expect(wishes(undo(left, bothSides({ a: "1" })))).toEqual({ gone: hashOf("5") });
  });
});
