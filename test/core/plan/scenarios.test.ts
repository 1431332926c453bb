/** Rows of the acceptance scenarios as far as merge and plan alone decide them; ids as there. */
import { describe, expect, test } from "vitest";
import { text, TextWorld } from "../../support/text-tree.ts";

function kinds(world: TextWorld): readonly string[] {
  return world.ran.map(({ kind }) => kind);
}

describe("scenarios A: content", () => {
  test("A1: edited on both sides, two contents, two files", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.write("f", "2");
    expect(world.settled()).toBe(text("f: 2\nf (conflicted copy pc 2026-01-02): 1"));
  });

  test("A2: the same edit on both sides is adopted without transfer", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.write("f", "1");
    expect(world.settled()).toBe("f: 1");
    expect(kinds(world)).toEqual(["S.adopt"]);
  });

  test("A6: a removal here and an edit there keeps the edit", () => {
    const world = new TextWorld("f: 0");
    world.local.remove("f");
    world.remote.write("f", "2");
    expect(world.settled()).toBe("f: 2");
  });
});

describe("scenarios B: moves and identity", () => {
  const thousand = Array.from({ length: 1000 }, (_, index) => `d/${index}: ${index}`).join("\n");

  test("B1: a folder of a thousand files moved here is one op there", () => {
    const world = new TextWorld(thousand);
    world.local.move("d", "e");
    world.settle();
    expect(kinds(world)).toEqual(["R.move"]);
  });

  test("B22: a file moved away and a new one at its place", () => {
    const world = new TextWorld("a: 1");
    world.local.move("a", "b");
    world.local.write("a", "9");
    expect(world.settled()).toBe(text("a: 9\nb: 1"));
    expect(kinds(world)).toEqual(["R.move", "R.put"]);
  });

  test("B19: a rename of the case is one move, and the content stays", () => {
    const world = new TextWorld("f.txt: 0");
    world.local.move("f.txt", "F.TXT");
    expect(world.settled()).toBe("F.TXT: 0");
    expect(kinds(world)).toEqual(["R.move"]);
  });

  test("B20: a folder renamed in case, then a file in it: one folder", () => {
    const world = new TextWorld("Dir/1: 1");
    world.remote.write("Dir/2", "2");
    world.settle();
    world.remote.move("Dir", "dir");
    expect(world.settled()).toBe(text("dir/\ndir/1: 1\ndir/2: 2"));
  });
});

describe("scenarios C: folders and kinds", () => {
  test("C8: a file becomes a folder, and another file goes into it", () => {
    const world = new TextWorld("x: 0\ny: Y");
    world.local.remove("x");
    world.local.folder("x/sub");
    world.local.move("y", "x/sub/y");
    expect(world.planned()).toBe("R.delete x\nR.mkdir x\nR.mkdir x/sub\nR.move y -> x/sub/y");
    expect(world.settled()).toBe(text("x/\nx/sub/\nx/sub/y: Y"));
  });

  test("C10: an empty folder removed there goes here too, the folders above stay", () => {
    const world = new TextWorld();
    world.local.folder("a/b/c");
    world.settle();
    world.remote.remove("a/b/c");
    expect(world.settled()).toBe(text("a/\na/b/"));
  });

  test("D5: a renamed folder removes nothing, whatever part of the whole it is", () => {
    const world = new TextWorld("big/1: 1\nbig/2: 2\nsmall: 3");
    world.local.move("big", "big2");
    world.settle();
    expect(kinds(world)).toEqual(["R.move"]);
  });
});
