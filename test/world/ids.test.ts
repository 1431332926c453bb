import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** The acceptance scenarios: each is one test, which begins with its id. */
const ids = [
  ..."A1 A2 A3 A4 A6 A8 A15 B1 B2 B3 B6 B7 B9 B12 B13 B19 B20 B22".split(" "),
  ..."C1 C3 C5 C7 C8 C10 C13 D2 D4 D5 D7 D9 D12 D13".split(" "),
  ..."E1 E3 E6 E7 E8 E9 E10 E13 E15 E16 F1 F3 F4 F5 F8 F12 G1 G4 G6 G7".split(" "),
];

test("each acceptance scenario is exactly one test", () => {
  const files = readdirSync("test/world").map((name) => path.join("test/world", name));
  const sources = [...files, "test/cli/names.test.ts"]
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(file, "utf8"));
  const names = sources.flatMap((text) => [...text.matchAll(/["`]([A-G]\d{1,2}): /g)]);
  const found = names.map(([, id = ""]) => id);
  const times = (id: string): number => found.filter((other) => other === id).length;
  expect(ids.filter((id) => times(id) !== 1)).toEqual([]);
  expect(found.filter((id) => !ids.includes(id))).toEqual([]);
});
