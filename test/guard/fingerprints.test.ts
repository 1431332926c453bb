import { expect, test } from "vitest";
import { Fingerprints } from "../../src/guard/fingerprints.ts";

test("N6: a set of fingerprints has what was added, and nothing else, however much that is", () => {
  const set = new Fingerprints();
  for (let at = 0; at < 20_000; at += 1) {
    set.add(`a ${at}`);
    set.add(`a ${at}`);
  }
  const names = Array.from({ length: 20_000 }, (_, at) => at);
  expect(names.filter((at) => !set.has(`a ${at}`))).toEqual([]);
  expect(names.filter((at) => set.has(`b ${at}`))).toEqual([]);
});
