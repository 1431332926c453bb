import { describe, expect, test } from "vitest";
import { isQuiet, simulate } from "../../../src/core/plan/simulate.ts";
import { text, textOf, TextWorld } from "../../support/text-tree.ts";

describe("S52: a plan applied to trees in memory", () => {
  test("leaves its input alone and ends with three equal trees", () => {
    const world = new TextWorld("a: 1\nd/b: 2");
    world.local.move("a", "d/a");
    world.remote.write("d/b", "3");
    const before = textOf(world.local.entries);
    const after = simulate(world.trees, world.plan());
    expect(textOf(world.local.entries)).toBe(before);
    expect(textOf(after.local)).toBe(text("d/\nd/a: 1\nd/b: 3"));
    expect(isQuiet(after)).toBe(true);
  });

  test("the synced row gets place and content each when both sides agree on it", () => {
    const world = new TextWorld("f: 0");
    world.remote.move("f", "g");
    world.remote.write("g", "2");
    const [move, put] = world.plan();
    if (move === undefined || put === undefined) throw new Error("two ops");
    expect(textOf(simulate(world.trees, [move]).synced)).toBe("g: 0");
    expect(textOf(simulate(world.trees, [put]).synced)).toBe("f: 2");
    expect(textOf(simulate(world.trees, [move, put]).synced)).toBe("g: 2");
  });

  test("a node is at a name of ours while it is in staging", () => {
    const world = new TextWorld("a: 1\nb: 2");
    world.local.move("a", "t");
    world.local.move("b", "a");
    world.local.move("t", "b");
    const { remote } = simulate(world.trees, world.plan().slice(0, 1));
    expect(textOf(remote)).toBe(".snap-tmp-1: 1\nb: 2");
  });

  test("asking for a hash changes nothing", () => {
    const world = new TextWorld("f: 0");
    world.local.writeUnread("f");
    const after = simulate(world.trees, world.plan());
    expect(textOf(after.local)).toBe("f: ?");
    expect(isQuiet(after)).toBe(false);
  });
});

describe("isQuiet", () => {
  test("is true of equal trees, also where a name on disk is another one on purpose (S42)", () => {
    const world = new TextWorld();
    world.local.add("F: 1\nf: 2");
    expect(isQuiet(world.trees)).toBe(false);
    world.settle();
    expect(isQuiet(world.trees)).toBe(true);
  });

  test.each([
    ["content", (world: TextWorld) => world.local.write("f", "1")],
    ["place", (world: TextWorld) => world.remote.move("f", "g")],
    ["a missing entry", (world: TextWorld) => world.local.remove("f")],
  ] as const)("is false with another %s", (_, change) => {
    const world = new TextWorld("f: 0");
    change(world);
    expect(isQuiet(world.trees)).toBe(false);
  });
});
