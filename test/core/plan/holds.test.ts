import { describe, expect, test } from "vitest";
import { folderOfHeld, guardOfHold, holdWords } from "../../../src/core/plan/hold-words.ts";
import { holdDigestOf, inOrder } from "../../../src/core/plan/hold-digest.ts";
import { judge, type GuardFacts } from "../../../src/core/plan/holds.ts";
import { suspectsOf, type Suspect, type Suspects } from "../../../src/core/plan/suspects.ts";
import type { HeldItem } from "../../../src/core/tree/index-rows.ts";
import { TextWorld } from "../../support/text-tree.ts";

const none: Suspects = { "local-delete": [], "remote-delete": [], change: [], conflict: [] };

function suspects(count: number, op: string): Suspect[] {
  return Array.from({ length: count }, (_, node) => ({
    node,
    items: [{ node, op, path: `f${node}`, before: "h" }],
    hash: op === "R.put" ? "new" : undefined,
  }));
}

function facts(given: Partial<GuardFacts> & { readonly files?: number }): GuardFacts {
  return {
    tracked: () => 100,
    filesBelow: (count) => (given.files ?? 1_000) < count,
    isEarlier: () => false,
    wasHeld: () => false,
    ...given,
  };
}

/** Guard and number of items of everything that is held. */
function held(given: Partial<Suspects>, about: GuardFacts): string {
  return judge({ ...none, ...given }, about)
    .map(({ guard, items }) => `${guard} ${items.length}`)
    .join(", ");
}

describe("S79: mass delete", () => {
  test.each([
    [50, 150, ""],
    [51, 150, "remote-delete 51"],
    [51, 204, ""],
    [51, 203, "remote-delete 51"],
    [1_000, 10_000, ""],
    [1_001, 1_000_000, "remote-delete 1001"],
    [9, 9, ""],
    [10, 10, "remote-delete 10"],
    [10, 11, ""],
  ])("%i of %i: %s", (count, tracked, expected) => {
    const about = facts({ tracked: () => tracked });
    expect(held({ "remote-delete": suspects(count, "R.delete") }, about)).toBe(expected);
  });

  test("each direction counts for itself", () => {
    const about = facts({ tracked: () => 150 });
    const both = {
      "local-delete": suspects(40, "L.trash"),
      "remote-delete": suspects(51, "R.delete"),
    };
    expect(held(both, about)).toBe("remote-delete 51");
  });

  test("few removals cost no count of what is tracked", () => {
    const about = facts({
      tracked: () => {
        throw new Error("counted");
      },
    });
    expect(held({ "local-delete": suspects(9, "L.trash") }, about)).toBe("");
  });
});

describe("S79: mass change, rollback and conflict", () => {
  test.each([
    [200, 200, ""],
    [201, 401, "change 201"],
    [201, 402, ""],
  ])("%i of %i files with new content: %s", (count, files, expected) => {
    expect(held({ change: suspects(count, "R.put") }, facts({ files }))).toBe(expected);
  });

  test.each([
    [19, 19, ""],
    [20, 40, "rollback 20"],
    [20, 41, ""],
  ])("%i earlier ones of %i: %s", (earlier, count, expected) => {
    const about = facts({ isEarlier: ({ node }) => node < earlier });
    expect(held({ change: suspects(count, "R.put") }, about)).toBe(expected);
  });

  test("a rollback names its files, a mass change the rest", () => {
    const about = facts({ files: 300, isEarlier: ({ node }) => node < 200 });
    expect(held({ change: suspects(300, "R.put") }, about)).toBe("rollback 200, change 100");
  });

  test.each([
    [100, ""],
    [101, "conflict 101"],
  ])("%i conflicts: %s", (count, expected) => {
    expect(held({ conflict: suspects(count, "L.aside") }, facts({}))).toBe(expected);
  });

  test("S82: what was held under a name keeps it, whatever is left", () => {
    const change = suspects(40, "R.put");
    const wasHeld: GuardFacts["wasHeld"] = (guard, { path }) =>
      guard === "change" && Number(path.slice(1)) < 30;
    const about = facts({ wasHeld, isEarlier: ({ node }) => node >= 15 });
    expect(held({ change }, about)).toBe("rollback 10, change 30");
  });
});

test("S79, S81: what several slices plan for one node counts once", () => {
  const folder: Suspect = {
    node: 100,
    items: suspects(40, "R.delete").flatMap(({ items }) => items),
    hash: undefined,
  };
  const of = (count: number): string =>
    held({ "remote-delete": [folder, ...suspects(count, "R.delete")] }, facts({}));
  expect(of(50)).toBe("");
  expect(of(51)).toBe("remote-delete 51");
});

