import { expect, test } from "vitest";
import { Gate, mapInOrder } from "../../src/snapshot/in-order.ts";

async function* numbers(count: number, taken: number[] = []): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) {
    taken.push(number);
    yield number;
  }
  await Promise.resolve();
}

/** Ends later, the more turns it waits. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

test("results come in the order of the items, whichever ends first", async () => {
  const results = mapInOrder(numbers(500), async (number) => {
    await turns(500 - number);
    return number;
  });
  expect(await Array.fromAsync(results)).toEqual(
    Array.from({ length: 500 }, (_, number) => number),
  );
});

test("the source is read no further ahead than 64 items", async () => {
  const taken: number[] = [];
  for await (const number of mapInOrder(numbers(1000, taken), (one) => Promise.resolve(one))) {
    expect(taken.length - number).toBeLessThanOrEqual(65);
  }
});

test("a failure is thrown at its place, after the tasks under way have ended", async () => {
  let running = 0;
  const seen: number[] = [];
  const results = mapInOrder(numbers(200), async (number) => {
    running += 1;
    await turns(5);
    running -= 1;
    if (number === 70) throw new Error("seventy");
    return number;
  });
  const consume = async (): Promise<void> => {
    for await (const number of results) seen.push(number);
  };
  await expect(consume()).rejects.toThrow("seventy");
  expect(seen).toHaveLength(70);
  expect(running).toBe(0);
});

test("a gate lets so many tasks run at once, and all of them in the end", async () => {
  const gate = new Gate(4);
  let running = 0;
  let most = 0;
  const task = async (number: number): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await turns(number % 7);
    running -= 1;
    if (number % 5 === 0) throw new Error("fifth");
    return number;
  };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, number) => gate.run(() => task(number))),
  );
  expect(most).toBe(4);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(40);
});
