/** One test for each row of table 6.2, location and folders; where the row has two roles, one for each. */
import { describe, expect, test } from "vitest";
import { text, textOf, TextWorld, wholeOf } from "../../support/text-tree.ts";

const roles = [
  { mine: "local", theirs: "remote" },
  { mine: "remote", theirs: "local" },
] as const;

describe.each(roles)("table 6.2, moved on the $mine side", ({ mine, theirs }) => {
  const move = mine === "local" ? "R.move" : "L.move";

  test("unchanged on the other: the move is applied, as one op", () => {
    const world = new TextWorld("d/f: 0\nd/g: 1");
    world[mine].move("d", "e");
    expect(world.planned()).toBe(`${move} d -> e`);
    expect(world.settled()).toBe(text("e/\ne/f: 0\ne/g: 1"));
  });

  test("edited on the other: the edit follows (B3)", () => {
    const world = new TextWorld("d/f: 0");
    world[mine].move("d", "e");
    world[theirs].write("d/f", "2");
    expect(world.settled()).toBe(text("e/\ne/f: 2"));
  });

  test("a child added on the other: it follows (B6)", () => {
    const world = new TextWorld("d/f: 0");
    world[mine].move("d", "e");
    world[theirs].write("d/g", "2");
    expect(world.settled()).toBe(text("e/\ne/f: 0\ne/g: 2"));
  });

  test("a child deleted on the other: the delete follows", () => {
    const world = new TextWorld("d/f: 0\nd/g: 1");
    world[mine].move("d", "e");
    world[theirs].remove("d/g");
    expect(world.settled()).toBe(text("e/\ne/f: 0"));
  });

  test("moved and edited here, unchanged there: both are applied", () => {
    const world = new TextWorld("f: 0");
    world[mine].move("f", "g");
    world[mine].write("g", "1");
    expect(world.settled()).toBe("g: 1");
  });

  test("deleted on the other: survives at the new place, the subtree as the mover had it", () => {
    const world = new TextWorld("d/f: 0\nd/g: 1");
    world[mine].move("d", "e");
    world[mine].remove("d/g".replace("d", "e"));
    world[mine].write("e/new", "2");
    world[theirs].remove("d");
    expect(world.settled()).toBe(text("e/\ne/f: 0\ne/new: 2"));
  });

  test("moved into a folder the other side deleted: the chain is made again, its other children stay deleted (S40)", () => {
    const world = new TextWorld("a/b/x: 0\na/y: 1\nf: 2");
    world[mine].move("f", "a/b/f");
    world[theirs].remove("a");
    expect(world.settled()).toBe(text("a/\na/b/\na/b/f: 2"));
  });

  test("moved out of a folder the other side deleted: escapes, the rest is deleted (B13)", () => {
    const world = new TextWorld("d/1: 1\nd/2: 2");
    world[mine].move("d/1", "1");
    world[theirs].remove("d");
    expect(world.settled()).toBe("1: 1");
  });

  test("a file moved here and deleted there survives (B12)", () => {
    const world = new TextWorld("f: 0");
    world[mine].move("f", "g");
    world[theirs].remove("f");
    expect(world.settled()).toBe("g: 0");
  });
});

