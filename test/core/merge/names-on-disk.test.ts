import { describe, expect, test } from "vitest";
import { textOf, text, TextWorld } from "../../support/text-tree.ts";

/** Two files on a disk that tells cases apart, settled. */
function twins(): TextWorld {
  const world = new TextWorld();
  world.local.add("File.txt: 1\nfile.txt: 2");
  world.settle();
  return world;
}

const here = (world: TextWorld): string => textOf(world.local.entries);
const there = (world: TextWorld): string => textOf(world.remote.entries);

describe("S42: two local names with one key", () => {
  test("both keep their names on disk; the larger gets another one on the server (G1)", () => {
    const world = twins();
    expect(here(world)).toBe(text("File.txt: 1\nfile.txt: 2"));
    expect(there(world)).toBe(text("File.txt: 1\nfile (case conflict).txt: 2"));
    expect(world.planned()).toBe("");
  });

  test("the synced one keeps its name on the server", () => {
    const world = new TextWorld("file.txt: 2");
    world.local.write("File.txt", "1");
    world.settle();
    expect(there(world)).toBe(text("file.txt: 2\nFile (case conflict).txt: 1"));
  });

  test("equal bytes and folders make no difference: nothing on disk is removed", () => {
    const world = new TextWorld();
    world.local.add("Make: 1\nmake: 1\nDir/a: 1\ndir/a: 1");
    world.settle();
    expect(there(world)).toBe(
      text(
        "Make: 1\nmake (case conflict): 1\nDir/\nDir/a: 1\ndir (case conflict)/\ndir (case conflict)/a: 1",
      ),
    );
    expect(here(world)).toBe(text("Make: 1\nmake: 1\nDir/\nDir/a: 1\ndir/\ndir/a: 1"));
  });

  test("three names of one key get three names on the server", () => {
    const world = new TextWorld();
    world.local.add("F: 1\nf: 2");
    world.local.add("ſ: 3\nK: 4\nk: 5\nK: 6");
    world.settle();
    expect(world.planned()).toBe("");
    expect(there(world)).toContain("f (case conflict): 2");
  });

  test("an edit on either side goes to the right one", () => {
    const world = twins();
    world.local.write("file.txt", "22");
    world.settle();
    world.remote.write("File.txt", "11");
    world.settle();
    expect(here(world)).toBe(text("File.txt: 11\nfile.txt: 22"));
    expect(there(world)).toBe(text("File.txt: 11\nfile (case conflict).txt: 22"));
  });

  test("a move of the folder keeps both names", () => {
    const world = new TextWorld("d/");
    world.local.add("d/File.txt: 1\nd/file.txt: 2");
    world.settle();
    world.remote.move("d", "e");
    world.settle();
    world.local.move("e/file.txt", "file.txt");
    world.settle();
    expect(here(world)).toBe(text("e/\ne/File.txt: 1\nfile.txt: 2"));
    expect(there(world)).toBe(text("e/\ne/File.txt: 1\nfile (case conflict).txt: 2"));
  });

  test("a rename on the server, or of the local file, ends it", () => {
    const world = twins();
    world.remote.move("file (case conflict).txt", "x.txt");
    world.settle();
    expect(here(world)).toBe(text("File.txt: 1\nx.txt: 2"));
    const other = twins();
    other.local.move("file.txt", "y.txt");
    expect(other.settled()).toBe(text("File.txt: 1\ny.txt: 2"));
  });

  test("a name that the server needs for something else is given up on disk", () => {
    const world = twins();
    world.remote.move("File.txt", "old.txt");
    world.remote.write("file.txt", "3");
    expect(world.settled()).toBe(text("old.txt: 1\nfile (case conflict).txt: 2\nfile.txt: 3"));
  });

  test("a delete on the server goes to the right one, and is no move against it", () => {
    const world = twins();
    world.remote.remove("file (case conflict).txt");
    expect(world.planned()).toBe("L.trash file.txt");
  });

  test("one local file is never taken for two of the server", () => {
    const world = new TextWorld();
    world.local.add("A.txt: 1\na.txt: 1");
    world.remote.add("a.txt: 1\na (case conflict).txt: 1");
    expect(world.merge().rebinds).toHaveLength(1);
    world.settle();
    expect(world.planned()).toBe("");
  });

  test("a lost index knows the twins again: no transfer, no third file (S77)", () => {
    const world = twins();
    const rebuilt = new TextWorld();
    rebuilt.local.add(here(world));
    rebuilt.remote.add(there(world));
    rebuilt.settle();
    expect(here(rebuilt)).toBe(here(world));
    expect(there(rebuilt)).toBe(there(world));
    expect(rebuilt.ran.filter(({ kind }) => !kind.startsWith("S."))).toEqual([]);
  });

  test("a server name that only looks like a twin's is an ordinary name", () => {
    const world = new TextWorld();
    world.local.write("a.txt", "1");
    world.remote.write("a (case conflict).txt", "1");
    expect(world.settled()).toBe(text("a.txt: 1\na (case conflict).txt: 1"));
  });

  test("a name that came from the server in another case is in conflict, not a twin", () => {
    const world = new TextWorld();
    world.local.write("File.txt", "1");
    world.remote.write("file.txt", "2");
    const copy = "File (conflicted copy pc 2026-01-02).txt";
    expect(world.settled()).toBe(text(`file.txt: 2\n${copy}: 1`));
  });
});

describe("S16, S42: two Unicode forms of one name", () => {
  const [composed, parted] = ["Zo\u00eb", "Zoe\u0308"];
  const forms = (): TextWorld => {
    const world = new TextWorld();
    world.local.add(`${composed}: 1\n${parted}: 2`);
    world.settle();
    return world;
  };

  test("are two files, which keep their names on disk; the larger gets another one on the server", () => {
    const world = forms();
    expect(world.planned()).toBe("");
    expect(here(world)).toBe(text(`${composed}: 1\n${parted}: 2`));
    expect(there(world)).toBe(text(`${composed} (case conflict): 1\n${parted}: 2`));
  });

  test("an edit on either side goes to the right one", () => {
    const world = forms();
    world.local.write(composed, "11");
    world.settle();
    world.remote.write(parted, "22");
    world.settle();
    expect(here(world)).toBe(text(`${composed}: 11\n${parted}: 22`));
    expect(there(world)).toBe(text(`${composed} (case conflict): 11\n${parted}: 22`));
  });

  test("a name of the server still takes the place of one on the disk that it would be equal to", () => {
    const world = forms();
    world.local.remove(parted);
    world.settle();
    world.remote.add(`${parted}: 3`);
    world.settle();
    expect(world.planned()).toBe("");
    expect(there(world)).toContain(": 3");
    expect(there(world)).toContain(": 1");
    expect(here(world)).toContain(": 3");
    expect(here(world)).toContain(": 1");
  });

  test("that move to another folder together cannot both keep their names there", () => {
    const world = new TextWorld();
    world.local.add(`d/${composed}: 1\nd/${parted}: 2\ne/`);
    world.settle();
    world.remote.move(`d/${composed} (case conflict)`, `e/${composed} (case conflict)`);
    world.remote.move(`d/${parted}`, `e/${parted}`);
    world.settle();
    expect(world.planned()).toBe("");
    expect(there(world)).toBe(text(`d/\ne/\ne/${composed} (case conflict): 1\ne/${parted}: 2`));
    expect(here(world)).toBe(there(world));
  });
});
