import { describe, expect, test } from "vitest";
import { text, TextWorld } from "../../support/text-tree.ts";

/** A world with a folder whose file `d/u` is unknown. */
function withUnknown(base: string): TextWorld {
  const world = new TextWorld(base);
  world.frozen.add(world.local.at("d/u").node);
  return world;
}

describe("S29: unknown nodes", () => {
  test("nothing below an unknown folder is touched, whatever changed there", () => {
    const world = new TextWorld("d/a: 0\nd/b: 0\nd/c/x: 0\nother: 0");
    world.frozen.add(world.local.at("d").node);
    world.local.write("d/a", "1");
    world.local.add("d/new: 1");
    world.remote.write("d/b", "2");
    world.remote.remove("d/c");
    world.remote.write("other", "2");
    expect(world.planned()).toBe("L.put other: 2");
  });

  test("a folder above is not removed; the rest of it is", () => {
    const world = withUnknown("d/u: 0\nd/e/g: 1\nd/h: 2");
    world.remote.remove("d");
    expect(world.planned()).toBe("L.trash d/e\nL.trash d/h");
  });

  test.each(["local", "remote"] as const)("a folder above is not moved (%s)", (side) => {
    const world = withUnknown("d/u: 0\nd/g: 1");
    world[side].move("d", "e");
    expect(world.planned()).toBe("");
  });

  test("a folder above on one side only is not moved either", () => {
    const world = new TextWorld("a/b/\nd/u: 0\nx/");
    world.frozen.add(world.local.at("d/u").node);
    world.remote.move("d", "a/b/d");
    world.local.move("a", "x/a");
    expect(world.planned()).toBe("");
  });

  test("a change beside an unknown file is made, at the place its side has (P9)", () => {
    const world = withUnknown("d/u: 0\nd/g: 1");
    world.local.move("d", "e");
    world.local.write("e/g", "2");
    world.remote.write("d/h", "3");
    expect(world.planned()).toBe("L.put e/h: 3\nR.put d/g: 2");
  });

  test("a place that an unknown file takes is not written to", () => {
    const world = withUnknown("d/u: 0");
    world.remote.move("d/u", "d/v");
    world.remote.write("d/u", "new");
    expect(world.planned()).toBe("");
  });

  test("what waits for a place that stays taken waits too, and so on", () => {
    const world = new TextWorld("a: 1\nb: 2\nc: 3\nd: 4");
    world.frozen.add(world.local.at("a").node);
    world.remote.move("a", "x");
    world.remote.move("b", "a");
    world.remote.move("c", "b");
    world.remote.write("c", "new");
    world.remote.move("d", "e");
    expect(world.planned()).toBe("L.move d -> e");
  });

  test("what was held comes when it is known again", () => {
    const world = withUnknown("d/u: 0\nd/g: 1");
    world.remote.move("d", "e");
    world.remote.write("e/u", "2");
    expect(world.settled()).toContain("local:");
    world.frozen.clear();
    expect(world.settled()).toBe(text("e/\ne/u: 2\ne/g: 1"));
  });

  test("a new folder with an unknown file in it is made on the other side, without that file", () => {
    const world = new TextWorld();
    world.local.add("d/u: 0\nd/g: 1");
    world.frozen.add(world.local.at("d/u").node);
    expect(world.planned()).toBe("R.mkdir d\nR.put d/g: 1");
  });

  test("a folder that holds something unknown is not put aside, and what needs its place waits", () => {
    const world = new TextWorld();
    world.local.add("d/u: 0");
    world.frozen.add(world.local.at("d/u").node);
    world.remote.write("d", "a file");
    expect(world.planned()).toBe("");
  });

  test("a synced row is not forgotten while it is unknown", () => {
    const world = withUnknown("d/u: 0");
    world.local.remove("d");
    world.remote.remove("d");
    expect(world.planned()).toBe("S.forget d");
  });
});

describe("S36, S47: files whose content is not known yet", () => {
  test("the hash is asked for, and nothing is done with the file until then", () => {
    const world = new TextWorld("f: 0\ng: 0");
    world.local.writeUnread("f");
    world.remote.write("f", "2");
    world.remote.write("g", "2");
    expect(world.planned()).toBe("ASK.hash f\nL.put g: 2");
    world.local.write("f", "1");
    expect(world.planned()).toContain("L.aside f");
  });

  test("no hash is asked for of an unknown file", () => {
    const world = new TextWorld("f: 0");
    world.local.writeUnread("f");
    world.frozen.add(world.local.at("f").node);
    expect(world.planned()).toBe("");
  });

  test("the place of a file that is being read is not written to, and its folder stays", () => {
    const world = new TextWorld("d/f: 0");
    world.local.writeUnread("d/g");
    world.remote.write("d/g", "2");
    world.remote.remove("d/f");
    expect(world.planned()).toBe("ASK.hash d/g\nL.trash d/f");
    world.local.write("d/g", "2");
    expect(world.planned()).toBe("S.rebind d/g\nS.adopt d/g\nL.trash d/f");
  });
});

test("S29: where the top is unknown, everything waits", () => {
  const world = new TextWorld("a: 0\nd/b: 0");
  world.frozen.add(0);
  world.local.write("d/b", "1");
  world.remote.write("a", "2");
  world.local.add("new: 3");
  expect(world.planned()).toBe("");
  world.frozen.clear();
  expect(world.settled()).toBe(text("a: 2\nd/b: 1\nd/\nnew: 3"));
});

test("S29: what wants the name of something unknown that did not change waits, and gets no other name", () => {
  const world = withUnknown("d/u: 0");
  world.local.write("d/U", "1");
  expect(world.planned()).toBe("");
});
