import { describe, expect, test } from "vitest";
import { rebindIn } from "../../../src/core/merge/rebind.ts";
import { MemoryTree } from "../../../src/core/tree/tree-view.ts";
import { text, TextWorld } from "../../support/text-tree.ts";

/** Ops that carry content or remove something. */
function costly(world: TextWorld): readonly string[] {
  return world.ran.map(({ kind }) => kind).filter((kind) => !/^S\.|mkdir|move/u.test(kind));
}

/** The server takes a folder away and makes it again with other ids, as sharing does (S32). */
function recreate(world: TextWorld, path: string, content: string): void {
  world.remote.remove(path);
  world.remote.add(content);
}

describe("S36: one node with two ids", () => {
  test("a folder that was shared comes back with other ids: nothing is transferred (S32)", () => {
    const world = new TextWorld("d/e/f: 0\nd/g: 1");
    recreate(world, "d", "d/e/f: 0\nd/g: 1");
    expect(world.settled()).toBe(text("d/\nd/e/\nd/e/f: 0\nd/g: 1"));
    expect(world.ran.map(({ kind }) => kind)).toEqual(Array(4).fill("S.rebind"));
  });

  test("what was deleted in it is deleted here, what was edited comes down", () => {
    const world = new TextWorld("d/f: 0\nd/g: 1\nd/h: 2");
    recreate(world, "d", "d/g: new\nd/h: 2");
    expect(world.settled()).toBe(text("d/\nd/g: new\nd/h: 2"));
  });

  test("a folder moved here, and made anew at that place there, keeps what the mover had", () => {
    const world = new TextWorld("d/f: 0");
    world.local.move("d", "e");
    world.remote.remove("d");
    world.remote.folder("e");
    expect(world.settled()).toBe(text("e/\ne/f: 0"));
  });

  test("a folder moved there, and made anew at that place here, keeps what the mover had", () => {
    const world = new TextWorld("d/f: 0");
    world.remote.move("d", "e");
    world.local.remove("d");
    world.local.folder("e");
    expect(world.settled()).toBe(text("e/\ne/f: 0"));
  });

  test("S44: with no synced tree equal things are adopted, unequal ones in conflict, nothing is deleted", () => {
    const world = new TextWorld();
    world.local.add("d/same: 0\nd/mine: 1\nd/both: 2");
    world.remote.add("d/same: 0\nd/yours: 3\nd/both: 4");
    const copy = "d/both (conflicted copy pc 2026-01-02)";
    expect(world.settled()).toBe(
      text(`d/\nd/same: 0\nd/mine: 1\nd/yours: 3\nd/both: 4\n${copy}: 2`),
    );
    expect(costly(world).toSorted()).toEqual(["L.aside", "L.put", "L.put", "R.put", "R.put"]);
  });

  test("A8: a lost index costs no transfer and makes no second copy of an old conflict", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.write("f", "2");
    world.settle();
    const rebuilt = new TextWorld();
    for (const side of ["local", "remote"] as const) rebuilt[side].add(world.both());
    expect(rebuilt.settled()).toBe(world.both());
    expect(costly(rebuilt)).toEqual([]);
  });

  test("names that differ in case only are one place, and the remote's spelling is taken", () => {
    const world = new TextWorld();
    world.local.add("Dir/a: 1");
    world.remote.add("dir/a: 1\ndir/b: 2");
    expect(world.settled()).toBe(text("dir/\ndir/a: 1\ndir/b: 2"));
    expect(world.ran.map(({ kind }) => kind)).toContain("L.move");
  });

  test("nodes with different kinds or contents stay two", () => {
    const world = new TextWorld();
    world.local.add("f: 1\nd/");
    world.remote.add("f: 2\nd: 3");
    expect(world.merge().rebinds).toEqual([]);
  });

  test("a row is dropped where the other id has one", () => {
    const world = new TextWorld("a: 1\nb: 2");
    const [a, b] = [world.local.at("a"), world.local.at("b")];
    const tree = new MemoryTree([a, b]);
    rebindIn(tree, { from: a.node, to: b.node });
    expect([...tree.all()]).toEqual([b]);
  });
});

describe("S37: revived nodes", () => {
  test("lose their synced rows first, children before parents, so that a crash cannot make them look deleted", () => {
    const world = new TextWorld("d/f: 0\nd/g: 1");
    world.local.move("d", "e");
    world.remote.remove("d");
    expect(world.planned()).toBe(
      "S.forget d/f\nS.forget d/g\nS.forget d\nR.mkdir e\nR.put e/f: 0\nR.put e/g: 1",
    );
    world.run(world.plan().slice(0, 4));
    expect(world.settled()).toBe(text("e/\ne/f: 0\ne/g: 1"));
  });

  test("are told to the user", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.remove("f");
    const { node } = world.local.at("f");
    expect(world.merge().notices).toEqual([{ kind: "edit-wins-over-delete", node }]);
  });

  test("a file below a folder that moved on the side that deleted it is not revived", () => {
    const world = new TextWorld("d/e/f: 0");
    world.local.move("d", "x");
    world.local.remove("x/e");
    world.remote.write("d/g", "1");
    expect(world.settled()).toBe(text("x/\nx/g: 1"));
  });
});
