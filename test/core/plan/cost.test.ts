/** S5, S106: what a merge and its plan read follows the number of changes, counted in rows. */
import { beforeAll, describe, expect, test } from "vitest";
import { merge } from "../../../src/core/merge/merge.ts";
import type { SyncedLike } from "../../../src/core/merge/merge-result.ts";
import { pathKeyOf } from "../../../src/core/path/path-key.ts";
import type { Op } from "../../../src/core/plan/op.ts";
import { plan } from "../../../src/core/plan/plan.ts";
import { OverlayTree } from "../../../src/core/tree/overlay-tree.ts";
import { rootNode, type Entry, type NodeId } from "../../../src/core/tree/node.ts";
import { MemoryTree, type EditableTree, type TreeView } from "../../../src/core/tree/tree-view.ts";
import { CountedTree } from "../../support/counted-tree.ts";

const readsMax = 500;

function entry(node: NodeId, parent: NodeId, name: string): Entry {
  const isFolder = name.startsWith("d");
  const [kind, hash] = isFolder ? (["folder", ""] as const) : (["file", `s${node}`] as const);
  return { node, parent, name, key: pathKeyOf(name), kind, hash, size: 1 };
}

/**
 * 100,000 files: folder 1 holds ten folders of 1,000 (2 to 11), folder 12 holds 5,000 files (from 20,001), folder 13 eight
 * folders deep the rest.
 */
function* manyEntries(): Generator<Entry> {
  yield entry(1, rootNode, "d-ten");
  for (let folder = 2; folder <= 11; folder += 1) yield entry(folder, 1, `d${folder}`);
  for (let file = 0; file < 10_000; file += 1) {
    yield entry(10_000 + file, 2 + (file % 10), `f${file}`);
  }
  yield entry(12, rootNode, "d-five");
  for (let file = 0; file < 5_000; file += 1) yield entry(20_001 + file, 12, `f${file}`);
  yield entry(13, rootNode, "d-deep");
  for (let depth = 14; depth <= 20; depth += 1) yield entry(depth, depth - 1, `d${depth}`);
  for (let file = 0; file < 85_000; file += 1) {
    yield entry(30_000 + file, 13 + (file % 8), `f${file}`);
  }
}

let base: MemoryTree<SyncedLike>;

beforeAll(() => {
  base = new MemoryTree(manyEntries());
});

type Sides = { readonly local: EditableTree; readonly remote: EditableTree };
type Cost = { readonly reads: number; readonly ops: readonly Op[] };

/** Change the sides; `dirty` are the nodes that were changed. */
type CostOptions = {
  readonly frozen?: ReadonlySet<NodeId>;
  /** What both sides agreed on. */
  readonly synced?: MemoryTree<SyncedLike>;
};

function costOf(
  dirty: readonly NodeId[],
  change: (sides: Sides) => void,
  { frozen = new Set(), synced = base }: CostOptions = {},
): Cost {
  const overlay = (): EditableTree => new OverlayTree(synced, (entry) => entry);
  const sides = { local: overlay(), remote: overlay() };
  change(sides);
  let reads = 0;
  let last = 900_000;
  const count = (rows: number): void => {
    reads += rows;
  };
  const trees = {
    synced: new CountedTree<SyncedLike>(synced, count),
    local: new CountedTree(sides.local, count),
    remote: new CountedTree(sides.remote, count),
  };
  const newNode = (): NodeId => (last += 1);
  const facts = { frozen, device: "pc", date: "2026-01-02", newNode };
  const ops = plan(merge({ ...trees, slice: dirty, ...facts }), trees);
  return { reads, ops };
}

function at(tree: TreeView, node: NodeId): Entry {
  const found = tree.get(node);
  if (found === undefined) throw new Error(`no node ${node}`);
  return found;
}

function kinds({ ops }: Cost): readonly string[] {
  return ops.map(({ kind }) => kind);
}

describe("S106: one change among 100,000 files reads fewer than 500 rows", () => {
  test.each([
    [
      "an edit",
      30_007,
      "R.put",
      ({ local }: Sides) => local.put({ ...at(local, 30_007), hash: "new" }),
    ],
    ["a delete", 30_007, "R.delete", ({ local }: Sides) => local.remove(30_007)],
    ["a delete there", 30_007, "L.trash", ({ remote }: Sides) => remote.remove(30_007)],
    [
      "a move",
      30_007,
      "L.move",
      ({ remote }: Sides) =>
        remote.put({ ...at(remote, 30_007), parent: 12, name: "m", key: pathKeyOf("m") }),
    ],
    ["a new file", 530_007, "R.put", ({ local }: Sides) => local.put(entry(530_007, 20, "new"))],
  ] as const)("%s", (...[, node, kind, change]) => {
    const cost = costOf([node], change);
    expect(kinds(cost)).toEqual([kind]);
    expect(cost.reads).toBeLessThan(readsMax);
  });

  test("a folder with 10,000 files below is moved", () => {
    const cost = costOf([1], ({ local }) =>
      local.put({ ...at(local, 1), parent: 20, name: "d-moved", key: pathKeyOf("d-moved") }),
    );
    expect(kinds(cost)).toEqual(["R.move"]);
    expect(cost.reads).toBeLessThan(readsMax);
  });

  test("an edit beside an unknown folder with 10,000 files", () => {
    const edit = ({ local }: Sides): void => local.put({ ...at(local, 30_007), hash: "new" });
    const cost = costOf([30_007], edit, { frozen: new Set([1]) });
    expect(kinds(cost)).toEqual(["R.put"]);
    expect(cost.reads).toBeLessThan(readsMax);
  });

  test("S38: a conflict among 5,000 siblings reads its folder once, and no other", () => {
    const cost = costOf([20_500], ({ local, remote }) => {
      local.put({ ...at(local, 20_500), hash: "here" });
      remote.put({ ...at(remote, 20_500), hash: "there" });
    });
    expect(kinds(cost)).toEqual(["L.aside"]);
    expect(cost.reads).toBeLessThan(5_000 + readsMax);
  });

  test("S5: twice the changes read at most a little more than twice the rows", () => {
    const edits = (count: number): number => {
      const nodes = Array.from({ length: count }, (_, index) => 40_000 + index);
      return costOf(nodes, ({ local }) => {
        for (const node of nodes) local.put({ ...at(local, node), hash: "new" });
      }).reads;
    };
    expect(edits(2_000)).toBeLessThan(edits(1_000) * 2.1);
  });

  test.each(["local", "remote"] as const)(
    "S5: twice as many nested folders that went on the %s side read at most a little more than twice the rows",
    (side) => {
      const chain = (depth: number): number => {
        const nodes = Array.from({ length: depth }, (_, above) => above + 1);
        const synced = new MemoryTree<SyncedLike>(
          nodes.map((node) => entry(node, node === 1 ? rootNode : node - 1, `d${node}`)),
        );
        const cost = costOf(
          nodes,
          (sides) => {
            for (const node of nodes) sides[side].remove(node);
          },
          { synced },
        );
        expect(cost.ops.length).toBeGreaterThan(0);
        return cost.reads;
      };
      expect(chain(250)).toBeLessThan(chain(125) * 2.2);
    },
  );
});
