import { expect, test } from "vitest";
import { inRuns, outOfRuns, runItemsMax } from "../../src/std/runs.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) yield await Promise.resolve(number);
}

test("a stream is handed on in runs, none of them empty, and comes out of them as it was", async () => {
  for (const count of [0, 1, runItemsMax - 1, runItemsMax, runItemsMax + 1, 3 * runItemsMax]) {
    const runs = await Array.fromAsync(inRuns(numbers(count)));
    expect(runs.every((run) => run.length > 0 && run.length <= runItemsMax)).toBe(true);
    expect(runs).toHaveLength(Math.ceil(count / runItemsMax));
    const items = await Array.fromAsync(outOfRuns(inRuns(numbers(count))));
    expect(items).toEqual(Array.from({ length: count }, (_none, at) => at));
  }
});

test("who stops in the middle of a run closes the stream behind it", async () => {
  let isClosed = false;
  async function* watched(): AsyncGenerator<number> {
    try {
      yield* numbers(10 * runItemsMax);
    } finally {
      isClosed = true;
    }
  }
  for await (const number of outOfRuns(inRuns(watched()))) if (number === 3) break;
  expect(isClosed).toBe(true);
});