describe("table 6.2, moved on both sides", () => {
  test("to the same place: adopt", () => {
    const world = new TextWorld("f: 0");
    world.local.move("f", "g");
    world.remote.move("f", "g");
    expect(world.planned()).toBe("S.adopt g");
  });

  test("to different places: the remote's place, and the local copy is moved there (B7)", () => {
    const world = new TextWorld("f: 0\nx/\ny/");
    world.local.move("f", "x/f");
    world.remote.move("f", "y/f");
    expect(world.planned()).toBe("L.move x/f -> y/f");
    expect(world.settled()).toBe(text("x/\ny/\ny/f: 0"));
  });

  test("A into B here, B into A there: the remote move stays, the local one is undone (S41)", () => {
    const world = new TextWorld("A/1: 1\nB/2: 2");
    world.local.move("A", "B/A");
    world.remote.move("B", "A/B");
    expect(world.planned()).toBe("L.move B/A -> A\nL.move B -> A/B");
    expect(world.settled()).toBe(text("A/\nA/1: 1\nA/B/\nA/B/2: 2"));
  });

  test("a folder that only an undone move needed is not made again", () => {
    const world = new TextWorld("y/F/\nx/");
    world.local.move("x", "y/F/x");
    world.remote.remove("y/F");
    world.remote.move("y", "x/y");
    expect(textOf(wholeOf(world.merge().target))).toBe(text("x/\nx/y/"));
    expect(world.settled()).toBe(text("x/\nx/y/"));
  });

  test("a circle of three folders keeps the remote move", () => {
    const world = new TextWorld("A/\nB/\nC/");
    world.local.move("A", "B/A");
    world.local.move("B", "C/B");
    world.remote.move("C", "A/C");
    expect(world.settled()).toBe(text("A/\nA/C/\nB/"));
  });
});

describe.each(roles)("table 6.2, folder deleted on the $mine side", ({ mine, theirs }) => {
  test("a child new on the other: the child and its chain survive (C1)", () => {
    const world = new TextWorld("d/1: 1");
    world[mine].remove("d");
    world[theirs].write("d/new", "n");
    expect(world.settled()).toBe(text("d/\nd/new: n"));
  });

  test("a child edited on the other: it and its chain survive, the rest is deleted (C3)", () => {
    const world = new TextWorld("d/f: 0\nd/g: 0g");
    world[mine].remove("d");
    world[theirs].write("d/f", "1");
    expect(world.settled()).toBe(text("d/\nd/f: 1"));
  });

  test("a child moved in on the other: it and its chain survive", () => {
    const world = new TextWorld("d/f: 0\nx: 1");
    world[mine].remove("d");
    world[theirs].move("x", "d/x");
    expect(world.settled()).toBe(text("d/\nd/x: 1"));
  });

  test("untouched on the other: one op removes the whole", () => {
    const world = new TextWorld("d/e/f: 0\nd/g: 1");
    world[mine].remove("d");
    expect(world.planned()).toBe(mine === "local" ? "R.deleteDir d" : "L.trash d");
  });
});

describe.each(roles)("table 6.2, places on the $mine side", ({ mine }) => {
  test("a swap holds, with one node in staging (S49)", () => {
    const world = new TextWorld("a: 1\nb: 2");
    world[mine].move("a", "t");
    world[mine].move("b", "a");
    world[mine].move("t", "b");
    const side = mine === "local" ? "R" : "L";
    expect(world.planned()).toBe(
      [
        `${side}.move a -> b (to-staging)`,
        `${side}.move b -> a`,
        `${side}.move staging -> b (from-staging)`,
      ].join("\n"),
    );
    expect(world.settled()).toBe(text("a: 2\nb: 1"));
  });

  test("a rotation holds (B9)", () => {
    const world = new TextWorld("a: 1\nb: 2\nc: 3");
    world[mine].move("a", "t");
    world[mine].move("c", "a");
    world[mine].move("b", "c");
    world[mine].move("t", "b");
    expect(world.settled()).toBe(text("a: 3\nb: 1\nc: 2"));
    expect(world.ran).toHaveLength(4);
  });

  test("a rename that changes the case only is a rename (S16)", () => {
    const world = new TextWorld("f.txt: 0");
    world[mine].move("f.txt", "F.TXT");
    expect(world.planned()).toBe(
      mine === "local" ? "R.move f.txt -> F.TXT" : "L.move f.txt -> F.TXT",
    );
    expect(world.settled()).toBe("F.TXT: 0");
  });

  test("another Unicode form of a name is no rename (S16)", () => {
    const world = new TextWorld("Zoë: 0");
    world[mine].move("Zoë", "Zoë".normalize("NFD"));
    expect(world.planned()).toBe("");
  });
});
