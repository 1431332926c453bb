import { expect, test } from "vitest";
import { ByteBudget } from "../../src/std/byte-budget.ts";

test("who wants more than is left waits its turn, and nobody overtakes", async () => {
  const budget = new ByteBudget(10);
  const order: string[] = [];
  const take = async (name: string, bytes: number): Promise<Disposable> => {
    const taken = await budget.take(bytes);
    order.push(name);
    return taken;
  };
  const first = await take("first", 6);
  const second = take("second", 5);
  const third = take("third", 1);
  await Promise.resolve();
  expect(order).toEqual(["first"]);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(order).toEqual(["first", "second", "third"]);
  // More than there is counts as all of it.
  (await take("large", 100))[Symbol.dispose]();
  using _again = await take("again", 10);
  expect(order.at(-1)).toBe("again");
});

test("who is stopped gives back what it waited for", async () => {
  const budget = new ByteBudget(10);
  const first = await budget.take(10);
  const stop = new AbortController();
  const second = budget.take(10, stop.signal);
  stop.abort();
  first[Symbol.dispose]();
  await expect(second).rejects.toMatchObject({ code: "interrupted" });
  using _third = await budget.take(10);
});
