import { describe, expect, test } from "vitest";
import { text, TextWorld } from "../../support/text-tree.ts";

const label = "(conflicted copy pc 2026-01-02)";

describe("S38, S43: conflicts", () => {
  test("the aside comes alone: nothing else is done with the file in that round", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.write("f", "2");
    const [aside, ...rest] = world.plan();
    expect(rest).toEqual([]);
    expect(aside).toMatchObject({ kind: "L.aside", keepsPlace: false, name: `f ${label}` });
    expect(aside).toMatchObject({ before: { hash: "1" }, after: { hash: "1" } });
  });

  test("a second conflict on the same day gets a number (S87)", () => {
    const world = new TextWorld("f: 0");
    for (const [mine, yours] of [
      ["1", "2"],
      ["3", "4"],
    ] as const) {
      world.local.write("f", mine);
      world.remote.write("f", yours);
      world.settle();
    }
    expect(world.settled()).toBe(
      text(`f: 4\nf ${label}: 1\nf (conflicted copy pc 2026-01-02 2): 3`),
    );
  });

  test("a copy of the same bytes is used again, where both sides have it", () => {
    const world = new TextWorld(`f: 0\nf ${label}: 1`);
    world.local.write("f", "1");
    world.remote.write("f", "2");
    expect(world.planned()).toBe("L.put f: 2");
  });

  test("a copy of the same bytes that is on the server only is joined", () => {
    const world = new TextWorld("f: 0");
    world.local.write("f", "1");
    world.remote.write("f", "2");
    world.remote.write("f (conflicted copy pc 2025-12-31)", "1");
    expect(world.planned()).toBe("L.aside f -> f (conflicted copy pc 2025-12-31)");
    expect(world.settled()).toBe(text("f: 2\nf (conflicted copy pc 2025-12-31): 1"));
    expect(world.ran.map(({ kind }) => kind)).not.toContain("R.put");
  });

  test("the same for two files that are new at one place", () => {
    const world = new TextWorld();
    world.local.write("f", "1");
    world.remote.add(`f: 2\nf ${label}: 1`);
    expect(world.settled()).toBe(text(`f: 2\nf ${label}: 1`));
    const known = new TextWorld(`f ${label}: 1`);
    known.local.write("f", "1");
    known.remote.write("f", "2");
    expect(known.settled()).toBe(text(`f: 2\nf ${label}: 1`));
  });

  test("a file moved and edited here, edited there: the remote keeps the place, the copy is where the file was moved to", () => {
    const world = new TextWorld("f: 0\nd/");
    world.local.move("f", "d/g");
    world.local.write("d/g", "1");
    world.remote.write("f", "2");
    expect(world.settled()).toBe(text(`d/\nd/g ${label}: 1\nf: 2`));
  });

  test("a file edited on both sides in a folder that moved: the copy goes along", () => {
    const world = new TextWorld("d/f: 0");
    world.remote.move("d", "e");
    world.local.write("d/f", "1");
    world.remote.write("e/f", "2");
    expect(world.settled()).toBe(text(`e/\ne/f: 2\ne/f ${label}: 1`));
  });

  test("C7: a folder keeps what changed in it under the new name; what did not change stays deleted", () => {
    const world = new TextWorld("x/c: 0\nx/d: 0d\nx/e/f: 0f");
    world.remote.remove("x");
    world.remote.write("x", "2");
    world.local.write("x/c", "1");
    expect(world.plan().find(({ kind }) => kind === "L.aside")).toMatchObject({ keepsPlace: true });
    expect(world.settled()).toBe(text(`x: 2\nx ${label}/\nx ${label}/c: 1`));
  });

  test("a move onto a place that the remote took: the local one is named differently", () => {
    const world = new TextWorld("f: 0");
    world.local.move("f", "g");
    world.remote.write("g", "2");
    expect(world.settled()).toBe(text(`g: 2\ng ${label}: 0`));
    expect(world.ran.filter(({ kind }) => kind === "R.put")).toEqual([]);
  });

  test.each(["local", "remote"] as const)(
    "a name that something unknown has on the %s side is not free",
    (side) => {
      const world = new TextWorld("f: 0");
      world.local.write("f", "1");
      world.remote.write("f", "2");
      world[side].write(`f ${label}`, "unknown");
      world.frozen.add(world[side].at(`f ${label}`).node);
      expect(world.planned()).toBe("L.aside f -> f (conflicted copy pc 2026-01-02 2)");
    },
  );

  test("the copy finds a free name where something else is moved onto it", () => {
    const world = new TextWorld("f: 0\nx: 9");
    world.local.write("f", "1");
    world.remote.write("f", "2");
    world.remote.move("x", `f ${label}`);
    const end = world.settled();
    expect(end).toBe(text(`f: 2\nf ${label}: 9\nf (conflicted copy pc 2026-01-02 2): 1`));
  });
});

