import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { faults, withFault } from "../mutants/faults.ts";

const root = path.join(import.meta.dirname, "../..");

test("S115: each fault of the list is still in the source exactly once, and changes it", () => {
  const rotten: string[] = [];
  for (const fault of faults) {
    const text = readFileSync(path.join(root, fault.file), "utf8");
    try {
      expect(withFault(text, fault)).not.toBe(text);
    } catch (error) {
      rotten.push(String(error));
    }
  }
  expect(rotten).toEqual([]);
});
