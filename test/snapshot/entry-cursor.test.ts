import { expect, test } from "vitest";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { EntryCursor } from "../../src/snapshot/entry-cursor.ts";

const entryAt = (path: string): SnapshotEntry => ({ path, type: "folder", flags: [] });

/** Counts the runs that were asked for. */
class Counted {
  asked = 0;
  isClosed = false;
  readonly #runs: readonly (readonly string[])[];

  constructor(runs: readonly (readonly string[])[]) {
    this.#runs = runs;
  }

  async *entries(): AsyncGenerator<readonly SnapshotEntry[]> {
    try {
      for (const run of this.#runs) {
        this.asked += 1;
        yield await Promise.resolve(run.map(entryAt));
      }
    } finally {
      this.isClosed = true;
    }
  }
}

test("paths in order find what stands there, through runs of any length", async () => {
  const counted = new Counted([["a", "a/b"], [], ["a/c", "a-", "b"], ["d"]]);
  await using cursor = new EntryCursor(counted.entries());
  const found = [
    ...(await cursor.atEach(["a", "a/a", "a/b"])),
    ...(await cursor.atEach(["a/c"])),
    ...(await cursor.atEach([])),
    ...(await cursor.atEach(["a-", "c", "d", "e", "f"])),
  ];
  expect(found.map((entry) => entry?.path)).toEqual([
    "a",
    undefined,
    "a/b",
    "a/c",
    "a-",
    undefined,
    "d",
    undefined,
    undefined,
  ]);
});

test("it reads no further than it is asked, and closes what it reads from", async () => {
  const counted = new Counted([["a", "b"], ["c"], ["d"]]);
  {
    await using cursor = new EntryCursor(counted.entries());
    await cursor.atEach(["a", "b"]);
    expect(counted.asked).toBe(1);
    await cursor.atEach(["c"]);
    expect(counted.asked).toBe(2);
  }
  expect(counted.isClosed).toBe(true);
});
