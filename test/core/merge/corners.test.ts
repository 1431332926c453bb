import { expect, test } from "vitest";
import { text, textOf, TextWorld } from "../../support/text-tree.ts";

const label = "(conflicted copy pc 2026-01-02)";

test("S42: a file with a name of its own on the disk keeps it where the server moves the file to", () => {
  const world = new TextWorld("d/");
  world.local.add("File.txt: 1\nfile.txt: 2");
  world.settle();
  world.remote.move("file (case conflict).txt", "d/file (case conflict).txt");
  world.settle();
  expect(textOf(world.local.entries)).toBe(text("File.txt: 1\nd/\nd/file.txt: 2"));
  expect(textOf(world.remote.entries)).toBe(text("File.txt: 1\nd/\nd/file (case conflict).txt: 2"));
});

test("S42: a synced file that was moved keeps its new name on the server, a new one beside it does not", () => {
  const world = new TextWorld("f: 0");
  world.local.move("f", "file.txt");
  world.local.write("File.txt", "1");
  world.settle();
  expect(textOf(world.remote.entries)).toBe(text("file.txt: 0\nFile (case conflict).txt: 1"));
  expect(textOf(world.local.entries)).toBe(text("file.txt: 0\nFile.txt: 1"));
});

test("S43, S89: two new files at a name that a conflicted copy has are both kept", () => {
  const world = new TextWorld();
  world.local.write(`f ${label}`, "1");
  world.remote.write(`f ${label}`, "2");
  expect(world.settled()).toBe(text(`f ${label}: 2\nf ${label} ${label}: 1`));
});

test("S43: two new conflicted copies that stand the other way round on the server do not wait for each other", () => {
  const [one, other] = [`f ${label}`, "f (conflicted copy pc 2026-01-02 2)"];
  const world = new TextWorld();
  world.local.write(one, "1");
  world.local.write(other, "2");
  world.remote.write(one, "2");
  world.remote.write(other, "1");
  // Neither can be put aside to where the other is.
  expect(world.planned()).not.toContain("L.aside");
  expect(world.settled()).toBe(text(`${one}: 2\n${other}: 1`));
});

test("S29: several folders below an unknown one nothing is touched either", () => {
  const world = new TextWorld("d/e/a: 0\nd/e/b: 0");
  world.frozen.add(world.local.at("d").node);
  world.local.write("d/e/a", "1");
  world.local.write("d/e/b", "1");
  world.remote.move("d/e", "x");
  expect(world.planned()).toBe("");
});
