import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { RestoreItemRow, RestoreRow } from "../../src/core/snapshot/restore-state.ts";
import { openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

const open = (): ReturnType<typeof openIndex> => openIndex(":memory:", { clock: new TestClock() });

const restore: RestoreRow = {
  id: "r1",
  kind: "restore",
  state: "planned",
  snapshot: "5f",
  options: "{}",
  digest: "d",
  report: undefined,
  madeAt: 5,
};

const item = (path: string, more: Partial<RestoreItemRow> = {}): RestoreItemRow => ({
  restore: "r1",
  side: "local",
  path: parseRelPath(path),
  step: "planned",
  expected: "{}",
  displaced: undefined,
  witness: undefined,
  rev: undefined,
  ...more,
});

test("a restore is written by itself, replaced, and found again", () => {
  using index = open();
  const { journal } = index;
  expect([journal.restores(), journal.restore("r1")]).toEqual([[], undefined]);
  journal.putRestore(restore);
  journal.putRestore({ ...restore, id: "r0", kind: "undo", snapshot: undefined });
  const done = { ...restore, state: "done" as const, report: "{}" };
  journal.putRestore(done);
  expect(journal.restore("r1")).toEqual(done);
  expect(journal.restores().map((row) => row.id)).toEqual(["r1", "r0"]);
});

test("items keep the order they were first put in, and are replaced by side and path", () => {
  using index = open();
  const { journal } = index;
  journal.putRestore(restore);
  journal.putItems([item("z"), item("a"), item("a", { side: "remote", rev: "1" })]);
  const acted = item("z", { step: "acted", displaced: "undo/z", witness: "absent" });
  journal.putItems([acted]);
  expect(journal.items("r1")).toEqual([acted, item("a"), item("a", { side: "remote", rev: "1" })]);
  expect(journal.items("r2")).toEqual([]);
});

test("S96: one fence stands at a time", () => {
  using index = open();
  const { journal } = index;
  journal.setFence("r1");
  journal.setFence("r2");
  expect(journal.fence()).toBe("r2");
  journal.setFence(undefined);
  expect(journal.fence()).toBeUndefined();
});

test("S98: what is written inside an index transaction is taken back with it", () => {
  using index = open();
  const { journal } = index;
  expect(() =>
    index.index.transaction(() => {
      journal.putRestore(restore);
      journal.setFence("r1");
      throw new Error("crash");
    }),
  ).toThrow("crash");
  expect([journal.restores(), journal.fence()]).toEqual([[], undefined]);
});
