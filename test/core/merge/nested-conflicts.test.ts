import { expect, test } from "vitest";
import { differingNodes } from "../../../src/core/merge/sighting.ts";
import { plan } from "../../../src/core/plan/plan.ts";
import { merge } from "../../../src/core/merge/merge.ts";
import { pathKeyOf } from "../../../src/core/path/path-key.ts";
import { simulate } from "../../../src/core/plan/simulate.ts";
import type { Entry, NodeId } from "../../../src/core/tree/node.ts";
import { MemoryTree } from "../../../src/core/tree/tree-view.ts";
import type { WholeTrees } from "../../../src/core/merge/sighting.ts";
import { opsText, text, textOf, TextWorld } from "../../support/text-tree.ts";

test("S43, S47: a file in a folder that steps aside steps aside first, so the paths of both hold", () => {
  const world = new TextWorld("a/\nb/");
  world.local.move("b", "a/b");
  world.local.write("a/b/b", "here");
  world.remote.write("a/b", "there");
  world.remote.write("b/b", "also there");
  const asides = world.plan().filter(({ kind }) => kind === "L.aside");
  expect(opsText(asides)).toBe(
    [
      "L.aside a/b/b -> a/b/b (conflicted copy pc 2026-01-02)",
      "L.aside a/b -> a/b (conflicted copy pc 2026-01-02)",
    ].join("\n"),
  );
});

/** `parent/name` of a folder, or with `=content` of a file. */
function treeOf(entries: Readonly<Record<NodeId, string>>): MemoryTree {
  return new MemoryTree(
    Object.entries(entries).map(([node, line]): Entry => {
      const [, parent = "", name = "", hash = ""] = /^(\d+)\/(\w+)=?(.*)$/.exec(line) ?? [];
      const kind = hash === "" ? "folder" : "file";
      return {
        node: Number(node),
        parent: Number(parent),
        name,
        key: pathKeyOf(name),
        kind,
        hash,
        size: 0,
      };
    }),
  );
}

/** Two folders that become one hold a file and a folder of one name, and the folder was made here before a kill. */
test("S42: folders are merged before what meets in them is told apart, so a new folder gets no copy", () => {
  let trees: WholeTrees = {
    synced: treeOf({ 1: "0/a" }),
    local: treeOf({ 1: "0/b", 5: "1/b" }),
    remote: treeOf({ 1: "0/a", 2: "0/b", 3: "2/b", 4: "1/b=there" }),
  };
  for (let round = 0; round < 4; round += 1) {
    let last = 100;
    const newNode = (): NodeId => (last += 1);
    const facts = { frozen: new Set<NodeId>(), device: "pc", date: "2026-01-02", newNode };
    const slice = differingNodes(trees);
    trees = simulate(trees, plan(merge({ ...trees, slice, ...facts }), trees));
  }
  const wanted = text("b/\nb/b/\nb/b (conflicted copy pc 2026-01-02): there");
  expect(textOf(trees.local)).toBe(wanted);
  expect(textOf(trees.remote)).toBe(wanted);
});
