import { expect, test } from "vitest";
import type { Op } from "../../src/core/plan/op.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { cancelsMax } from "../../src/engine/limits.ts";
import { Parking } from "../../src/engine/parking.ts";
import { openIndex } from "../../src/state/database.ts";
import { SnapError } from "../../src/std/error.ts";
import { TestClock } from "../support/test-clock.ts";

const op = (node: number): Op => ({
  kind: "R.delete",
  node,
  path: parseRelPath(`f${node}`),
  before: {
    node,
    parent: 0,
    kind: "file",
    name: `f${node}`,
    key: pathKeyOf(`f${node}`),
    hash: "A",
    size: 1,
  },
  after: undefined,
});

const error = new SnapError("quota-exceeded", "The account is full", { hint: "Make room" });

test("S85: a failed item is left aside with its reason, and tried later and later", () => {
  const clock = new TestClock(0);
  using open = openIndex(":memory:", { clock });
  const minutes: number[] = [];
  for (let run = 1; run <= 6; run += 1) {
    const parking = new Parking({ index: open.index, clock });
    parking.note(op(1), { state: "parked", error });
    expect(parking.holds(1)).toBe(true);
    expect(parking.left()).toEqual([
      {
        path: "f1",
        kind: "parked",
        reason: "The account is full",
        hint: "Make room",
        code: "quota-exceeded",
      },
    ]);
    const [row] = open.index.parked();
    expect(row?.attempts).toBe(run);
    minutes.push((row?.nextAt ?? 0) / 60_000);
  }
  expect(minutes).toEqual([1, 5, 30, 120, 360, 360]);
});

test("S53: a cancelled op is no failure, unless it is cancelled again and again", () => {
  const clock = new TestClock();
  using open = openIndex(":memory:", { clock });
  const parking = new Parking({ index: open.index, clock });
  for (let round = 1; round < cancelsMax; round += 1) {
    parking.note(op(1), { state: "cancelled", reason: "it changed" });
    expect(parking.holds(1)).toBe(false);
  }
  parking.note(op(1), { state: "cancelled", reason: "it changed" });
  expect(parking.holds(1)).toBe(true);
  expect(parking.left()).toMatchObject([{ path: "f1", reason: "it changed" }]);
});

test("S85: what met no trouble any more is forgotten at the end", () => {
  const clock = new TestClock();
  using open = openIndex(":memory:", { clock });
  const first = new Parking({ index: open.index, clock });
  first.note(op(1), { state: "parked", error });
  first.note(op(2), { state: "parked", error });
  const second = new Parking({ index: open.index, clock });
  second.note(op(2), { state: "parked", error });
  second.note(op(1), { state: "done" });
  second.clearOthers();
  expect(open.index.parked().map(({ node }) => node)).toEqual([2]);
});

test("S85: what is left aside is what the last observation and the ops leave", () => {
  const clock = new TestClock();
  using open = openIndex(":memory:", { clock });
  const parking = new Parking({ index: open.index, clock });
  parking.see([{ path: "d", kind: "unknown", reason: "cannot be read" }]);
  parking.see([{ path: "e", kind: "unknown", reason: "cannot be read" }]);
  parking.note(op(1), { state: "parked", error });
  expect(parking.left().map(({ path }) => path)).toEqual(["e", "f1"]);
});

test("§11: a sync tries what an earlier one parked before its time, and each item once", () => {
  const clock = new TestClock(0);
  using open = openIndex(":memory:", { clock });
  const first = new Parking({ index: open.index, clock });
  first.note(op(1), { state: "parked", error });
  expect(first.holds(1)).toBe(true);
  const byHand = new Parking({ index: open.index, clock });
  expect(open.index.parked()[0]?.nextAt).toBeGreaterThan(clock.now());
  expect(byHand.holds(1)).toBe(false);
});
