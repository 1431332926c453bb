import { expect, test } from "vitest";
import { merge } from "../../../src/core/merge/merge.ts";
import type { MergeResult } from "../../../src/core/merge/merge-result.ts";
import { plan } from "../../../src/core/plan/plan.ts";
import type { NodeId } from "../../../src/core/tree/node.ts";
import { opsText, text, TextWorld } from "../../support/text-tree.ts";

/** The merge of some of the dirty nodes. */
function mergeSlice(world: TextWorld, slice: readonly NodeId[]): MergeResult {
  const { trees, frozen, newNode } = world;
  const device = { device: "pc", date: "2026-01-02" };
  return merge({ ...trees, slice, frozen, newNode, ...device, partial: true });
}

test("S37, S45: a slice with a folder that stays takes along what was deleted with it", () => {
  const world = new TextWorld("d/c: 0");
  const [folder, file] = [world.local.at("d").node, world.local.at("d/c").node];
  world.local.move("d", "e");
  world.remote.remove("d");
  expect(new Set(mergeSlice(world, [folder]).revived)).toEqual(new Set([folder, file]));
});

test("S45: a folder does not go with what a later slice would keep", () => {
  const world = new TextWorld("d/c: 0\nd/x: 1");
  const [folder, gone] = [world.local.at("d").node, world.local.at("d/x").node];
  world.remote.remove("d");
  world.local.write("d/c", "edited");
  expect(opsText(plan(mergeSlice(world, [folder, gone]), world.trees))).toBe("L.trash d/x");
});

test("S42, S45: what was put aside on the disk takes that name to the server, and no third one", () => {
  const world = new TextWorld("a/a/a/x: 1\na/b: 2");
  const [outer, inner] = [world.local.at("a").node, world.local.at("a/a").node];
  world.local.move("a/a", "b");
  world.remote.folder("b");
  world.remote.move("a", "b/a");
  world.run(plan(mergeSlice(world, [outer, inner]), world.trees));
  world.settle();
  const copy = "b/a (conflicted copy pc 2026-01-02)";
  expect(world.both()).toBe(text(`b/\nb/a/\nb/a/b: 2\n${copy}/\n${copy}/x: 1`));
});