describe("S80: the digest", () => {
  test("S82: is by place, not by node", () => {
    const [one] = suspects(1, "R.delete").flatMap(({ items }) => items);
    if (one === undefined) throw new Error("no item");
    expect(holdDigestOf([{ ...one, node: 8 }])).toBe(holdDigestOf([one]));
  });

  const item = (op: string, path: string, before: string): HeldItem => ({
    node: 1,
    op,
    path,
    before,
  });
  const set = [
    item("R.delete", "b", "1"),
    item("R.delete", "a", "2"),
    item("R.deleteDir", "a", ""),
  ];

  test("is that of the set, in whatever order it was planned", () => {
    expect(holdDigestOf(inOrder(set))).toBe(holdDigestOf(inOrder(set.toReversed())));
    expect(holdDigestOf(inOrder(set))).toBe("f8e7596d123a");
  });

  test("is another one for every other set, whatever is in the names", () => {
    const sets = [
      set,
      set.slice(1),
      [item("R.delete", "a", "1"), item("R.delete", "b", "1")],
      [item("R.delete", 'a","1"]\n["R.delete","b', "1")],
      [item("R.delete", "a\n", "1")],
      [item("R.delete", "a", "\n1")],
      [item("L.trash", "a", "1")],
      [item("L.trash", "a", "2")],
    ];
    expect(new Set(sets.map((each) => holdDigestOf(inOrder(each)))).size).toBe(sets.length);
  });
});

describe("S81: what counts", () => {
  const of = (world: TextWorld, wanted: (node: number) => string | undefined = () => undefined) =>
    suspectsOf(world.plan(), world.merge(), wanted);

  test("a removed folder counts with everything below it, what moves out of it does not", () => {
    const world = new TextWorld("d/a: 1\nd/s/b: 2\nd/s/c: 3\nkeep: 4");
    world.local.move("d/s/b", "b");
    world.local.remove("d");
    const [folder] = of(world)["remote-delete"];
    expect(folder?.items).toMatchObject([
      { op: "R.deleteDir", path: "d", before: "" },
      { op: "R.deleteDir", path: "d/s", before: "" },
      { op: "R.delete", path: "d/s/c", before: "3" },
      { op: "R.delete", path: "d/a", before: "1" },
    ]);
  });

  test("S101: what a restore is about does not, but anything else below a folder of it does", () => {
    const world = new TextWorld("d/a: 1\nd/b: 2\nf: 3");
    const [a, d, f] = ["d/a", "d", "f"].map((path) => world.local.at(path).node);
    world.local.remove("d");
    world.local.write("f", "restored");
    const wants = new Map([
      [a, "absent"],
      [d, "absent"],
      [f, "restored"],
    ]);
    const found = of(world, (node) => wants.get(node));
    expect(found["remote-delete"].flatMap(({ items }) => items.map(({ path }) => path))).toEqual([
      "d/b",
    ]);
    expect(found.change).toEqual([]);
    expect(of(world, (node) => (node === f ? "another" : undefined)).change).toHaveLength(1);
  });

  test("uploads count where they replace, conflicts by the place they leave", () => {
    const world = new TextWorld("a: 1\nb: 2");
    world.local.write("a", "mine");
    world.local.write("new", "n");
    world.local.write("b", "mine");
    world.remote.write("b", "theirs");
    const found = of(world);
    expect(found.change.map(({ items }) => items)).toMatchObject([
      [{ op: "R.put", path: "a", before: "1" }],
    ]);
    expect(found.conflict.map(({ items }) => items)).toMatchObject([
      [{ op: "L.aside", path: "b", before: "mine" }],
    ]);
  });
});

test("S80: a hold in words: its guard, its folder, what it would do", () => {
  const item = (op: string, path: string): HeldItem => ({ node: 1, op, path, before: "" });
  expect(guardOfHold({ kind: "mass-delete", items: [item("L.trash", "a")] })).toBe("local-delete");
  expect(guardOfHold({ kind: "mass-delete", items: [item("R.delete", "a")] })).toBe(
    "remote-delete",
  );
  expect(folderOfHeld([item("", "a/b/1"), item("", "a/b/c/2")])).toBe("a/b");
  expect(folderOfHeld([item("", "a/b/1"), item("", "ab/2")])).toBe("/");
  expect(holdWords("local-delete", 1)).toBe("would move 1 item to the trash here");
  expect(holdWords("conflict", 2)).toBe("would make 2 conflicted copies");
});
