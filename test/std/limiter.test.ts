import { expect, test } from "vitest";
import { forEachLimited } from "../../src/std/limiter.ts";

/** Fails once its first item was taken. */
async function* failing(): AsyncGenerator<number> {
  yield 1;
  throw new Error("no more");
}

test.each([
  ["a task", [1, 2, 3]],
  ["the source", failing()],
])("the failure of %s is thrown when the tasks under way have ended", async (_, items) => {
  const gate = Promise.withResolvers<void>();
  const told: string[] = [];
  const all = forEachLimited<number>(items, { parallel: 2 }, async (item) => {
    if (item === 2) throw new Error("no more");
    await gate.promise;
    told.push(`ended ${item}`);
  }).catch((error: unknown) => told.push(String(error)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  gate.resolve();
  await all;
  expect(told).toEqual(["ended 1", "Error: no more"]);
});
