import { expect, test } from "vitest";
import {
  everywhere,
  Marks,
  markedFoldersMax,
  markedSelvesMax,
  type Where,
} from "../../../src/core/live/marks.ts";
import { parseRelPath, topPath, type RelPath } from "../../../src/core/path/rel-path.ts";

const path = parseRelPath;

function folders(where: Where | undefined): readonly RelPath[] {
  return where?.kind === "folders" ? [...where.folders] : [];
}

function whole(where: Where | undefined): readonly RelPath[] {
  return where?.kind === "folders" ? [...where.whole] : [];
}

test("S2: a mark at a path is one for its folder, the top where it has none, and for itself", () => {
  const marks = new Marks();
  marks.at(path("a/b/c.txt"), 1);
  marks.at(path("a/b/d.txt"), 2);
  marks.at(path("e"), 3);
  marks.at(topPath, 4);
  expect(folders(marks.take())).toEqual(["a/b", topPath, "a/b/c.txt", "a/b/d.txt", "e"]);
});

test("marks are taken once, and those made meanwhile belong to the next look", () => {
  const marks = new Marks();
  expect(marks.take()).toBeUndefined();
  marks.at(path("a/x"), 1);
  const taken = marks.take();
  marks.at(path("b/x"), 2);
  expect(folders(taken)).toEqual(["a", "a/x"]);
  expect(folders(marks.take())).toEqual(["b", "b/x"]);
  expect(marks.take()).toBeUndefined();
});

test("the times of the first and the last mark are kept until they are taken", () => {
  const marks = new Marks();
  marks.at(path("a"), 10);
  marks.below(path("b"), 25);
  expect([marks.firstAt, marks.lastAt]).toEqual([10, 25]);
  marks.take();
  expect([marks.firstAt, marks.lastAt]).toEqual([undefined, undefined]);
});

test("a folder with everything below it takes in those that lie in it", () => {
  const marks = new Marks();
  marks.below(path("a/b"), 1);
  marks.below(path("ab"), 1);
  marks.below(path("a"), 2);
  marks.below(path("a/c"), 3);
  expect(whole(marks.take())).toEqual(["ab", "a"]);
});

test("S107: more marks than the bound are one for everything", () => {
  const marks = new Marks();
  for (let count = 0; count <= markedFoldersMax; count += 1) marks.at(path(`d${count}/x`), count);
  expect(marks.firstAt).toBe(0);
  expect(marks.take()).toEqual(everywhere);
  expect(marks.take()).toBeUndefined();
});

test("everything stays everything, whatever is marked besides", () => {
  const marks = new Marks();
  marks.everything(1);
  marks.at(path("a/x"), 2);
  marks.below(path("a"), 3);
  expect(marks.take()).toEqual(everywhere);
});

test("what is marked can be looked at without being taken", () => {
  const marks = new Marks();
  expect(marks.peek()).toBeUndefined();
  marks.at(path("a/x"), 1);
  const seen = marks.peek();
  marks.below(path("b"), 2);
  expect([folders(seen), whole(seen)]).toEqual([["a", "a/x"], []]);
  expect(whole(marks.take())).toEqual(["b"]);
});

test("S107: of many marked paths only some are looked at as folders themselves", () => {
  const marks = new Marks();
  for (let count = 0; count < 2 * markedSelvesMax; count += 1) marks.at(path(`d/${count}`), count);
  expect(folders(marks.take())).toHaveLength(1 + markedSelvesMax);
});

test("tells whether anything in a folder is marked, however deep", () => {
  const marks = new Marks();
  marks.at(path("d/e/f"), 1);
  marks.below(path("g/h"), 1);
  const told = ["d", "d/e", "d/e/f", "g", "g/h", "e"].filter((folder) =>
    marks.tellsOf(path(folder)),
  );
  expect(told).toEqual(["d", "d/e", "g"]);
  expect([marks.tellsOf(topPath), new Marks().tellsOf(topPath)]).toEqual([true, false]);
});
