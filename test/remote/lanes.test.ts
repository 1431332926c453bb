import { expect, test } from "vitest";
import { Lanes } from "../../src/remote/lanes.ts";
import { turn } from "../../src/std/turn.ts";
import { TestClock } from "../support/test-clock.ts";
import { code } from "./faulty.ts";

const mebi = 1024 * 1024;
const bytesMax = 32 * mebi;

/** Calls that end when they are told to. */
class Calls {
  readonly lanes: Lanes;
  readonly begun: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();

  constructor(clock: TestClock = new TestClock()) {
    this.lanes = new Lanes(clock, bytesMax);
  }

  run(name: string, bytes: number, signal?: AbortSignal): Promise<void> {
    const end = Promise.withResolvers<void>();
    this.#ends.set(name, end);
    return this.lanes.run(bytes, signal === undefined ? {} : { signal }, () => {
      this.begun.push(name);
      return end.promise;
    });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve();
    await turn();
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error("failed"));
    await turn();
  }
}

test("S59: eight calls run at first, the others in the order of their coming", async () => {
  const calls = new Calls();
  const all = "a b c d e f g h i j".split(" ").map((name) => calls.run(name, mebi));
  await turn();
  expect(calls.begun.join("")).toBe("abcdefgh");
  await calls.end("c");
  expect(calls.begun.at(-1)).toBe("i");
  for (const name of "abdefghij") await calls.end(name);
  await Promise.all(all);
});

test("S107: bytes wait for room in memory, and one body that is larger than all of it goes alone", async () => {
  const calls = new Calls();
  const sizes = { a: 20 * mebi, b: 12 * mebi, c: 4 * mebi, huge: bytesMax + 1, d: 1 };
  const all = Object.entries(sizes).map(([name, bytes]) => calls.run(name, bytes));
  await turn();
  expect(calls.begun).toEqual(["a", "b"]);
  await calls.end("b");
  expect(calls.begun).toEqual(["a", "b", "c"]);
  await calls.end("a");
  await calls.end("c");
  expect(calls.begun.slice(3)).toEqual(["huge"]);
  await calls.end("huge");
  await calls.end("d");
  await Promise.all(all);
});

test("a call that fails gives its lane and its room back", async () => {
  const calls = new Calls();
  const first = calls.run("a", bytesMax);
  const second = calls.run("b", bytesMax);
  await turn();
  await Promise.all([expect(first).rejects.toThrow("failed"), calls.fail("a")]);
  expect(calls.begun).toEqual(["a", "b"]);
  await calls.end("b");
  await second;
});

test("a call that is stopped while it waits leaves the line to the next", async () => {
  const calls = new Calls();
  const stop = new AbortController();
  const first = calls.run("a", 20 * mebi);
  const large = calls.run("large", 20 * mebi, stop.signal);
  const small = calls.run("small", 4 * mebi);
  await turn();
  expect(calls.begun).toEqual(["a"]);
  stop.abort();
  await expect(large).rejects.toThrow(code("interrupted"));
  await expect(calls.run("late", 1, stop.signal)).rejects.toThrow(code("interrupted"));
  expect(calls.begun).toEqual(["a", "small"]);
  await calls.end("small");
  await calls.end("a");
  await Promise.all([first, small]);
});

test("S84: after a 429 half as many run; those under way end by themselves", async () => {
  const calls = new Calls();
  const all = "a b c d e f g h i".split(" ").map((name) => calls.run(name, mebi));
  await turn();
  calls.lanes.throttled(0);
  for (const name of "abcd") await calls.end(name);
  expect(calls.begun).toHaveLength(8);
  await calls.end("e");
  expect(calls.begun).toHaveLength(9);
  for (const name of "fghi") await calls.end(name);
  await Promise.all(all);
});

test("S107: another lane opens while more of them carry more", async () => {
  const clock = new TestClock();
  const calls = new Calls(clock);
  const all = Array.from({ length: 60 }, (_, n) => calls.run(String(n), mebi));
  await turn();
  for (let n = 0; n < 16; n += 1) {
    clock.advance(100);
    await calls.end(String(n));
  }
  expect(calls.begun).toHaveLength(16 + 9);
  for (let n = 16; n < 60; n += 1) await calls.end(String(n));
  await Promise.all(all);
});

test("S66: bytes that are kept take a lane and room where both are free, or where nothing goes on without them", async () => {
  const calls = new Calls();
  const { lanes } = calls;
  expect(lanes.take(20 * mebi, { isNeeded: false })).toBe(true);
  expect(lanes.take(20 * mebi, { isNeeded: false })).toBe(false);
  expect(lanes.take(20 * mebi, { isNeeded: true })).toBe(true);
  const waiting = calls.run("a", mebi);
  await turn();
  expect(calls.begun).toEqual([]);
  lanes.free(20 * mebi);
  await turn();
  expect(calls.begun).toEqual(["a"]);
  const end = Promise.withResolvers<void>();
  const taken = [1, 2, 3, 4, 5, 6, 7].map(() => lanes.runTaken(1, () => end.promise));
  expect(lanes.take(1, { isNeeded: false })).toBe(false);
  end.resolve();
  await Promise.all(taken);
  expect(lanes.take(1, { isNeeded: false })).toBe(true);
  await calls.end("a");
  await waiting;
});

test("S107: what is fetched ahead leaves a quarter of the room, unless it is needed", () => {
  const { lanes } = new Calls();
  const ahead = (): boolean => lanes.take(4 * mebi, { isNeeded: false });
  expect([ahead(), ahead(), ahead(), ahead(), ahead(), ahead(), ahead()]).toEqual([
    ...Array<boolean>(6).fill(true),
    false,
  ]);
  expect(lanes.take(4 * mebi, { isNeeded: true })).toBe(true);
  lanes.free(8 * mebi);
  expect(ahead()).toBe(true);
});