describe("S42: one place, two nodes", () => {
  test("equal files moved to one place from both sides become one (P5)", () => {
    const world = new TextWorld("a: same\nb: same");
    world.local.move("a", "c");
    world.remote.move("b", "c");
    expect(world.settled()).toBe("c: same");
  });

  test("a file that became equal to a new one at its place is kept, the new one goes", () => {
    const world = new TextWorld("a: 0");
    world.local.move("a", "b");
    world.remote.add("a: same\nb: same");
    const { node } = world.local.at("b");
    expect(world.settled()).toBe("b: same");
    expect(world.remote.at("b").node).toBe(node);
  });

  test("a new local folder where the remote moved one: merged", () => {
    const world = new TextWorld("d/f: 0");
    world.remote.move("d", "e");
    world.local.write("e/g", "1");
    expect(world.settled()).toBe(text("e/\ne/f: 0\ne/g: 1"));
  });

  test("a new remote folder where a local one was moved: merged, and the known one stays", () => {
    const world = new TextWorld("d/f: 0");
    world.local.move("d", "e");
    world.remote.add("e/g: 1\ne/f: 2\nd/h: 3");
    const { node } = world.local.at("e");
    expect(world.settled()).toBe(text(`e/\ne/f: 0\ne/f ${label}: 2\ne/g: 1\ne/h: 3`));
    expect(world.remote.at("e").node).toBe(node);
  });

  test("a new local folder with another file of the same name in it: both contents stay", () => {
    const world = new TextWorld("d/f: 0\nd/g/h: 1");
    world.remote.move("d", "e");
    world.local.add("e/f: 2\ne/g/h: 3\ne/g/i: 4");
    expect(world.settled()).toBe(
      text(`e/\ne/f: 0\ne/f ${label}: 2\ne/g/\ne/g/h: 1\ne/g/h ${label}: 3\ne/g/i: 4`),
    );
  });

  test("a crash in the middle of that makes no second copy", () => {
    const world = new TextWorld("d/f: 0");
    world.local.move("d", "e");
    world.remote.add("e/f/");
    const end = text(`e/\ne/f: 0\ne/f ${label}/`);
    // The first op ran, and its commit was lost: the new folder is an unknown local one.
    world.local.folder(`e/f ${label}`);
    expect(world.settled()).toBe(end);
  });

  test("nor does one after that op was committed", () => {
    const world = new TextWorld("d/f: 0");
    world.local.move("d", "e");
    world.remote.add("e/f/");
    world.run(world.plan().slice(0, 1));
    expect(world.settled()).toBe(text(`e/\ne/f: 0\ne/f ${label}/`));
  });

  test("in merged folders too the remote keeps a name that was new on both sides", () => {
    const world = new TextWorld("d/");
    world.local.move("d", "e");
    world.local.write("e/f", "1");
    world.remote.add("e/f: 2");
    expect(world.settled()).toBe(text(`e/\ne/f: 2\ne/f ${label}: 1`));
  });

  test("a node that is known on both sides but has no synced row takes the remote's place", () => {
    const world = new TextWorld("f: 0");
    world.remote.move("f", "g");
    world.synced.remove(world.local.at("f").node);
    expect(world.settled()).toBe("g: 0");
  });

  test("two folders that both sides knew are not merged", () => {
    const world = new TextWorld("a/f: 0\nb/f: 1");
    world.local.move("a", "c");
    world.remote.move("b", "c");
    expect(world.settled()).toBe(text(`c/\nc/f: 1\nc ${label}/\nc ${label}/f: 0`));
  });
});
