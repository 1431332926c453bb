import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSorter } from "../../src/std/line-sorter.ts";
import { MemorySpool } from "../support/memory-spool.ts";

test("N6: any lines come out sorted, however many runs they were spooled in", () => {
  const line = fc.string().filter((text) => !text.includes("\n"));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 50 }), (lines, charsMax) => {
      using sorter = new LineSorter(() => new MemorySpool(), charsMax);
      for (const each of lines) sorter.add(each);
      const order = lines.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
      expect([...sorter.sorted()]).toEqual(order);
    }),
  );
});

test("N6: what is beyond the memory that is given is spooled, and the spools are closed", () => {
  const spools: MemorySpool[] = [];
  const sorter = new LineSorter(() => {
    const spool = new MemorySpool();
    spools.push(spool);
    return spool;
  }, 10);
  for (let at = 10; at < 100; at += 1) sorter.add(`line ${at}`);
  expect(spools.length).toBe(45);
  sorter[Symbol.dispose]();
  expect(spools.every((spool) => spool.isClosed)).toBe(true);
});
