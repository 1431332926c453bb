import { expect, test } from "vitest";
import {
  bytesOf,
  cut,
  joined,
  missing,
  within,
  type Stretch,
} from "../../../src/core/transfer/stretches.ts";

const of = (...pairs: readonly (readonly [number, number])[]): readonly Stretch[] =>
  pairs.map(([from, to]) => ({ from, to }));

test("stretches that touch or overlap are joined, in order, and empty ones are none", () => {
  expect(joined(of([8, 12], [0, 4], [4, 6], [5, 7], [9, 10], [13, 13]))).toEqual(
    of([0, 7], [8, 12]),
  );
  expect(joined([])).toEqual([]);
  expect(bytesOf(of([8, 12], [0, 4], [2, 6]))).toBe(10);
});

test("what is missing is before, between and behind, and never beyond the end", () => {
  expect(missing([], 10)).toEqual(of([0, 10]));
  expect(missing(of([4, 6], [2, 3]), 10)).toEqual(of([0, 2], [3, 4], [6, 10]));
  expect(missing(of([0, 10]), 10)).toEqual([]);
  expect(missing(of([12, 20]), 10)).toEqual(of([0, 10]));
  expect(missing([], 0)).toEqual([]);
});

test("pieces are of the length of the moment but for the last of each stretch", () => {
  expect([...cut(of([0, 10], [12, 16]), () => 4)]).toEqual(of([0, 4], [4, 8], [8, 10], [12, 16]));
  expect([...cut([], () => 4)]).toEqual([]);
  const lengths = [4, 8];
  expect([...cut(of([0, 14]), () => lengths.shift() ?? 1)]).toEqual(
    of([0, 4], [4, 12], [12, 13], [13, 14]),
  );
});

test("what lies between two offsets is cut off at both", () => {
  expect(within(of([0, 4], [6, 8], [9, 12]), { from: 2, to: 10 })).toEqual(
    of([2, 4], [6, 8], [9, 10]),
  );
  expect(within(of([0, 4]), { from: 4, to: 8 })).toEqual([]);
});
