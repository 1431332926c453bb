import fc from "fast-check";
import { expect, test } from "vitest";
import { comparePaths } from "../../../src/core/path/rel-path.ts";
import { EntrySorter, sortKeyOf } from "../../../src/core/snapshot/entry-sorter.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { MemorySpool } from "../../support/memory-spool.ts";

const name = fc
  .string({
    unit: fc.constantFrom("a", "B", ".", "-", "~", "é", "\n", "\u{ffff}", "😀"),
    minLength: 1,
  })
  .filter((text) => text !== "." && text !== "..");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));

test("N21: the order of sort keys is path order", () => {
  fc.assert(
    fc.property(path, path, (a, b) => {
      const [one, other] = [sortKeyOf(a), sortKeyOf(b)];
      const order = one === other ? 0 : Math.sign(Number(one > other) - 0.5);
      expect(order).toBe(Math.sign(comparePaths(a, b)));
    }),
  );
});

test("N21: entries come out in path order, those of one path in the order in which they came", () => {
  fc.assert(
    fc.property(fc.array(path), (paths) => {
      using sorter = new EntrySorter(() => new MemorySpool(), 200);
      const entries = paths.map((each, at): SnapshotEntry => ({
        path: each,
        type: "file",
        size: at,
        flags: [],
      }));
      for (const entry of entries) sorter.add(entry);
      expect([...sorter.sorted()]).toEqual(
        entries.toSorted((a, b) => comparePaths(a.path, b.path)),
      );
    }),
  );
});
