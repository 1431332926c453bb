import { expect, test } from "vitest";
import { CommitQueue } from "../../src/engine/execute/commit-queue.ts";
import { commitGroupMax } from "../../src/engine/limits.ts";
import { openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

/** An index that counts its transactions. */
const counted = () => {
  const open = openIndex(":memory:", { clock: new TestClock() });
  let count = 0;
  const index = new Proxy(open.index, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name === "transaction") count += 1;
      return member.bind(target);
    },
  });
  return { index, count: () => count, [Symbol.dispose]: () => open.close() };
};

test("S54: commits that come together share transactions, of a bounded size", async () => {
  using world = counted();
  const queue = new CommitQueue(world.index);
  const order: number[] = [];
  const commits = Array.from({ length: commitGroupMax + 1 }, (_, at) =>
    queue.commit(() => order.push(at)),
  );
  await Promise.all(commits);
  expect(world.count()).toBe(2);
  expect(order).toEqual([...order.keys()]);
});

test("S54: a commit is durable when its promise resolves", async () => {
  using world = counted();
  const queue = new CommitQueue(world.index);
  await queue.commit(() => world.index.setMeta("workspace", "w"));
  expect(world.index.meta("workspace")).toBe("w");
});

test("S76: a commit that fails takes its whole group back, and all of them say so", async () => {
  using world = counted();
  const queue = new CommitQueue(world.index);
  const results = await Promise.allSettled([
    queue.commit(() => world.index.setMeta("workspace", "w")),
    queue.commit(() => {
      throw new Error("full");
    }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(world.index.meta("workspace")).toBeUndefined();
  await queue.commit(() => world.index.setMeta("workspace", "again"));
  expect(world.index.meta("workspace")).toBe("again");
});
