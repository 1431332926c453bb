import { expect, test } from "vitest";
import { piecesOf, type PlacedFolder } from "../../../src/core/plan/pieces.ts";
import { pathKeyOf } from "../../../src/core/path/path-key.ts";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import { randomFraction, seededRng } from "../../../src/std/random.ts";

const top = parseRelPath("top");

function folder(path: string): PlacedFolder {
  return { path: parseRelPath(path), keys: path.split("/").map(pathKeyOf) };
}

test("what goes at once is in no piece", () => {
  expect(piecesOf(top, [folder("top/a"), folder("top/a/b")], 3)).toEqual([]);
});

test("the deepest go first, and in groups as large as may be", () => {
  const inside = ["top/a", "top/a/1", "top/a/2", "top/a/3", "top/b", "top/c", "top/d"].map(folder);
  expect(piecesOf(top, inside, 3)).toEqual([
    { folder: "top/a", children: ["top/a/1", "top/a/2", "top/a/3"] },
    { folder: top, children: ["top/a", "top/b", "top/c"] },
    { folder: top, children: ["top/d"] },
  ]);
});

test("the letters of a folder above do not count", () => {
  const [above, inside] = [folder("top/A"), folder("top/a/b")];
  expect(piecesOf(top, [above, inside], 1)).toEqual([
    { folder: "top/A", children: ["top/a/b"] },
    { folder: top, children: ["top/A"] },
  ]);
});

test.each([1, 2, 3, 7, 40])("no piece of any tree has more than %i entries", (entriesMax) => {
  const rng = seededRng(entriesMax);
  const paths = ["top"];
  for (let number = 0; number < 200; number += 1) {
    const parent = paths[Math.floor(randomFraction(rng) * paths.length)] ?? "top";
    paths.push(`${parent}/${number}`);
  }
  const left = new Set(paths);
  const below = (path: string): string[] =>
    [...left].filter((other) => other === path || other.startsWith(`${path}/`));
  for (const { folder: home, children } of piecesOf(top, paths.slice(1).map(folder), entriesMax)) {
    const going = children.flatMap(below);
    expect(going.length).toBeLessThanOrEqual(entriesMax);
    expect(children.every((child) => left.has(child) && child.startsWith(`${home}/`))).toBe(true);
    for (const path of going) left.delete(path);
  }
  expect(left.size).toBeLessThanOrEqual(entriesMax);
  expect(left.has("top")).toBe(true);
});
