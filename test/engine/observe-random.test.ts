import { expect, test } from "vitest";
import { baseName, parentPath, parseRelPath } from "../../src/core/path/rel-path.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { localRow, MemoryLook, syncedRows, type Line } from "./memory-look.ts";
import { RandomTree } from "./random-tree.ts";
import { pairWhole } from "./whole-pairing.ts";

/** What the rules of S19 say on whole trees. */
function expected(before: readonly Line[], seen: readonly Line[]): Map<string, NodeId | "+"> {
  const synced = syncedRows(before);
  const positions = new Map(seen.map(({ path }, position) => [path, position]));
  const nodes = pairWhole({
    seen: seen.map(({ path, kind, fileId, size, mtime }) => ({
      path: parseRelPath(path),
      parent: positions.get(parentPath(parseRelPath(path)) ?? "") ?? -1,
      kind: kind === "folder" ? "folder" : "file",
      stat: { name: baseName(parseRelPath(path)), fileId, size, modifiedNs: mtime },
    })),
    foreign: [],
    opaque: new Set(),
    synced,
    local: synced.map(localRow),
    hashOf: (position) => seen[position]?.hash,
  });
  return new Map(seen.map(({ path }, position) => [path, nodes[position] ?? "+"]));
}

function sorted(nodes: ReadonlyMap<string, NodeId | "+">): string[] {
  return [...nodes].map(([path, node]) => `${path}>${node}`).toSorted();
}

type Run = { readonly seed: number; readonly withIds: boolean; readonly steps: number };

function treesOf({ seed, withIds, steps }: Run): readonly [readonly Line[], readonly Line[]] {
  const tree = new RandomTree(seed, { withIds });
  const before = tree.lines();
  for (let step = 0; step < steps; step += 1) tree.step();
  if (seed % 7 === 0) tree.newInodes();
  return [before, tree.lines()];
}

test.each([
  [true, 100],
  [false, 60],
])(
  "S19, S23: folder by folder finds what whole trees show (file ids: %s)",
  async (withIds, runs) => {
    for (let seed = 1; seed <= runs; seed += 1) {
      const [before, seen] = treesOf({ seed, withIds, steps: 1 + (seed % 12) });
      using memory = new MemoryLook({ synced: syncedRows(before), seen });
      await memory.look();
      expect(sorted(memory.nodes()), `seed ${seed}`).toEqual(sorted(expected(before, seen)));
      memory.hashed.length = 0;
      const rows = JSON.stringify([...memory.open.index.local.all()]);
      await memory.look();
      expect(JSON.stringify([...memory.open.index.local.all()]), `seed ${seed}`).toBe(rows);
      expect(memory.hashed, `seed ${seed}`).toEqual([]);
    }
  },
);
