import { expect, test } from "vitest";
import { compareMoments, momentsOf } from "../../../src/core/snapshot/root-order.ts";

type Dated = Parameters<typeof momentsOf>[0][number];

/** Ids, the oldest first. */
function inOrder(roots: readonly Dated[]): readonly string[] {
  const momentOf = momentsOf(roots);
  const moment = (id: string) => momentOf(id) ?? { timeMs: Number.NaN, step: 0 };
  return roots.map(({ id }) => id).toSorted((a, b) => compareMoments(moment(a), moment(b)));
}

const at = (second: number): string => `2026-11-21T12:00:0${second}Z`;

test("N25: none is older than the one that it goes on from, whatever the clock said", () => {
  const ahead = { id: "ahead", time: "2031-01-01T00:00:00Z" };
  const next = { id: "next", time: at(1), parent: "ahead" };
  expect(inOrder([next, ahead])).toEqual(["ahead", "next"]);
});

test("N42: what was hydrated stands beside its parent, and is no news", () => {
  const thin = { id: "thin", time: at(0) };
  const later = { id: "later", time: at(1), parent: "thin" };
  const hydrated = { id: "hydrated", time: at(1), parent: "thin", hydrated: at(9) };
  expect(inOrder([hydrated, later, thin])).toEqual(["thin", "hydrated", "later"]);
  const ahead = { ...thin, time: "2031-01-01T00:00:00Z" };
  const aheadToo = { ...hydrated, time: "2031-01-01T00:00:01Z" };
  expect(inOrder([aheadToo, later, ahead])).toEqual(["thin", "hydrated", "later"]);
});
