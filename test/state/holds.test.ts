import { expect, test } from "vitest";
import type { HoldRow } from "../../src/core/tree/index-rows.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

const open = () => openIndex(":memory:", { clock: new TestClock() });

const held: HoldRow = {
  digest: "0123456789ab",
  kind: "mass-delete",
  items: [{ node: 7, op: "R.delete", path: 'a/\n"b"', before: "h1" }],
  state: "open",
  madeAt: 5,
};

test("S80, S82: a hold is kept with exactly its set, and confirmed in place", () => {
  using state = open();
  state.holds.putHold(held);
  expect(state.holds.holds()).toEqual([held]);
  state.holds.putHold({ ...held, state: "confirmed" });
  expect(state.holds.holds()).toEqual([{ ...held, state: "confirmed" }]);
  state.holds.removeHold(held.digest);
  expect(state.holds.holds()).toEqual([]);
});

test("S101: a token ends when its last node is spent, or by its age", () => {
  using state = open();
  const { tokens } = state;
  tokens.put(
    "r1",
    10,
    new Map([
      [1, "h1"],
      [2, "absent"],
    ]),
  );
  tokens.put("r2", 20, new Map([[3, ""]]));
  expect([1, 2, 3, 4].map((node) => tokens.wanted(node))).toEqual(["h1", "absent", "", undefined]);
  tokens.spend(1);
  expect(tokens.wanted(1)).toBeUndefined();
  tokens.endBefore(15);
  expect([2, 3].map((node) => tokens.wanted(node))).toEqual([undefined, ""]);
});

test("S101: of two restores of one node the later one counts", () => {
  using state = open();
  state.tokens.put("r1", 10, new Map([[1, "old"]]));
  state.tokens.put("r2", 20, new Map([[1, "new"]]));
  state.tokens.endBefore(15);
  expect(state.tokens.wanted(1)).toBe("new");
});

test("S7: every change of a row marks its node, whichever tree it is in", () => {
  using state = open();
  const { index } = state;
  const entry = { parent: 0, kind: "file" as const, name: "a", hash: undefined, size: 1 };
  const local = { fileId: "1", stamp: "s", trusted: false, absentAt: undefined };
  index.transaction(() => {
    for (const node of [3, 1]) {
      index.local.put({ node, ...entry, ...local, key: pathKeyOf("a") });
    }
  });
  expect(index.dirty(0, 10)).toEqual([1, 3]);
  expect(index.dirty(1, 10)).toEqual([3]);
  expect(index.unhashed(0, 10)).toEqual([1, 3]);
  index.transaction(() => [1, 3].map((node) => index.clearDirty(node)));
  expect(index.dirtyCount()).toBe(0);
  index.transaction(() => index.local.remove(3));
  expect(index.dirty(0, 10)).toEqual([3]);
  index.transaction(() => index.rebind(1, 7));
  expect(index.dirty(0, 10)).toEqual([1, 3, 7]);
  index.transaction(() => index.forgetLink());
  expect(index.dirtyCount()).toBe(0);
});
