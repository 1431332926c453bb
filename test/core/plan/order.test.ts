import { describe, expect, test } from "vitest";
import { summaryOf } from "../../../src/core/plan/plan.ts";
import { text, textOf, TextWorld } from "../../support/text-tree.ts";

describe("S48: phases", () => {
  test("index ops, folders, moves, contents, removals, the local side first in each", () => {
    const world = new TextWorld("m: 1\nn: 2\nold/a: 3\ngone: 4\nboth: 5");
    world.local.add("new/deep/f: 6");
    world.local.move("m", "new/m");
    world.local.remove("gone");
    world.remote.add("other/g: 7");
    world.remote.move("n", "other/n");
    world.remote.remove("old");
    for (const side of [world.local, world.remote]) side.write("both", "55");
    expect(world.planned()).toBe(
      [
        "S.adopt both",
        "L.mkdir other\nR.mkdir new\nR.mkdir new/deep",
        "L.move n -> other/n\nR.move m -> new/m",
        "L.put other/g: 7\nR.put new/deep/f: 6",
        "L.trash old\nR.delete gone",
      ].join("\n"),
    );
  });

  test("equal input gives an equal plan (S4)", () => {
    const make = (): TextWorld => {
      const world = new TextWorld("a: 1\nb/c: 2\nd: 3");
      world.local.move("a", "b/a");
      world.remote.write("d", "4");
      return world;
    };
    expect(make().plan()).toEqual(make().plan());
  });

  test("the summary counts by kind", () => {
    const world = new TextWorld();
    world.local.add("a: 1\nb: 2\nc/");
    expect(summaryOf(world.plan())).toEqual({ "R.mkdir": 1, "R.put": 2 });
  });
});

describe("S49: places", () => {
  test("a chain of renames runs from its free end, however long it is", () => {
    const base = Array.from({ length: 3000 }, (_, index) => `log.${index}: ${index}`);
    const world = new TextWorld(base.join("\n"));
    for (let index = 2999; index >= 0; index -= 1) {
      world.local.move(`log.${index}`, `log.${index + 1}`);
    }
    const ops = world.plan();
    expect(ops).toHaveLength(3000);
    expect(ops[0]).toMatchObject({ from: "log.2999", path: "log.3000", step: "direct" });
    expect(ops.at(-1)).toMatchObject({ from: "log.0", path: "log.1" });
  });

  test("a removal that frees a place is pulled ahead, others come last", () => {
    const world = new TextWorld("a: 1\nb: 2\nc: 3");
    world.remote.remove("a");
    world.remote.remove("b");
    world.remote.move("c", "b");
    expect(world.planned()).toBe("L.trash b\nL.move c -> b\nL.trash a");
  });

  test("what stays moves out before its folder is removed", () => {
    const world = new TextWorld("d/e/f: 1\nd/g: 2");
    world.local.move("d/e", "e");
    world.local.remove("d");
    expect(world.planned()).toBe("R.move d/e -> e\nR.deleteDir d");
  });

  test("a folder replaced by another one that takes a file of the old one", () => {
    const world = new TextWorld("d/f: 1\nd/g: 2\ne/");
    world.local.move("d/f", "e/f");
    world.local.remove("d");
    world.local.move("e", "d");
    expect(world.planned()).toBe("R.move d/f -> e/f\nR.deleteDir d\nR.move e -> d");
    expect(world.settled()).toBe(text("d/\nd/f: 1"));
  });

  test("a folder and its parent change places and names", () => {
    const world = new TextWorld("a/b/x: 1\na/y: 2");
    world.local.move("a/b", "t");
    world.local.move("a", "t/b");
    world.local.move("t", "a");
    const ops = world.plan();
    expect(ops.filter((op) => "step" in op && op.step === "to-staging")).toHaveLength(2);
    expect(world.settled()).toBe(text("a/\na/x: 1\na/b/\na/b/y: 2"));
  });

  test("three folders turned inside out", () => {
    const world = new TextWorld("a/b/c/f: 1");
    world.local.move("a/b/c", "c");
    world.local.move("a/b", "c/b");
    world.local.move("a", "c/b/a");
    expect(world.settled()).toBe(text("c/\nc/b/\nc/b/a/\nc/f: 1"));
    expect(world.ran).toHaveLength(3);
  });

  test("a file goes into a folder made where the file was", () => {
    const world = new TextWorld("a: 1");
    world.local.move("a", "t");
    world.local.folder("a");
    world.local.move("t", "a/a");
    expect(world.planned()).toBe(
      "R.move a -> a/a (to-staging)\nR.mkdir a\nR.move staging -> a/a (from-staging)",
    );
    expect(world.settled()).toBe(text("a/\na/a: 1"));
  });

  test("what is pulled ahead does not run twice, and two rings do not mix", () => {
    const world = new TextWorld("a: 1\nb: 2\nc: 3\nd: 4\ne/f: 5");
    for (const [from, to] of [
      ["a", "t"],
      ["b", "a"],
      ["t", "b"],
      ["c", "u"],
      ["d", "c"],
      ["u", "d"],
    ] as const) {
      world.remote.move(from, to);
    }
    expect(world.plan()).toHaveLength(6);
    expect(world.settled()).toBe(text("a: 2\nb: 1\nc: 4\nd: 3\ne/\ne/f: 5"));
  });

  test("on a disk a place is an exact name, on the server a key", () => {
    const world = new TextWorld("A: 1\nb: 2");
    world.local.move("A", "c");
    world.local.move("b", "a");
    expect(world.planned()).toBe("R.move A -> c\nR.move b -> a");
    expect(textOf(world.remote.entries)).toBe(text("A: 1\nb: 2"));
  });

  test("what leaves a name goes first, in whatever case the name is taken: a disk may fold case", () => {
    const world = new TextWorld("a: 1\nb.txt: 2");
    world.remote.move("b.txt", "z");
    world.remote.move("a", "B.TXT");
    expect(world.planned()).toBe("L.move b.txt -> z\nL.move a -> B.TXT");
    const removed = new TextWorld("b.txt: 1");
    removed.remote.remove("b.txt");
    removed.remote.folder("B.TXT");
    expect(removed.planned()).toBe("L.trash b.txt\nL.mkdir B.TXT");
  });

  test("a swap that also changes the case is a ring: a disk may fold case", () => {
    const world = new TextWorld("A: 1\nb: 2");
    world.remote.move("A", "t");
    world.remote.move("b", "A");
    world.remote.move("t", "B");
    expect(world.planned()).toBe(
      "L.move A -> B (to-staging)\nL.move b -> A\nL.move staging -> B (from-staging)",
    );
    expect(world.settled()).toBe(text("A: 2\nB: 1"));
  });

  test("paths are those at the moment the op runs", () => {
    const world = new TextWorld("d/f: 1\nx: 2");
    world.remote.move("d", "e");
    world.remote.move("e/f", "e/g");
    world.remote.move("x", "e/x");
    world.remote.write("e/g", "3");
    expect(world.planned()).toBe("L.move d -> e\nL.move e/f -> e/g\nL.move x -> e/x\nL.put e/g: 3");
  });
});
